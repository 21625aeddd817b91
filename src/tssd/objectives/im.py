"""IM-Loss: the mean membrane of a layer at its threshold, where spikes say most."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from tssd.errors import UsageError
from tssd.models.base import NetOutput
from tssd.objectives.potential_penalty import PotentialPenalty


class IMLoss(PotentialPenalty):
    """Sum over layers of (mean(u) - level)^2, the mean over all timesteps, samples and neurons.

    Half of the neurons above the threshold: the entropy of the spikes is at its largest.

    Args:
        level: that the mean is drawn to, in thresholds.
        layers: names of the layers of neurons that count; * stands for any text; null = all of the
            network's, none of the exits'.
        threshold: the potential that is the unit of u; null = at which each layer's neurons fire.
        weight: factor of the term, the paper's lambda.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: membranes {layer: [T, N, ...]}, target unused -> [].
    Raises: UsageError: a level that is not finite; else as `PotentialPenalty`.
    Source: Guo et al. 2022, IM-Loss (NeurIPS), as printed. Its public code draws means to 1/T of
        the threshold, at weight 0.005, and averages layers.
    """

    def __init__(
        self,
        level: float = 1.0,
        *,
        layers: Sequence[str] | None = None,
        threshold: float | None = None,
        weight: float = 2.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(layers=layers, threshold=threshold, weight=weight, ramp_epochs=ramp_epochs)
        if not math.isfinite(level):
            raise UsageError(f"level: got {level}, expected a finite potential, in thresholds")
        self.level = level

    def of_layer(self, u: Tensor) -> Tensor:
        """See `PotentialPenalty`."""
        return (u.mean() - self.level).square()

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        return torch.stack(self.penalties(out)).sum()
