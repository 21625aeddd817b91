"""Strong2Weak, Weak2Strong and their cascade: surer timesteps teach others, or learn from them."""

from typing import Literal

import torch
from torch import Tensor

from tssd.errors import UsageError
from tssd.objectives.base import Span
from tssd.objectives.between_timesteps import BetweenTimesteps

Direction = Literal["strong2weak", "weak2strong"]
Pairs = Literal["extremes", "neighbours"]


class RankedDistillation(BetweenTimesteps):
    """KL(softmax(z_a / k) || softmax(z_b / k)), z_a the logits of a timestep that teaches b.

    Timesteps are ranked by confidence, the mean over the batch of their largest probability. Of
    the extremes the surest and the least sure make a pair; neighbours in the ranking make a
    cascade of T - 1 pairs, of which this is the mean.

    Args:
        direction: strong2weak = the surer one of a pair teaches; weak2strong = it learns.
        pairs: extremes or neighbours.
        temperature: k > 0, dimensionless; there is no factor of k^2.
        span: of the student's T_s timesteps, or the teacher's T_t.
        detach_teacher: whether the timestep that teaches passes no gradient.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T_t, N, K], target unused -> [].
    Edge cases: 0 where all timesteps say the same; of equally sure ones the earlier ranks higher.
    Raises: UsageError: an unknown direction or choice of pairs; else as `BetweenTimesteps`.
    Source: Ding et al. 2025, arXiv 2510.07924 (NeurIPS). No code is public: whether teachers pass
        a gradient there is not known.
    """

    def __init__(
        self,
        direction: Direction = "strong2weak",
        pairs: Pairs = "extremes",
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
        if direction not in ("strong2weak", "weak2strong"):
            raise UsageError(f"direction: got {direction!r}, expected strong2weak or weak2strong")
        if pairs not in ("extremes", "neighbours"):
            raise UsageError(f"pairs: got {pairs!r}, expected extremes or neighbours")
        self.direction: Direction = direction
        self.pairs: Pairs = pairs

    def of_steps(self, z: Tensor) -> Tensor:
        """See `BetweenTimesteps`."""
        confidence = z.detach().softmax(-1).amax(-1).mean(1)
        ranked = z[torch.argsort(confidence, descending=True, stable=True)]
        if self.pairs == "extremes":
            stronger, weaker = ranked[:1], ranked[-1:]
        else:
            stronger, weaker = ranked[:-1], ranked[1:]
        down = self.direction == "strong2weak"
        teacher, student = (stronger, weaker) if down else (weaker, stronger)
        return self.taught(student, teacher) / self.distance.temperature**2
