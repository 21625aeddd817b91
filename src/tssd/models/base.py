"""A network as stages that can be tapped, and what any network must offer to be trained."""

import copy
import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, Self, runtime_checkable

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.flow import Carry, Run, State, call, eval_mode, has_threshold, initial_state
from tssd.models.presteps import counted, counted_pre_steps
from tssd.neurons import Neuron
from tssd.neurons.foreign import clear_state, forward_is_foreign, state_keepers, takes_one_step
from tssd.time import check_tensor

__all__ = ["MakeNeuron", "MakeNorm", "NetOutput", "SpikingNet", "StagedNet", "Tap", "eval_mode"]

# Makes one layer of spiking neurons; or of anything else on [T, N, ...], such as torch.nn.ReLU.
MakeNeuron = Callable[[], Neuron | nn.Module]
# Makes one norm on [T, N, C, H, W] from its channels C.
MakeNorm = Callable[[int], nn.Module]

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
        head: module [T, N, C, H, W] or [T, N, F] -> logits [T, N, K].
        shapes: (C, H, W) or (F,) after each stage.
        num_classes: K.
        sample_shape: (C, H, W) of one input, checked in every call; None = whatever fits.
        neuron: what the spiking layers were made with, so that exits may take it as well.
        norm: the same of the norms.
    Shapes: x [T, N, C, H, W] -> NetOutput.
    """

    # Of a network unpickled from an earlier version, too.
    make_neuron: MakeNeuron | None = None
    make_norm: MakeNorm | None = None

    def __init__(
        self,
        stages: Sequence[nn.Module],
        head: nn.Module,
        *,
        shapes: Sequence[tuple[int, ...]],
        num_classes: int,
        sample_shape: tuple[int, int, int] | None = None,
        neuron: MakeNeuron | None = None,
        norm: MakeNorm | None = None,
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.head = head
        self.pre_steps = counted_pre_steps([*stages, head])
        self.shapes = tuple(shapes)
        self.num_classes = num_classes
        self.sample_shape = sample_shape
        self.make_neuron = neuron
        self.make_norm = norm

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

    def tap_shape(self, tap: Tap) -> tuple[int, ...]:
        """(C, H, W) or (F,) after a stage."""
        return self.shapes[self.resolve_tap(tap)]

    def forward(self, x: Tensor, taps: Iterable[Tap] = ()) -> NetOutput:
        """Logits and the requested taps of a sequence x [T, N, C, H, W]."""
        return self._flow(call, x, taps)

    def initial_state(self, x_t: Tensor) -> State:
        """State before the first step, for an input like x_t [N, C, H, W]: tuples of tensors."""
        return initial_state(self, self._flow, _one_step(x_t))

    def scan(
        self, x: Tensor, state: State | None = None, taps: Iterable[Tap] = ()
    ) -> tuple[NetOutput, State]:
        """Run x [T, N, C, H, W] on from `state` (None = initial).

        In eval mode the pieces of a sequence give what the whole gives. In training mode a batch
        norm sees each piece on its own.

        Raises: UsageError: the state does not fit, or a part's state can't be carried.
        """
        carry = Carry(state)
        return self._flow(carry, x, taps), carry.state()

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One timestep: x_t [N, C, H, W] -> its logits [N, K] and the next state."""
        out, state = self.scan(_one_step(x_t).unsqueeze(0), state)
        return out.logits[0], state

    def _flow(self, run: Run, x: Tensor, taps: Iterable[Tap] = ()) -> NetOutput:
        self._check(x)
        _forget(self)
        wanted = {self.resolve_tap(tap) for tap in taps}
        kept: dict[Tap, Tensor] = {}
        for index, stage in enumerate(self.stages):
            x = run(stage, x)
            if index in wanted:
                kept[index] = x
        return NetOutput(counted(self, run, run(self.head, x)), kept)

    def _check(self, x: Tensor) -> None:
        check_tensor(x, "[T, N, C, H, W]")
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

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: no membrane of another library's neuron, and no lambda."""
        clear_state(self)
        makers = {name: _picklable(name, getattr(self, name)) for name in _MAKERS}
        return self.__dict__ | makers

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy without membranes of other libraries' neurons, which may hang on a graph."""
        clear_state(self)
        copied = memo[id(self)] = type(self).__new__(type(self))
        copied.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return copied


_MAKERS = ("make_neuron", "make_norm")


def _picklable(name: str, make: Callable[..., nn.Module] | None) -> Callable[..., nn.Module] | None:
    """What makes a layer, or, if it is a lambda, what says that it is lost."""
    try:
        pickle.dumps(make)
    except (pickle.PicklingError, AttributeError, TypeError):
        return partial(_lost, name)
    return make


def _lost(name: str, *_: object) -> nn.Module:
    raise UsageError(
        f"net.{name}: was a lambda or an inner function, which a pickle does not hold; set "
        f"net.{name} again"
    )


def _one_step(x_t: Tensor) -> Tensor:
    check_tensor(x_t, "[N, C, H, W]")
    if x_t.dim() != 4:
        raise UsageError(
            f"input: got shape {list(x_t.shape)}, expected one timestep [N, C, H, W]; "
            "net.scan takes sequences"
        )
    return x_t


def _forget(net: nn.Module) -> None:
    """Start other libraries' neurons from clean membranes, as ours do by themselves."""
    for name, part, forget in state_keepers(net):
        # Layers without a threshold, such as SpikingJelly's dropout, may stand in a fold.
        if has_threshold(part) and takes_one_step(part) and forward_is_foreign(part):
            raise UsageError(
                f"neuron: {name} ({type(part).__name__}) computes one timestep a call, but stages "
                "pass whole sequences [T, N, ...]; build SpikingJelly's with step_mode='m', or use "
                "tssd.LIF"
            )
        forget()
