"""VGG-9 of the paper: eight 3x3 convolutions in four stages, average pools between, one linear."""

from collections.abc import Callable
from itertools import pairwise

from torch import nn

from tssd.errors import UsageError
from tssd.models.base import StagedNet
from tssd.models.pool import AvgPool2x2
from tssd.neurons import LIF, Neuron
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold

# Output channels of the convolutions, stage by stage (TSSD, appendix A.1.3).
VGG9_STAGES = ((64, 128), (256, 256), (512, 512), (512, 512))


def scaled(channels: int, width: float) -> int:
    """Channels of a layer in a net of another width, at least one."""
    if not width > 0:
        raise UsageError(f"width: got {width}, expected a factor > 0 (1 = the paper's channels)")
    return max(1, round(channels * width))


def conv_norm_neuron(
    c_in: int,
    c_out: int,
    neuron: Callable[[], Neuron],
    norm: Callable[[int], nn.Module],
    *,
    kernel: int = 3,
    stride: int = 1,
) -> nn.Sequential:
    """Convolution, norm, neuron: [T, N, c_in, H, W] -> spikes [T, N, c_out, H/stride, W/stride]."""
    conv = nn.Conv2d(c_in, c_out, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(TimeFold(conv), norm(c_out), neuron())


def vgg9(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: int = 32,
    *,
    width: float = 1.0,
    neuron: Callable[[], Neuron] = LIF,
    norm: Callable[[int], nn.Module] = pooled_batch_norm,
) -> StagedNet:
    """VGG-9. Stages 0 to 3 end before their pool; each pool opens what follows it.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: height and width of the input in pixels, at least 16: four pools halve it.
        width: factor on the channels of all convolutions; 1 = the paper's.
        neuron: builds one spiking layer.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 16, width <= 0.
    Source: TSSD, arXiv 2406.07862, appendix A.1.3. The head's pool is read as one more of the
        same, 2x2: 512 * 2 * 2 features at 32 pixels.
    """
    if image_size < 16:
        raise UsageError(
            f"image_size: got {image_size}, but vgg9 halves the image four times and needs >= 16 "
            "pixels; enlarge the images with --data.image_size 16"
        )
    stages, shapes, c_in, size = [], [], in_channels, image_size
    for index, stage in enumerate(VGG9_STAGES):
        channels = [c_in, *(scaled(c, width) for c in stage)]
        layers = [conv_norm_neuron(a, b, neuron, norm) for a, b in pairwise(channels)]
        if index > 0:
            layers.insert(0, TimeFold(AvgPool2x2()))
            size //= 2
        stages.append(nn.Sequential(*layers))
        c_in = channels[-1]
        shapes.append((c_in, size, size))
    features = c_in * (size // 2) ** 2
    head = TimeFold(AvgPool2x2(), nn.Flatten(), nn.Linear(features, num_classes))
    return StagedNet(
        stages,
        head,
        shapes=shapes,
        num_classes=num_classes,
        # The linear layer fits one size only.
        sample_shape=(in_channels, image_size, image_size),
    )
