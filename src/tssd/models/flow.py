"""State taken through a whole network: parts that carry some, and blocks that join parts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.neurons.foreign import state_keepers

# What goes from one timestep to the next: for each part that runs, in order, its own state or the
# tuple of those inside it; () = none. Nothing but tensors, and numbers of timesteps, in (named)
# tuples.
State = Any
# Runs one part of a block or network, x [T, N, ...] -> [T, N, ...].
Run = Callable[[nn.Module, Tensor], Tensor]


def call(part: nn.Module, x: Tensor) -> Tensor:
    """Run a part from its initial state, as forward does."""
    return part(x)


class Block(nn.Module):
    """Parts that are joined otherwise than one after the other; the way is written down once.

        class AddBlock(Block):
            def flow(self, run: Run, x: Tensor) -> Tensor:
                return run(self.branch, x) + run(self.shortcut, x)

    Whatever has a state runs through `run`; what is done besides knows no time. Then a call, a scan
    and a step are the same arithmetic.

    Shapes: [T, N, ...] -> [T, N, ...].
    """

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """The output for x [T, N, ...], each part run by `run`."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Run x [T, N, ...] from the initial state."""
        return self.flow(call, x)

    def initial_state(self, x_t: Tensor) -> State:
        """States of the parts before the first step, for an input like x_t [N, ...]."""
        return initial_state(self, self.flow, x_t)

    def scan(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run x [T, N, ...] on from `state` (None = initial)."""
        carry = Carry(state)
        return self.flow(carry, x), carry.state()


class Carry:
    """Runs parts one after the other, each from the state in which it was left.

    Args:
        given: states of the parts, in the order in which they run; None = initial ones.
    """

    def __init__(self, given: State | None = None) -> None:
        self.given = given
        self.initial: list[State] = []
        self.last: list[State] = []

    def __call__(self, part: nn.Module, x: Tensor) -> Tensor:
        """Run a part on x [T, N, ...]."""
        try:
            given = None if self.given is None else self.given[len(self.last)]
        except (IndexError, TypeError):
            raise _other_state(self.given) from None
        y, initial, last = _run(part, x, given)
        self.initial.append(initial)
        self.last.append(last)
        return y

    def state(self) -> State:
        """States in which the parts were left. Raises: UsageError: more states than parts."""
        if self.given is not None and len(self.given) != len(self.last):
            raise _other_state(self.given)
        return tuple(self.last)


def initial_state(module: nn.Module, flow: Callable[[Run, Tensor], object], x_t: Tensor) -> State:
    """States before the first step, found by a step in eval mode, which changes no statistics."""
    carry = Carry()
    with eval_mode(module), torch.no_grad():
        flow(carry, x_t.unsqueeze(0))
    return tuple(carry.initial)


def has_threshold(keeper: nn.Module) -> bool:
    """Whether another library's part is a neuron, and no layer such as SpikingJelly's dropout."""
    return hasattr(keeper, "v_threshold") or hasattr(keeper, "threshold")


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


def _run(part: nn.Module, x: Tensor, given: State | None) -> tuple[Tensor, State, State]:
    """A part's output, the state that it started from and the one it was left in."""
    if isinstance(part, Block):
        flow = part.flow
    elif type(part).forward is nn.Sequential.forward:
        flow = _one_after_the_other(part)
    elif _carries_state(part):
        initial = part.initial_state(x[0]) if given is None else given  # pyright: ignore[reportCallIssue]
        try:
            y, last = part.scan(x, initial)  # pyright: ignore[reportCallIssue]
        except (RuntimeError, AttributeError) as error:
            if given is None or isinstance(error, torch.OutOfMemoryError):
                raise
            raise _other_state(given) from error
        return y, initial, last
    else:
        _check_without_memory(part)
        return part(x), (), ()
    carry = Carry(given)
    y = flow(carry, x)
    return y, tuple(carry.initial), carry.state()


def _one_after_the_other(parts: Any) -> Callable[[Run, Tensor], Tensor]:
    def flow(run: Run, x: Tensor) -> Tensor:
        for part in parts:
            x = run(part, x)
        return x

    return flow


def _carries_state(part: nn.Module) -> bool:
    return hasattr(part, "initial_state") and hasattr(part, "scan")


def _check_without_memory(part: nn.Module) -> None:
    """Refuse a part that would forget what is inside it, or that remembers by itself."""
    kind = type(part).__name__
    for name, inner in part.named_modules():
        if _carries_state(inner):
            raise UsageError(
                f"net: {kind} runs {name} ({type(inner).__name__}), whose state can't be carried "
                f"through it; derive {kind} from tssd.models.Block and write its flow"
            )
    for _, keeper, _ in state_keepers(part):
        if has_threshold(keeper):
            raise UsageError(
                f"net: {type(keeper).__name__} keeps its state inside, so that it can't be "
                "carried; use a neuron of tssd, such as tssd.LIF, or call the network for whole "
                "sequences"
            )


def _other_state(state: object) -> UsageError:
    return UsageError(
        f"state: got a {type(state).__name__} that does not fit this network and input, expected "
        "what its last step returned, or initial_state(x_t) for another batch size"
    )
