"""Dropout that leaves out the same values at every timestep."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.time import each_step


class DropoutState(NamedTuple):
    """The factors of all timesteps [N, ...], 0 or 1 / (1 - p), and how many steps there were."""

    mask: Tensor
    steps: int


class SharedDropout(nn.Dropout):
    """Dropout with one mask for all timesteps of a sample.

    A mask for each timestep, which is `TimeFold(nn.Dropout(p))`, averages out over time: a value
    that is missing now is there at the next step.

    Args:
        p: share of the values that training leaves out, 0 or more and below 1.
    Shapes: [T, N, ...] -> [T, N, ...].
    Raises: UsageError: p is out of range.
    Source: Lee et al. 2020, arXiv 1903.06379; draws what SpikingJelly's `layer.Dropout` draws.
    """

    def __init__(self, p: float = 0.5) -> None:
        check_share("dropout", p)
        super().__init__(p)

    def initial_state(self, x_t: Tensor) -> DropoutState:
        """No step seen; the mask is drawn with the first one."""
        return DropoutState(torch.ones_like(x_t), 0)

    def scan(self, x: Tensor, state: DropoutState | None = None) -> tuple[Tensor, DropoutState]:
        """All timesteps of x [T, N, ...] from `state` (None = initial)."""
        mask, steps = self.initial_state(x[0]) if state is None else state
        if self.training:
            if steps == 0:
                mask = F.dropout(torch.ones_like(x[0]), self.p)
            x = each_step(lambda steps: steps * mask, x)
        return x, DropoutState(mask, steps + len(x))

    def forward(self, input: Tensor) -> Tensor:
        """Drop from input [T, N, ...]."""
        return self.scan(input)[0] if self.training else input


def check_share(option: str, share: float) -> None:
    """Refuse what is no share of values that can be left out.

    Raises: UsageError: names the option.
    """
    if not 0 <= share < 1:
        raise UsageError(f"{option}: got {share}, expected 0 or more and below 1")
