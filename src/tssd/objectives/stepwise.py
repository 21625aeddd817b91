"""Stepwise distillation: every timestep on its own learns what a teacher says."""

from torch import Tensor, nn

from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Span, checked_span
from tssd.objectives.distance import Distance, TemperatureKL, checked_distance
from tssd.objectives.frozen import frozen


class StepwiseDistillation(Objective):
    """1/T sum_{t<=T} distance(O_t, mean over its own time of the teacher's logits).

    `TeacherDistillation` compares the mean of all O_t, which may be right while none of them is.

    Args:
        teacher: any network, see `tssd.objectives.Frozen`; of a run: `tssd.Teacher`.
        distance: from a timestep's logits to the teacher's; None = KL divergence at temperature 3.
        span: T = the student's T_s, or the teacher's T_t (of this network, in training).
        weight: factor of the term, alpha in TDD.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T, N, K], input [T, N, ...], target unused -> [].
    Raises: UsageError: an unknown span; when called: the teacher's classes are not the network's in
        number.
    Source: Yu et al. 2025, TDD, arXiv 2501.15925, and its public code.
    """

    needs_input = True

    def __init__(
        self,
        teacher: nn.Module,
        distance: Distance | None = None,
        *,
        span: Span = "teacher",
        weight: float = 0.2,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.teacher = frozen(teacher)
        self.distance = checked_distance(distance, TemperatureKL(3.0))
        self.span: Span = checked_span(span)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        taught = self.teacher.taught(out)
        steps = self.timesteps.of(self.span)
        return self.distance(out.logits[:steps], taught)
