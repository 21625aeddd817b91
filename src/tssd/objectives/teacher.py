"""Distillation from a teacher: another network, trained before, shows what it thinks."""

from torch import Tensor, nn

from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.distance import Distance, TemperatureKL, checked_distance
from tssd.objectives.frozen import frozen
from tssd.objectives.task import Spans, ends
from tssd.time import time_mean


class TeacherDistillation(Objective):
    """distance(mean_{t<=T} O_t, mean over its own time of the teacher's logits).

    Args:
        teacher: any network, see `tssd.objectives.Frozen`; of a run: `tssd.Teacher`.
        distance: between the two means; None = KL divergence at temperature 4.
        span: T = the student's T_s, the teacher's T_t (of this network, in training), or the
            average of the distances of both.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T, N, K], input [T, N, ...], target unused -> [].
    Raises: UsageError: when called: the teacher's classes are not the network's in number.
    Source: Hinton et al. 2015, arXiv 1503.02531.
    """

    needs_input = True

    def __init__(
        self,
        teacher: nn.Module,
        distance: Distance | None = None,
        *,
        span: Spans = "both",
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.teacher = frozen(teacher)
        self.distance = checked_distance(distance, TemperatureKL())
        ends(span, Timesteps(1, 1))
        self.span: Spans = span

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        taught = self.teacher.taught(out)
        spans = ends(self.span, self.timesteps)
        terms = [self.distance(time_mean(out.logits, t), taught) for t in spans]
        return sum(terms[1:], terms[0]) / len(terms)
