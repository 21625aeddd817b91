"""VGGs, convolutions in stages with pools between; VGG-9 of the paper, VGGSNN of TET."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import nn

from tssd.errors import UsageError
from tssd.image_size import ImageSize, height_width, in_words
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import (
    MakeBlock,
    MakeHead,
    build_neuron,
    build_norm,
    conv_norm_neuron,
    linear_head,
    scaled,
)
from tssd.models.pool import AvgPool2x2
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold

# Output channels of the convolutions, stage by stage (TSSD, appendix A.1.3).
VGG9_STAGES = ((64, 128), (256, 256), (512, 512), (512, 512))


def vgg(
    stages: Sequence[Sequence[int]],
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
    block: MakeBlock = conv_norm_neuron,
    pool: Callable[[], nn.Module] = AvgPool2x2,
    head: MakeHead | None = None,
) -> StagedNet:
    """A VGG: a table of stages. Each ends before its pool; each pool opens what follows it.

    Args:
        stages: output channels of the layers, stage by stage.
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width).
        width: factor on the channels of all layers.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
        block: builds one layer.
        pool: builds one pool that halves an image, rounding down.
        head: builds what follows the last stage; None = a pool and one linear layer.
    Raises: UsageError: an image that the pools use up, width <= 0.
    """
    check_halved(image_size, len(stages) - (head is not None))
    size = height_width(image_size)
    made, shapes, c_in, sample_shape = [], [], in_channels, (in_channels, *size)
    for index, stage in enumerate(stages):
        channels = [c_in, *(scaled(c, width) for c in stage)]
        layers = [block(a, b, neuron, norm, 1) for a, b in pairwise(channels)]
        if index > 0:
            layers.insert(0, TimeFold(pool()))
            size = size[0] // 2, size[1] // 2
        made.append(nn.Sequential(*layers))
        c_in = channels[-1]
        shapes.append((c_in, *size))
    return StagedNet(
        made,
        head(shapes[-1], num_classes) if head else linear_head(shapes[-1], num_classes, pool()),
        shapes=shapes,
        num_classes=num_classes,
        # A linear layer fits one size only.
        sample_shape=sample_shape,
        neuron=neuron,
        norm=norm,
    )


def check_halved(image_size: ImageSize, pools: int) -> None:
    """Refuse an image of which pools, each of which rounds down, leave nothing.

    Raises: UsageError: names the smallest size that will do.
    """
    if min(height_width(image_size)) < 2**pools:
        raise UsageError(
            f"image_size: got {in_words(image_size)}, but this network halves the image {pools} "
            f"times and needs >= {2**pools} pixels; enlarge the images with --data.image_size "
            f"{2**pools}"
        )


def biased_layer(
    c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm, stride: int = 1
) -> nn.Sequential:
    """Convolution 3x3 with a bias, norm, neuron, as most VGGs of others have it.

    The norm takes the bias off again. Weights begin as He et al.'s (normal, fan out).

    Shapes: [T, N, c_in, H, W] -> spikes [T, N, c_out, H/stride, W/stride], rounded up.
    """
    conv = nn.Conv2d(c_in, c_out, 3, stride, padding=1)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    currents = nn.Sequential(TimeFold(conv), build_norm(norm, c_out))
    return nn.Sequential(*currents, build_neuron(neuron, c_out, currents))


def vgg9(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """VGG-9: eight 3x3 convolutions in four stages, average pools between, one linear layer.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 16: four pools halve
            it.
        width: factor on the channels of all convolutions; 1 = the paper's.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 16, width <= 0.
    Source: TSSD, arXiv 2406.07862, appendix A.1.3. The head's pool is read as one more of the
        same, 2x2: 512 * 2 * 2 features at 32 pixels.
    """
    return vgg(
        VGG9_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
    )


def vggsnn(
    in_channels: int = 2,
    num_classes: int = 10,
    image_size: ImageSize = 48,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """VGGSNN: VGG-9 with a bias in every convolution, for events of 48x48 pixels.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 16: four pools halve
            it.
        width: factor on the channels of all convolutions; 1 = the source's.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 16, width <= 0.
    Source: Deng et al. 2022, arXiv 2202.11946, and VGG_models.py of
        https://github.com/brain-intelligence-lab/temporal_efficient_training.
    """
    return vgg(
        VGG9_STAGES,
        in_channels,
        num_classes,
        image_size,
        width=width,
        neuron=neuron,
        norm=norm,
        block=biased_layer,
    )
