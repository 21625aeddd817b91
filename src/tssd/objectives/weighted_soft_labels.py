"""Weighted soft labels, the logits' part of BKDSNN: who lags behind the teacher learns more."""

from torch import Tensor, nn

from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.frozen import frozen
from tssd.objectives.hard_labels import cross_entropies
from tssd.objectives.task import Spans, ends
from tssd.time import time_mean

# Added to a teacher's cross entropy, which may be 0.
SLACK = 1e-7


class WeightedSoftLabels(Objective):
    """Mean over samples of w k^2 KL(softmax(z/k) || softmax(m/k)), w = 1 - exp(-CE_m / CE_z).

    m is the mean over time of the network's logits, z the mean of the teacher's over its own; CE_m
    and CE_z are their cross entropies with the label. A sample that the network knows better than
    its teacher counts little. w passes no gradient. The public code has the cross entropy of the
    two in place of the divergence, which is more by the teacher's entropy: the same gradient.

    Args:
        teacher: any network, see `tssd.objectives.Frozen`; of a run: `tssd.Teacher`.
        temperature: k > 0, dimensionless.
        span: m is the mean over the student's T_s steps, the teacher's T_t (of this network, in
            training), or the average of the losses of both.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T, N, K], input [T, N, ...], target [N] or shares of classes [N, K] -> [].
    Raises: UsageError: temperature <= 0, an unknown span; when called: the teacher's classes are
        not the network's in number.
    Source: Zhou et al. 2021, arXiv 2102.00650, as in the public code of BKDSNN (Xu et al. 2024).
    """

    needs_input = True

    def __init__(
        self,
        teacher: nn.Module,
        temperature: float = 2.0,
        *,
        span: Spans = "both",
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.teacher = frozen(teacher)
        self.distance = TemperatureKL(temperature)
        ends(span, Timesteps(1, 1))
        self.span: Spans = span

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        taught = self.teacher.taught(out)
        spans = ends(self.span, self.timesteps)
        terms = [self._of_mean(time_mean(out.logits, t), taught, target) for t in spans]
        return sum(terms[1:], terms[0]) / len(terms)

    def _of_mean(self, own: Tensor, taught: Tensor, target: Tensor) -> Tensor:
        lag = cross_entropies(own.detach(), target) / (cross_entropies(taught, target) + SLACK)
        return ((1 - (-lag).exp()) * self.distance.each(own, taught)).mean()
