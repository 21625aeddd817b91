"""7B-wideNet, seven residual blocks of spikes for events, as SEW-ResNet and GLIF have it."""

from collections.abc import Callable, Sequence
from functools import partial

from torch import nn

from tssd.errors import UsageError
from tssd.image_size import ImageSize, height_width, in_words
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import SpikeAddBlock, conv_norm_neuron, scaled
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold

# Channels of the blocks between pools; there is a pool behind each stage.
SEW_STAGES = ((64,), (64,), (64,), (64,), (128,), (128,), (128,))
GLIF_STAGES = ((64, 64, 64, 64), (128,), (128,), (128,))


def widenet7b_sew(
    in_channels: int = 2,
    num_classes: int = 10,
    image_size: ImageSize = 128,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """7B-wideNet with a max pool behind each of its seven blocks, for 128x128 pixels.

    A convolution 1x1, norm and neuron stand in front of a block where the number of channels
    changes. The block adds its input to the spikes of its two layers.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; pools round up.
        width: factor on the channels of all convolutions; 1 = the source's.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN. The source's is
            PLIF.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: Fang et al. 2021, arXiv 2102.04159, and cifar10dvs/smodels.py of
        https://github.com/fangwei123456/Spike-Element-Wise-ResNet (`SEWResNet("ADD")`).
    """
    pool = partial(nn.MaxPool2d, 2, ceil_mode=True)
    return _widenet(
        SEW_STAGES, pool, in_channels, num_classes, image_size, width, neuron=neuron, norm=norm
    )


def widenet7b_glif(
    in_channels: int = 2,
    num_classes: int = 10,
    image_size: ImageSize = 48,
    *,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """7B-wideNet with average pools behind its last four blocks only, for 48x48 pixels.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; pools round up.
        width: factor on the channels of all convolutions; 1 = the source's.
        neuron: builds one spiking layer; torch.nn.ReLU makes the network an ANN. The source's is
            GLIF.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: Yao et al. 2022, arXiv 2210.13768, and cifar10dvs/smodels.py of
        https://github.com/CAS-CLab/Gated-LIF (`SEWResNet_GLIF_dsr`). A second version there pools
        behind all seven blocks.
    """
    pool = partial(nn.AvgPool2d, 2, ceil_mode=True)
    return _widenet(
        GLIF_STAGES, pool, in_channels, num_classes, image_size, width, neuron=neuron, norm=norm
    )


def _widenet(
    stages: Sequence[Sequence[int]],
    pool: Callable[[], nn.Module],
    in_channels: int,
    num_classes: int,
    image_size: ImageSize,
    width: float,
    *,
    neuron: MakeNeuron,
    norm: MakeNorm,
) -> StagedNet:
    height, width_ = height_width(image_size)
    if min(height, width_) < 1:
        raise UsageError(f"image_size: got {in_words(image_size)}, expected >= 1 pixel")
    made, shapes, c_in, sample_shape = [], [], in_channels, (in_channels, height, width_)
    for index, stage in enumerate(stages):
        layers: list[nn.Module] = []
        if index > 0:
            layers.append(TimeFold(pool()))
            height, width_ = -(-height // 2), -(-width_ // 2)
        for channels in stage:
            c_out = scaled(channels, width)
            if c_out != c_in:
                layers.append(conv_norm_neuron(c_in, c_out, neuron, norm, kernel=1))
            layers.append(SpikeAddBlock(c_out, c_out, neuron, norm))
            c_in = c_out
        made.append(nn.Sequential(*layers))
        shapes.append((c_in, height, width_))
    features = c_in * -(-height // 2) * -(-width_ // 2)
    return StagedNet(
        made,
        TimeFold(pool(), nn.Flatten(), nn.Linear(features, num_classes)),
        shapes=shapes,
        num_classes=num_classes,
        # A linear layer fits one size only.
        sample_shape=sample_shape,
        neuron=neuron,
        norm=norm,
    )
