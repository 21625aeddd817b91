"""ETC: every timestep teaches every other one."""

from torch import Tensor

from tssd.objectives.base import Span
from tssd.objectives.between_timesteps import BetweenTimesteps


class TemporalConsistency(BetweenTimesteps):
    """k^2 / (T (T - 1)) sum over i != j of KL(softmax(z_j / k) || softmax(z_i / k)).

    Args:
        temperature: k > 0, dimensionless.
        span: of the student's T_s timesteps, or the teacher's T_t.
        detach_teacher: whether z_j passes no gradient, as in the authors' code.
        weight: factor of the term, the paper's lambda.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T_t, N, K], target unused -> [].
    Edge cases: 0 where all timesteps say the same.
    Raises: UsageError: as `BetweenTimesteps`.
    Source: Zhao et al. 2023, Enhancing Temporal Consistency, arXiv 2305.14174, and its public code.
    """

    def __init__(
        self,
        temperature: float = 4.0,
        *,
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

    def of_steps(self, z: Tensor) -> Tensor:
        """See `BetweenTimesteps`."""
        # The mean over all T^2 pairs, T of which are 0.
        return self.taught(z.unsqueeze(0), z.unsqueeze(1)) * len(z) / (len(z) - 1)
