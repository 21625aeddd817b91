"""ResNet-18 of the paper: the neuron behind a standard block's addition stands in front of it."""

from collections.abc import Callable

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import StagedNet
from tssd.models.vgg import conv_norm_neuron, scaled
from tssd.neurons import LIF, Neuron
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold

# Output channels of stages 1 to 4, two blocks each; all but the first halve the image.
RESNET18_STAGES = (64, 128, 256, 512)


class SumOfSpikes(nn.Module):
    """Residual block whose branches both end in neurons, so that it returns 0, 1, 2, ... spikes.

    An identity shortcut carries spikes already and gets no neuron of its own; a projecting one is
    conv 1x1, norm, neuron.

    Shapes: [T, N, c_in, H, W] -> [T, N, c_out, H/stride, W/stride].
    Source: TSSD, arXiv 2406.07862, appendix A.1.3, after MLF's DS-ResNet.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        neuron: Callable[[], Neuron],
        norm: Callable[[int], nn.Module],
        *,
        stride: int = 1,
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm_neuron(c_in, c_out, neuron, norm, stride=stride),
            conv_norm_neuron(c_out, c_out, neuron, norm),
        )
        self.shortcut = (
            nn.Identity()
            if stride == 1 and c_in == c_out
            else conv_norm_neuron(c_in, c_out, neuron, norm, kernel=1, stride=stride)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Sum the spikes of both branches."""
        return self.branch(x) + self.shortcut(x)


def resnet18(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: int = 32,
    *,
    width: float = 1.0,
    neuron: Callable[[], Neuron] = LIF,
    norm: Callable[[int], nn.Module] = pooled_batch_norm,
) -> StagedNet:
    """ResNet-18 for small images. Stage 0 is the stem, stages 1 to 4 hold two blocks each.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: height and width of the input in pixels, at least 1; strides round up.
        width: factor on the channels of all convolutions; 1 = the paper's.
        neuron: builds one spiking layer.
        norm: builds one norm from its channels.
    Raises: UsageError: image_size < 1, width <= 0.
    Source: TSSD, arXiv 2406.07862, appendix A.1.3.
    """
    if image_size < 1:
        raise UsageError(f"image_size: got {image_size}, expected >= 1 pixel")
    channels = [scaled(c, width) for c in RESNET18_STAGES]
    c_in, size = channels[0], image_size
    stages: list[nn.Module] = [conv_norm_neuron(in_channels, c_in, neuron, norm)]
    shapes = [(c_in, size, size)]
    for index, c_out in enumerate(channels):
        stride = 1 if index == 0 else 2
        size = -(-size // stride)
        first = SumOfSpikes(c_in, c_out, neuron, norm, stride=stride)
        stages.append(nn.Sequential(first, SumOfSpikes(c_out, c_out, neuron, norm)))
        shapes.append((c_out, size, size))
        c_in = c_out
    pool = nn.AdaptiveAvgPool2d(1)
    head = TimeFold(pool, nn.Flatten(), nn.Linear(c_in, num_classes))
    return StagedNet(stages, head, shapes=shapes, num_classes=num_classes)
