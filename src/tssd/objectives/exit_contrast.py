"""Spatial self-distillation by contrast: an exit tells samples apart as the network's end does."""

import torch
from torch import Tensor

from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Span, checked_span
from tssd.objectives.contrast import info_nce
from tssd.objectives.distance import TemperatureKL
from tssd.time import time_mean


class ExitContrast(Objective):
    """InfoNCE(mean_{t<=T} W_t, mean_{t<=T} O_t), W_t an exit's logits; a mean over the exits.

    An exit's logits are drawn to the direction of the network's own for the same sample, and away
    from those for the rest of the batch; `SpatialDistillation` draws them to the same numbers. The
    network passes no gradient.

    Args:
        temperature: of the contrast, > 0.
        span: T = the student's T_s, or the teacher's T_t.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T_t, N, K], exit logits alike, target unused -> [].
    Edge cases: 0 for a batch of one sample; below 0 where samples are told apart, see `info_nce`.
    Raises: UsageError: an unknown span, or temperature <= 0.
    Source: ours, after the contrast of SSCL (Zhang et al. 2024), whose teacher is an ANN.
    """

    needs_exits = True

    def __init__(
        self,
        temperature: float = 0.1,
        *,
        span: Span = "student",
        weight: float = 0.1,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.temperature = TemperatureKL(temperature).temperature  # which checks it
        self.span: Span = checked_span(span)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        steps = self.timesteps.of(self.span)
        end = time_mean(out.logits, steps).detach()
        terms = [
            info_nce(time_mean(early, steps), end, self.temperature) for early in out.exits.values()
        ]
        return torch.stack(terms).mean()
