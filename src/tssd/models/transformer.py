"""Transformers for images: a stem that makes tokens, blocks that keep their shape, a head."""

from collections.abc import Callable, Sequence

from torch import nn

from tssd.errors import UsageError
from tssd.image_size import ImageSize, height_width, in_words
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import MakeHead, scaled
from tssd.time import TimeFold

# The stem's convolutions, by what part of the network's channels each has.
STEM = (8, 4, 2, 1)
# Channels between the two linear layers of a block, as a multiple of its own.
HIDDEN = 4

# Makes a stem: (channels in front of it and behind each convolution, which of them are pooled,
# neuron, norm).
MakeStem = Callable[[Sequence[int], Sequence[bool], MakeNeuron, MakeNorm], nn.Module]
# Makes a block: (channels, heads, neuron, norm).
MakeTokenBlock = Callable[[int, int, MakeNeuron, MakeNorm], nn.Module]


def transformer(
    stem: MakeStem,
    block: MakeTokenBlock,
    head: MakeHead,
    *,
    depth: int,
    channels: int,
    heads: int,
    pools: int,
    in_channels: int,
    num_classes: int,
    image_size: ImageSize,
    width: float,
    neuron: MakeNeuron,
    norm: MakeNorm,
) -> StagedNet:
    """A spiking transformer. Stage 0 is the stem, each block a stage; tokens stay maps throughout.

    Args:
        stem: builds what precedes the blocks.
        block: builds one block.
        head: builds what follows the last one.
        depth: number of blocks.
        channels: of a token, at a width of 1.
        heads: of the attention; a width changes how many channels each has, at least one.
        pools: how many of the stem's four convolutions, the last ones, halve the image.
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; pools round up.
        width: factor on all channels.
        neuron: builds one spiking layer.
        norm: builds one norm from its channels.
    Raises: UsageError: no block, heads that don't divide the channels, pools not 0 to 4,
        image_size < 1, width <= 0.
    """
    if depth < 1:
        raise UsageError(f"depth: got {depth}, expected at least one block")
    if heads < 1 or channels < 1 or channels % heads:
        fitting = [n for n in (4, 8, 12, 16) if n <= channels and channels % n == 0] or [1]
        raise UsageError(
            f"heads: got {heads}, expected a divisor of channels = {channels}; give --net.heads "
            f"{' or '.join(map(str, fitting))}"
        )
    if not 0 <= pools <= len(STEM):
        raise UsageError(
            f"pools: got {pools}, expected 0 to {len(STEM)}, how many of the stem's convolutions "
            "halve the image"
        )
    size = height_width(image_size)
    if min(size) < 1:
        raise UsageError(f"image_size: got {in_words(image_size)}, expected >= 1 pixel")
    wide = heads * scaled(channels // heads, width)
    chain = [in_channels, *(max(1, wide // part) for part in STEM)]
    pooled = [index >= len(STEM) - pools for index in range(len(STEM))]
    for _ in range(pools):
        size = -(-size[0] // 2), -(-size[1] // 2)
    shape = (wide, *size)
    stages = [stem(chain, pooled, neuron, norm)]
    stages += [block(wide, heads, neuron, norm) for _ in range(depth)]
    return StagedNet(
        stages,
        head(shape, num_classes),
        shapes=[shape] * len(stages),
        num_classes=num_classes,
        neuron=neuron,
        norm=norm,
    )


def overlapping_pool() -> nn.Module:
    """The largest of 3x3 values at every second pixel: halves a map, rounding up."""
    return TimeFold(nn.MaxPool2d(3, 2, padding=1))
