"""What terms share that let timesteps of one network teach each other."""

from typing import Self

from torch import Tensor

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet
from tssd.objectives.base import Objective, Span, Timesteps, checked_span
from tssd.objectives.distance import TemperatureKL


class BetweenTimesteps(Objective):
    """A divergence `of_steps` between the logits of timesteps t <= T, at a temperature.

    Args:
        temperature: k > 0, dimensionless.
        span: T = the student's T_s, or the teacher's T_t.
        detach_teacher: whether the timestep that teaches passes no gradient.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T_t, N, K], target unused -> [].
    Edge cases: 0 where all timesteps say the same.
    Raises: UsageError: an unknown span, temperature <= 0; when connected: T = 1.
    """

    def __init__(
        self,
        temperature: float,
        *,
        span: Span = "teacher",
        detach_teacher: bool = True,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.distance = TemperatureKL(temperature)
        self.span: Span = checked_span(span)
        self.detach_teacher = detach_teacher

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Refuse a single timestep, which has nobody to learn from."""
        check_several(self, timesteps, self.span)
        return super().connect(net, timesteps)

    def of_steps(self, z: Tensor) -> Tensor:
        """The term of T timesteps. Shapes: logits z [T, N, K], T > 1 -> []."""
        raise NotImplementedError

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        return self.of_steps(out.logits[: self.timesteps.of(self.span)])

    def taught(self, student: Tensor, teacher: Tensor) -> Tensor:
        """k^2 KL(teacher || student), a mean over all but the classes.

        Shapes: [..., K] and [..., K], broadcast -> [].
        """
        return self.distance(student, teacher.detach() if self.detach_teacher else teacher)


def check_several(term: Objective, timesteps: Timesteps, span: Span = "teacher") -> None:
    """Refuse T = 1 for a term that compares timesteps. Raises: UsageError: says what to do."""
    if timesteps.of(span) < 2:
        raise UsageError(
            f"timesteps.{span}: got 1, but {type(term).__name__} compares timesteps with each "
            f"other, expected at least 2; raise --timesteps, or take a method whose teacher runs "
            "for longer, such as control or tssd"
        )
