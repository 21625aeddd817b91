"""Pre-steps of neurons are timesteps like any other; what is decided begins behind them."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.flow import Run
from tssd.neurons import Neuron, membrane_like


class Counted(NamedTuple):
    """Sums of logits [N, K], since the answer began anew and of what was handed out; timesteps."""

    own: Tensor
    given: Tensor
    seen: int


class CountedPreSteps(nn.Module):
    """Logits whose mean over all timesteps so far is what the network decides by.

        m(T) = mean of z(t) over t <= T           up to the pre-steps p
        m(T) = mean of z(t) over p < t <= T       behind them
        y(T) = T m(T) - (T - 1) m(T - 1)

    So whoever takes the mean of y over the first T timesteps has m(T), and T counts the pre-steps:
    accuracy, operations and energy at T are those of T timesteps that were run. In training mode
    nothing changes.

    Args:
        pre_steps: p >= 1.
    Shapes: z [T, N, K] -> y [T, N, K], in float32 at least in eval mode: differences of sums.
    """  # noqa: D400, D415 - the summary is followed by equations

    def __init__(self, pre_steps: int) -> None:
        super().__init__()
        self.pre_steps = pre_steps

    def forward(self, z: Tensor) -> Tensor:
        """From the first timestep."""
        return z if self.training else self.scan(z)[0]

    def initial_state(self, z_t: Tensor) -> Counted:
        """Nothing seen."""
        nothing = membrane_like(z_t)
        return Counted(nothing, nothing, 0)

    def scan(self, z: Tensor, state: Counted | None = None) -> tuple[Tensor, Counted]:
        """Logits z [T, N, K] on from `state` (None = initial)."""
        state = self.initial_state(z[0]) if state is None else state
        if not self.training:
            z = z.to(torch.promote_types(z.dtype, torch.float32))
        answers = []
        for z_t in z.unbind():
            y_t, state = self._step(z_t, state)
            answers.append(y_t)
        return torch.stack(answers), state

    def _step(self, z_t: Tensor, state: Counted) -> tuple[Tensor, Counted]:
        seen = state.seen + 1
        if self.training or seen <= self.pre_steps:
            return z_t, Counted(state.own, state.given + z_t, seen)
        own = state.own + z_t  # which was 0 until the pre-steps were over
        whole = own * (seen / (seen - self.pre_steps))
        return whole - state.given, Counted(own, whole, seen)

    def extra_repr(self) -> str:
        """Show how many."""
        return f"pre_steps={self.pre_steps}"


def counted_pre_steps(parts: Iterable[nn.Module]) -> CountedPreSteps | None:
    """What counts the pre-steps of a network's neurons; None = they have none.

    Args:
        parts: of the network.
    Raises: UsageError: neurons with different numbers of them.
    """
    neurons = [n for part in parts for n in part.modules() if isinstance(n, Neuron)]
    found = sorted({neuron.pre_steps for neuron in neurons if neuron.pre_steps})
    if len(found) > 1:
        raise UsageError(
            f"pre_steps: got {' and '.join(map(str, found))} in one network, expected one number "
            "for all of its neurons"
        )
    return CountedPreSteps(found[0]) if found else None


def counted(module: nn.Module, run: Run, logits: Tensor) -> Tensor:
    """Logits [T, N, K] of a network or exit with its own `pre_steps` counted; most have none."""
    # One that was unpickled from an earlier version has no such part.
    part = getattr(module, "pre_steps", None)
    return logits if part is None else run(part, logits)
