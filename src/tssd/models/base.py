"""A network as stages that can be tapped, and what any network must offer to be trained."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.neurons.foreign import clear_state, forward_is_foreign, state_keepers, takes_one_step

# A tap names the place after which a network shows its spikes: a stage's index, or, in a network
# that was written elsewhere, a module's name.
Tap = int | str


@dataclass
class NetOutput:
    """What a network returns.

    The loss fills in what no network returns: `exits` for the terms that need them, `membranes`
    (before the reset, by module name) and `input` for those that ask for them.

    Shapes: logits [T, N, K], taps {tap: [T, N, C, H, W] or [T, N, F]}, exits {tap: [T, N, K]},
    membranes {name: [T, N, ...]}, input [T, N, C, H, W].
    """

    logits: Tensor
    taps: dict[Tap, Tensor] = field(default_factory=dict)
    exits: dict[Tap, Tensor] = field(default_factory=dict)
    membranes: dict[str, Tensor] = field(default_factory=dict)
    input: Tensor | None = None


@runtime_checkable
class SpikingNet(Protocol):
    """What training and evaluation need of a network; `tssd.adapt` gives it to any module."""

    num_classes: int

    def resolve_tap(self, tap: Tap | None) -> Tap:
        """The one true name of a tap; None asks for the one in the middle of the network.

        Raises: UsageError: there is none (lists those there are).
        """
        ...

    def tap_shape(self, tap: Tap) -> tuple[int, ...]:
        """Shape of one sample at a tap: (C, H, W) or (F,)."""
        ...

    def __call__(self, x: Tensor, taps: Iterable[Tap] = ()) -> NetOutput:
        """Run x [T, N, ...]; keep only the taps asked for."""
        ...


class StagedNet(nn.Module):
    """Stages one after the other, then a head; any stage's spikes can be tapped.

    Args:
        stages: modules [T, N, ...] -> [T, N, ...].
        head: module [T, N, C, H, W] -> logits [T, N, K].
        shapes: (C, H, W) after each stage.
        num_classes: K.
        sample_shape: (C, H, W) of one input, checked in every call; None = whatever fits.
    Shapes: x [T, N, C, H, W] -> NetOutput.
    """

    def __init__(
        self,
        stages: Sequence[nn.Module],
        head: nn.Module,
        *,
        shapes: Sequence[tuple[int, int, int]],
        num_classes: int,
        sample_shape: tuple[int, int, int] | None = None,
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.head = head
        self.shapes = tuple(shapes)
        self.num_classes = num_classes
        self.sample_shape = sample_shape

    def resolve_tap(self, tap: Tap | None) -> int:
        """Index of a stage >= 0; negative indices count from the last stage, None is the middle."""
        last = len(self.stages) - 1
        if tap is None:
            return last // 2
        if not isinstance(tap, int) or not -last - 1 <= tap <= last:
            raise UsageError(
                f"tap: got {tap!r}, expected a stage from 0 to {last} (or -1 for the last)"
            )
        return tap % (last + 1)

    def tap_shape(self, tap: Tap) -> tuple[int, int, int]:
        """(C, H, W) after a stage."""
        return self.shapes[self.resolve_tap(tap)]

    def forward(self, x: Tensor, taps: Iterable[Tap] = ()) -> NetOutput:
        """Logits and the requested taps of a sequence x [T, N, C, H, W]."""
        if x.dim() != 5:
            raise UsageError(
                f"input: got shape {list(x.shape)}, expected [T, N, C, H, W]; "
                "repeat_in_time(x, T) makes a sequence of images [N, C, H, W]"
            )
        size = tuple(x.shape[2:])
        if self.sample_shape is not None and size != self.sample_shape:
            raise UsageError(
                f"input: got samples of shape {list(size)}, but the network was built for "
                f"{list(self.sample_shape)}; build it with that image_size and in_channels"
            )
        _forget(self)
        wanted = {self.resolve_tap(tap) for tap in taps}
        kept: dict[Tap, Tensor] = {}
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in wanted:
                kept[index] = x
        return NetOutput(self.head(x), kept)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds: no membrane of another library's neuron."""
        clear_state(self)
        return self.__dict__.copy()


def _forget(net: nn.Module) -> None:
    """Start other libraries' neurons from clean membranes, as ours do by themselves."""
    for name, part, forget in state_keepers(net):
        # Layers without a threshold, such as SpikingJelly's dropout, may stand in a fold.
        spikes = hasattr(part, "v_threshold") or hasattr(part, "threshold")
        if spikes and takes_one_step(part) and forward_is_foreign(part):
            raise UsageError(
                f"neuron: {name} ({type(part).__name__}) computes one timestep a call, but stages "
                "pass whole sequences [T, N, ...]; build SpikingJelly's with step_mode='m', or use "
                "tssd.LIF"
            )
        forget()


@contextmanager
def eval_mode(*modules: nn.Module | None) -> Iterator[None]:
    """Eval mode inside; outside, every submodule's own mode again (some may be frozen)."""
    modes = {m: m.training for root in modules if root is not None for m in root.modules()}
    try:
        for module in modes:
            module.training = False
        yield
    finally:
        for module, training in modes.items():
            module.training = training
