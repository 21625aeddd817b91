"""An objective: keeps membranes near a level, where a surrogate passes gradients."""

import math

import torch
from torch import Tensor

from tssd.errors import UsageError
from tssd.models import NetOutput
from tssd.objectives import Objective


class MembranePenalty(Objective):
    """Mean over layers of (mean_t H(t) - level)^2, itself a mean over neurons and samples.

    H is the potential before the reset.

    Args:
        level: that the mean is drawn to, in units of the membrane potential.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: membranes {layer: [T, N, ...]}, target unused -> [].
    Raises: UsageError: a level that is not finite.
    """

    needs_membranes = True

    def __init__(
        self, level: float = 0.5, *, weight: float = 0.1, ramp_epochs: float = 0.0
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        if not math.isfinite(level):
            raise UsageError(f"level: got {level}, expected a finite potential")
        self.level = level

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        layers = [(h.float().mean(0) - self.level).square().mean() for h in out.membranes.values()]
        return torch.stack(layers).mean()
