"""ResNets, residual blocks in stages; ResNet-18 and ResNet-34 of the paper."""

from collections.abc import Sequence

from torch import nn

from tssd.errors import UsageError
from tssd.image_size import ImageSize, height_width, in_words
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import (
    MakeBlock,
    MakeHead,
    SpikeAddBlock,
    conv_norm_neuron,
    global_pool_head,
    scaled,
)
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold

# Side in pixels from which on a network with two stems takes that for large images.
LARGE = 224

# Output channels and blocks of the stages after the stem.
RESNET18_STAGES = ((64, 2), (128, 2), (256, 2), (512, 2))
RESNET34_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))


def resnet(
    stages: Sequence[tuple[int, int]],
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
    block: MakeBlock = SpikeAddBlock,
    stem: MakeBlock = conv_norm_neuron,
    stem_stride: int = 1,
    stem_channels: int | None = None,
    first_stride: int = 1,
    head: MakeHead = global_pool_head,
) -> StagedNet:
    """A ResNet: a table of stages and a block. Stage 0 is the stem; all after stage 1 halve.

    Args:
        stages: output channels and number of blocks of the stages after the stem.
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all layers.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
        block: builds one residual block.
        stem: builds what precedes the blocks.
        stem_stride: by how much the stem makes the image smaller.
        stem_channels: output channels of the stem, at least 1; None = those of the first stage.
        first_stride: by how much stage 1 makes the image smaller.
        head: builds what follows the last stage.
    Raises: UsageError: image_size < 1, stem_channels < 1, width <= 0.
    """
    size = height_width(image_size)
    if min(size) < 1:
        raise UsageError(f"image_size: got {in_words(image_size)}, expected >= 1 pixel")
    if stem_channels is not None and stem_channels < 1:
        raise UsageError(
            f"stem_channels: got {stem_channels}, expected >= 1, or null for the first stage's "
            f"{stages[0][0]}"
        )
    c_in = scaled(stages[0][0] if stem_channels is None else stem_channels, width)
    size = _divided(size, stem_stride)
    made: list[nn.Module] = [stem(in_channels, c_in, neuron, norm, stem_stride)]
    shapes = [(c_in, *size)]
    for index, (channels, blocks) in enumerate(stages):
        c_out, stride = scaled(channels, width), first_stride if index == 0 else 2
        layers = [block(c_in, c_out, neuron, norm, stride)]
        layers += [block(c_out, c_out, neuron, norm, 1) for _ in range(blocks - 1)]
        made.append(nn.Sequential(*layers))
        c_in, size = c_out, _divided(size, stride)
        shapes.append((c_out, *size))
    return StagedNet(
        made,
        head(shapes[-1], num_classes),
        shapes=shapes,
        num_classes=num_classes,
        neuron=neuron,
        norm=norm,
    )


def resnet18(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """ResNet-18 for small images: a stem and four stages of two blocks each.

    The neuron that stands behind a standard block's addition stands in front of it here.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all convolutions; 1 = the paper's.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: TSSD, arXiv 2406.07862, appendix A.1.3.
    """
    return resnet(
        RESNET18_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
    )


def resnet34(
    in_channels: int = 3,
    num_classes: int = 1000,
    image_size: ImageSize = 224,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """ResNet-34 for large images: a stem that makes them four times smaller, and sixteen blocks.

    The neuron that stands behind a standard block's addition stands in front of it here.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; strides round up.
        width: factor on the channels of all convolutions; 1 = the paper's.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: TSSD, arXiv 2406.07862, appendix A.1.3, which names it; stages and stem are those of He
        et al. 2015, arXiv 1512.03385, table 1.
    """
    return resnet(
        RESNET34_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        stem=pooled_stem,
        stem_stride=4,
    )


def is_large(image_size: ImageSize, large: bool | None) -> bool:
    """Whether a network has the stem for large images.

    Args:
        image_size: side of the input in pixels, or (height, width).
        large: what was asked for; None = by the size: from 224 pixels on, on both sides.
    """
    return min(height_width(image_size)) >= LARGE if large is None else large


def stem_for(image_size: ImageSize, large: bool | None) -> tuple[MakeBlock, int]:
    """The stem for large or for small images, as `is_large` says, and its stride."""
    return (pooled_stem, 4) if is_large(image_size, large) else (conv_norm_neuron, 1)


def pooled_stem(
    c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm, stride: int
) -> nn.Module:
    """Convolution 7x7, norm, neuron, and the largest of 3x3 spikes, which is a spike or none."""
    first = conv_norm_neuron(c_in, c_out, neuron, norm, stride // 2, kernel=7)
    return nn.Sequential(first, TimeFold(nn.MaxPool2d(3, 2, padding=1)))


def _divided(size: tuple[int, int], by: int) -> tuple[int, int]:
    return -(-size[0] // by), -(-size[1] // by)
