"""Temporal self-distillation: the network's longer run teaches its shorter one."""

from typing import Self

from torch import Tensor

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.distance import Distance, MeanSquare, checked_distance
from tssd.time import time_mean


class TemporalDistillation(Objective):
    """distance(mean_{t<=T_s} O_t, mean_{t<=T_t} O_t).

    Args:
        distance: between the two means; None = mean square over the classes.
        detach_teacher: whether the teacher's mean passes no gradient.
        weight: factor of the term, the paper's alpha.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T_t, N, K], target unused -> [].
    Edge cases: exactly 0 where the first T_s steps say the same as all T_t.
    Source: TSSD, arXiv 2406.07862, eq. 7, which leaves the distance and the detaching open.
    """

    def __init__(
        self,
        distance: Distance | None = None,
        *,
        detach_teacher: bool = False,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.distance = checked_distance(distance, MeanSquare())
        self.detach_teacher = detach_teacher

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Refuse T_s >= T_t, where there is nobody to learn from."""
        if timesteps.student >= timesteps.teacher:
            raise UsageError(
                f"timesteps: temporal distillation needs student < teacher, got student = "
                f"{timesteps.student} and teacher = {timesteps.teacher}; "
                "raise --timesteps.teacher or drop the temporal objective"
            )
        return super().connect(net, timesteps)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        teacher = time_mean(out.logits, self.timesteps.teacher)
        if self.detach_teacher:
            teacher = teacher.detach()
        return self.distance(time_mean(out.logits, self.timesteps.student), teacher)
