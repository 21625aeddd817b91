"""The weak classifier: a small head on an intermediate stage, used in training and early exit."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import Tap
from tssd.neurons import LIF, Neuron
from tssd.neurons.foreign import clear_state
from tssd.time import TimeFold


class WeakClassifier(nn.Module):
    """Conv, batch norm, LIF, global average pool, linear; without conv and pool on flat features.

    Args:
        shape: of one sample at the tap, (C, H, W), (C, L) or (F,).
        num_classes: classes K.
        channels: output channels of the convolution; None = those of the tap.
        neuron: builds the spiking layer.
    Shapes: [T, N, C, H, W], [T, N, C, L] or [T, N, F] -> logits [T, N, K].
    Source: TSSD, arXiv 2406.07862, section 3.3; widths and pool are left open there.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        num_classes: int,
        *,
        channels: int | None = None,
        neuron: Callable[[], Neuron] = LIF,
    ) -> None:
        super().__init__()
        c_in = shape[0]
        c_out = channels or c_in
        if len(shape) == 1:
            self.features = TimeFold(nn.Linear(c_in, c_out, bias=False), nn.BatchNorm1d(c_out))
            self.head = TimeFold(nn.Linear(c_out, num_classes))
        else:
            flat = len(shape) == 2
            convolve, norm = (nn.Conv1d, nn.BatchNorm1d) if flat else (nn.Conv2d, nn.BatchNorm2d)
            conv = convolve(c_in, c_out, 3, padding=1, bias=False)
            self.features = TimeFold(conv, norm(c_out))
            pool = nn.AdaptiveAvgPool1d(1) if flat else nn.AdaptiveAvgPool2d(1)
            self.head = TimeFold(pool, nn.Flatten(), nn.Linear(c_out, num_classes))
        self.neuron = neuron()

    def forward(self, tap: Tensor) -> Tensor:
        """Logits of the spikes at a tap."""
        clear_state(self)  # a neuron of another library may have been asked for
        return self.head(self.neuron(self.features(tap)))

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds: no membrane of another library's neuron."""
        clear_state(self)
        return self.__dict__.copy()


class ExitPlan:
    """Where weak classifiers stand and how they are built, before the network is known.

    Args:
        taps: places, one weak classifier each: a stage's index or a module's name; None = the
            middle of the network.
        channels: output channels of the convolution; None = those of the tap.
        neuron: builds the spiking layer.
    Raises: UsageError: no tap, or channels < 1.
    """

    def __init__(
        self,
        taps: Sequence[Tap] | None = None,
        *,
        channels: int | None = None,
        neuron: Callable[[], Neuron] = LIF,
    ) -> None:
        if taps is not None and not taps:
            raise UsageError("exits.taps: got none, expected at least one place, such as [1]")
        if channels is not None and channels < 1:
            raise UsageError(
                f"exits.channels: got {channels}, expected >= 1, or null for the tap's"
            )
        self.taps = None if taps is None else (taps,) if isinstance(taps, str) else tuple(taps)
        self.channels = channels
        self.neuron = neuron

    def build(self, shape: tuple[int, ...], num_classes: int) -> WeakClassifier:
        """Build the weak classifier for features of one sample's shape."""
        return WeakClassifier(shape, num_classes, channels=self.channels, neuron=self.neuron)
