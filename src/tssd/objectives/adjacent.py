"""Guidance of adjacent timesteps: each is taught by the one before it, or after it."""

from typing import Literal

from torch import Tensor

from tssd.errors import UsageError
from tssd.objectives.base import Span
from tssd.objectives.between_timesteps import BetweenTimesteps

Side = Literal["earlier", "later"]


class AdjacentDistillation(BetweenTimesteps):
    """1/(T - 1) sum over t < T of KL(softmax(z_a / k) || softmax(z_b / k)), a and b = t and t + 1.

    A reconstruction: no code was to be had.

    Args:
        teacher: which of two neighbours teaches, the earlier or the later one.
        temperature: k > 0, dimensionless; there is no factor of k^2.
        span: of the student's T_s timesteps, or the teacher's T_t.
        detach_teacher: whether the timestep that teaches passes no gradient.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T_t, N, K], target unused -> [].
    Edge cases: 0 where all timesteps say the same.
    Raises: UsageError: an unknown teacher; else as `BetweenTimesteps`.
    Source: Ding et al. 2025, arXiv 2502.14218 (ICLR), temporally adjacent subnetwork guidance;
        direction, temperature, detaching and weight are ours.
    """

    def __init__(
        self,
        teacher: Side = "earlier",
        *,
        temperature: float = 2.0,
        span: Span = "teacher",
        detach_teacher: bool = True,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(
            temperature,
            span=span,
            detach_teacher=detach_teacher,
            weight=weight,
            ramp_epochs=ramp_epochs,
        )
        if teacher not in ("earlier", "later"):
            raise UsageError(f"teacher: got {teacher!r}, expected earlier or later")
        self.teacher: Side = teacher

    def of_steps(self, z: Tensor) -> Tensor:
        """See `BetweenTimesteps`."""
        earlier, later = z[:-1], z[1:]
        teacher, student = (earlier, later) if self.teacher == "earlier" else (later, earlier)
        return self.taught(student, teacher) / self.distance.temperature**2
