"""Two of the networks that are called ResNet-20; the third is `dsresnet20`."""

from functools import partial

from torch import nn

from tssd.image_size import ImageSize
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import conv_norm_neuron
from tssd.models.residual import CurrentAddBlock, pool_shortcut
from tssd.models.resnet import RESNET18_STAGES, resnet
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold

# Output channels and blocks of the stages after the stem.
RESNET20_STAGES = ((16, 3), (32, 3), (64, 3))


def resnet20(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """ResNet-20 of He et al. for small images: nine narrow blocks, neuron after the addition.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all convolutions; 1 = the paper's.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: He et al. 2015, arXiv 1512.03385, section 4.2. Shortcuts between stages are convolutions
        1x1 (its option B), as in the code of SRP and QCFS; the paper's own here are option A, zeros
        for the missing channels.
    """
    return resnet(
        RESNET20_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=CurrentAddBlock,
    )


def resnet20_modified(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """ResNet-20 of MPBN, IM-Loss, SSCL: ResNet-18 behind three convolutions and a pool.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides and pools
            round up.
        width: factor on the channels of all convolutions; 1 = the sources'.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: public code of MPBN (arXiv 2308.08359), `resnet20_cifar_modified`. It begins the scale
        of each block's last norm at 0; here it is the norm's own.
    """
    return resnet(
        RESNET18_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=partial(CurrentAddBlock, shortcut=pool_shortcut),
        stem=_three_and_a_pool,
        stem_stride=2,
    )


def _three_and_a_pool(
    c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm, stride: int
) -> nn.Module:
    layers = [conv_norm_neuron(c, c_out, neuron, norm) for c in (c_in, c_out, c_out)]
    return nn.Sequential(*layers, TimeFold(nn.AvgPool2d(stride, ceil_mode=True)))
