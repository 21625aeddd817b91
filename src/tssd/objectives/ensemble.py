"""Ensemble distillation: the timesteps together teach each of them."""

from typing import Literal

from torch import Tensor

from tssd.errors import UsageError
from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Span, checked_span
from tssd.objectives.distance import Distance, TemperatureKL, checked_distance
from tssd.objectives.hard_labels import classes_of

Members = Literal["all", "right"]


class EnsembleDistillation(Objective):
    """1/T sum_{t<=T} distance(O_t, z), z the mean of O_1 to O_T, without gradient.

    Args:
        members: whose mean z is: all timesteps, as in the paper of TDD, or those alone that
            classify the sample rightly, as in its code.
        distance: from a timestep's logits to z; None = KL divergence at temperature 3.
        span: T = the student's T_s, or the teacher's T_t.
        weight: factor of the term, beta in TDD.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T, N, K], target [N] or shares of classes [N, K] -> [].
    Edge cases: 0 at T = 1 with all timesteps. Of a sample that no timestep classifies rightly, z is
        0 for every class, and its distribution uniform.
    Raises: UsageError: other members, or an unknown span.
    Source: Yu et al. 2025, TDD, arXiv 2501.15925, and its public code.
    """

    def __init__(
        self,
        members: Members = "all",
        *,
        distance: Distance | None = None,
        span: Span = "teacher",
        weight: float = 0.5,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        if members not in ("all", "right"):
            raise UsageError(f"members: got {members!r}, expected all or right")
        self.members: Members = members
        self.distance = checked_distance(distance, TemperatureKL(3.0))
        self.span: Span = checked_span(span)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        steps = self.timesteps.of(self.span)
        logits = out.logits[:steps]
        return self.distance(logits, self.ensemble(logits.detach(), target))

    def ensemble(self, logits: Tensor, target: Tensor) -> Tensor:
        """The mean of the members. Shapes: [T, N, K], target [N] or [N, K] -> [N, K]."""
        if self.members == "all":
            return logits.mean(0)
        right = (logits.argmax(-1) == classes_of(target)).to(logits.dtype)
        return (right.unsqueeze(-1) * logits).sum(0) / right.sum(0).clamp_min(1).unsqueeze(-1)
