"""MS-ResNet-18: currents go from block to block, and neurons stand in front of convolutions."""

from functools import partial

from torch import nn

from tssd.image_size import ImageSize
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import Shape, build_neuron, conv_norm, global_pool_head
from tssd.models.residual import MembraneShortcutBlock
from tssd.models.resnet import RESNET18_STAGES, is_large, resnet
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm


def msresnet18(
    in_channels: int = 3,
    num_classes: int = 1000,
    image_size: ImageSize = 224,
    *,
    width: float = 1.0,
    large_stem: bool | None = None,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """MS-ResNet-18: a stem without neurons, eight blocks, a neuron in front of the head's mean.

    Taps show currents, no spikes. `msresnet8` is another network.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all convolutions; 1 = the paper's.
        large_stem: whether the stem is that for ImageNet, 7x7 of stride 2, with a first stage that
            halves once more, or a 3x3 convolution; null = by the size, that for ImageNet from 224
            pixels on.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: MS-ResNet, arXiv 2112.08954, and its public code, which is for ImageNet; the stem for
        small images is that of other ResNets. The code begins the scale of each block's last norm
        at 0 and of the others at the threshold; here it is the norm's own.
    """
    large = is_large(image_size, large_stem)
    return resnet(
        RESNET18_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=MembraneShortcutBlock,
        stem=partial(_currents, kernel=7 if large else 3),
        stem_stride=2 if large else 1,
        first_stride=2 if large else 1,
        head=partial(_fired_head, neuron=neuron),
    )


def _currents(
    c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm, stride: int, *, kernel: int
) -> nn.Module:
    """A stem that needs no neuron: that of the first block is behind it."""
    return conv_norm(c_in, c_out, norm, stride, kernel=kernel)


def _fired_head(shape: Shape, num_classes: int, *, neuron: MakeNeuron) -> nn.Module:
    return nn.Sequential(build_neuron(neuron, shape[0]), global_pool_head(shape, num_classes))
