"""ResNet-19: eight wide residual blocks in three stages, and two linear layers."""

from functools import partial

from torch import nn

from tssd.errors import UsageError
from tssd.image_size import ImageSize
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import Shape, global_pool_head, scaled
from tssd.models.linear import linear_neurons
from tssd.models.residual import CurrentAddBlock
from tssd.models.resnet import resnet
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold

# Output channels and blocks of the stages after the stem.
RESNET19_STAGES = ((128, 3), (256, 3), (512, 2))


def resnet19(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    stem_channels: int = 128,
    hidden: int | None = 256,
    head_norm: bool = True,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """ResNet-19: a stem, blocks with the neuron after the addition, two linear layers.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all layers; 1 = the paper's.
        stem_channels: of the stem: 128 as in tdBN's paper, or 64 as in TET's code, whose first
            block then has a shortcut with a convolution.
        hidden: spiking neurons between the two linear layers; null = one linear layer, as in the
            code of MPBN.
        head_norm: whether the first linear layer has a norm in place of a bias. The sources have
            none; without it the paper's neuron passes no gradient there at T = 1.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, stem_channels < 1, hidden < 1, width <= 0.
    Source: tdBN, arXiv 2011.05280, table 2; TET, arXiv 2202.11946, and its public code.
    """
    if hidden is not None and hidden < 1:
        raise UsageError(f"hidden: got {hidden}, expected neurons >= 1, or null for no such layer")
    head = global_pool_head
    if hidden is not None:
        in_front = norm if head_norm else None
        head = partial(_hidden_head, hidden=scaled(hidden, width), neuron=neuron, norm=in_front)
    return resnet(
        RESNET19_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=CurrentAddBlock,
        stem_channels=stem_channels,
        head=head,
    )


def _hidden_head(
    shape: Shape, num_classes: int, *, hidden: int, neuron: MakeNeuron, norm: MakeNorm | None
) -> nn.Module:
    """The mean over the last stage's map, a layer of neurons with norm or bias, a linear layer."""
    return nn.Sequential(
        TimeFold(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        *linear_neurons(shape[0], [hidden], neuron, norm),
        TimeFold(nn.Linear(hidden, num_classes)),
    )
