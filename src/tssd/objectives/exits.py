"""The exit: a small head on an intermediate stage, used in training and for leaving early."""

import logging
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import MakeNeuron, MakeNorm, SpikingNet, StagedNet, Tap
from tssd.models.blocks import build_neuron, with_norm
from tssd.models.flow import Block, Run
from tssd.models.presteps import counted, counted_pre_steps
from tssd.neurons import LIF
from tssd.neurons.foreign import clear_state
from tssd.norms import pooled_batch_norm
from tssd.objectives.base import named_places
from tssd.time import TimeFold
from tssd.whole import whole

log = logging.getLogger("tssd")

# In the place of a tap: all stages but the last. No module can be called so.
EVERY_STAGE = "every stage"


def places_of(taps: Sequence[Tap] | None, net: SpikingNet) -> Sequence[Tap | None]:
    """The places that taps stand for; None = the middle of the network.

    Raises: UsageError: every stage of a network without stages.
    """
    if taps is None or EVERY_STAGE not in taps:
        return taps or [None]
    if not isinstance(net, StagedNet):
        raise UsageError(
            f"taps: got {EVERY_STAGE!r}, but {type(net).__name__} has no stages; name modules"
        )
    return range(max(1, len(net.stages) - 1))


class Exit(Block):
    """Conv, norm, neuron, global average pool, linear; without conv and pool on flat features.

    The paper's weak classifier.

    Args:
        shape: of one sample at the tap, (C, H, W), (C, L) or (F,).
        num_classes: classes K.
        channels: output channels of the convolution; None = those of the tap.
        neuron: builds the spiking layer.
        norm: builds the norm of maps [T, N, C, H, W]; (C, L) and (F,) are maps of width 1.
    Shapes: [T, N, C, H, W], [T, N, C, L] or [T, N, F] -> logits [T, N, K].
    Source: TSSD, arXiv 2406.07862, section 3.3; widths and pool are left open there.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        num_classes: int,
        *,
        channels: int | None = None,
        neuron: MakeNeuron = LIF,
        norm: MakeNorm = pooled_batch_norm,
    ) -> None:
        super().__init__()
        c_in, axes = shape[0], len(shape)
        c_out = channels or c_in
        if axes == 1:
            weights: nn.Module = nn.Linear(c_in, c_out, bias=False)
        else:
            convolve = nn.Conv1d if axes == 2 else nn.Conv2d
            weights = convolve(c_in, c_out, 3, padding=1, bias=False)
        self.features = with_norm(weights, norm, c_out, axes)
        pool = nn.AdaptiveAvgPool1d(1) if axes == 2 else nn.AdaptiveAvgPool2d(1)
        pooled = [] if axes == 1 else [pool, nn.Flatten()]
        self.head = TimeFold(*pooled, nn.Linear(c_out, num_classes))
        self.neuron = build_neuron(neuron, c_out, self.features)
        self.pre_steps = counted_pre_steps([self.neuron])

    def forward(self, x: Tensor) -> Tensor:
        """Logits of x, the spikes at a tap."""
        clear_state(self)  # a neuron of another library may have been asked for
        return super().forward(x)

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Logits of x, the spikes at a tap; in timesteps with a state, see `Block`."""
        return counted(self, run, run(self.head, run(self.neuron, run(self.features, x))))

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds: no membrane of another library's neuron."""
        clear_state(self)
        return self.__dict__.copy()


class ExitPlan:
    """Where exits stand and how they are built, before the network is known.

    Args:
        taps: places, one exit each: a stage's index or a module's name, or every stage but the
            last (every stage); None = the middle of the network.
        channels: output channels of the convolution; None = those of the tap.
        neuron: builds the spiking layer; None = as the network builds its own.
        norm: builds the norm from its channels; None = as the network builds its own.
    Raises: UsageError: no tap, or channels < 1 or no whole number.
    """

    def __init__(
        self,
        taps: Sequence[Tap] | None = None,
        *,
        channels: int | None = None,
        neuron: MakeNeuron | None = None,
        norm: MakeNorm | None = None,
    ) -> None:
        channels = None if channels is None else whole("exits.channels", channels)
        if channels is not None and channels < 1:
            raise UsageError(
                f"exits.channels: got {channels}, expected >= 1, or null for the tap's"
            )
        self.taps = named_places(taps, "exits.taps")
        self.channels = channels
        self.neuron = neuron
        self.norm = norm

    def build(self, shape: tuple[int, ...], num_classes: int, net: object = None) -> Exit:
        """Build the exit for features of one sample's shape.

        Args:
            shape: (C, H, W), (C, L) or (F,).
            num_classes: classes K.
            net: whose own neuron and norm are taken where none is told; a network that does not
                say how it builds them, such as an adapted one, gets LIF and batch norm.
        """
        neuron = self.neuron or getattr(net, "make_neuron", None)
        norm = self.norm or getattr(net, "make_norm", None)
        if neuron is None or norm is None:
            log.info(
                "exits: %s, since the network does not say how it builds its own (make_neuron, "
                "make_norm); exits.neuron and exits.norm take others",
                " and ".join(["LIF neurons"] * (neuron is None) + ["batch norm"] * (norm is None)),
            )
        return Exit(
            shape,
            num_classes,
            channels=self.channels,
            neuron=neuron or LIF,
            norm=norm or pooled_batch_norm,
        )
