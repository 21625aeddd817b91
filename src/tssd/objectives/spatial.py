"""Spatial self-distillation: the network's output teaches an exit half-way up."""

import torch
from torch import Tensor

from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Span, checked_span
from tssd.objectives.distance import Distance, MeanSquare, checked_distance
from tssd.time import time_mean


class SpatialDistillation(Objective):
    """1/T sum_{t<=T} distance(W_t, mean_{t<=T} O_t), W_t an exit's logits.

    Args:
        span: T = the student's T_s, or the teacher's T_t (the paper's further extension).
        distance: between the logits; None = mean square over the classes.
        detach_teacher: whether the final output passes no gradient.
        weight: factor of the term, the paper's beta.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T_t, N, K], exit logits alike, target unused -> [], a mean over
        the exits.
    Source: TSSD, arXiv 2406.07862, eq. 9 and section 4.4 (extension).
    """

    needs_exits = True

    def __init__(
        self,
        span: Span = "student",
        *,
        distance: Distance | None = None,
        detach_teacher: bool = False,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.span: Span = checked_span(span)
        self.distance = checked_distance(distance, MeanSquare())
        self.detach_teacher = detach_teacher

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        steps = self.timesteps.of(self.span)
        teacher = time_mean(out.logits, steps)
        if self.detach_teacher:
            teacher = teacher.detach()
        terms = [self.distance(early[:steps], teacher) for early in out.exits.values()]
        return torch.stack(terms).mean()
