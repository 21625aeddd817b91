"""Selective alignment of SeAl-KD: a teacher's answer without what a step has got wrong."""

import torch
from torch import Tensor, nn

from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Span, checked_span
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.frozen import frozen
from tssd.objectives.hard_labels import classes_of


class SelectiveDistillation(Objective):
    """1/T sum_{t<=T} k^2 KL(softmax(z'/k) || softmax(O'_t/k)), primes where a step is wrong.

    Where a timestep puts another class w above the true one y, its logit of w is replaced by that
    of y, through which gradient flows, and the teacher's logits of both by the lower of the two:
    what the step learns is the rest of the teacher's distribution, and its mistake is left to the
    labels. The teacher's logits z are the mean over its own time.

    Args:
        teacher: any network, see `tssd.objectives.Frozen`; of a run: `tssd.Teacher`.
        temperature: k > 0, dimensionless.
        span: T = the student's T_s, or the teacher's T_t (of this network, in training).
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T, N, K], input [T, N, ...], target [N] or shares of classes [N, K] -> [].
    Edge cases: `StepwiseDistillation` where every timestep is right.
    Raises: UsageError: temperature <= 0, an unknown span; when called: the teacher's classes are
        not the network's in number.
    Source: SeAl-KD 2026, arXiv 2605.14252, and its public code.
    """

    needs_input = True

    def __init__(
        self,
        teacher: nn.Module,
        temperature: float = 3.0,
        *,
        span: Span = "teacher",
        weight: float = 0.6,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.teacher = frozen(teacher)
        self.distance = TemperatureKL(temperature)
        self.span: Span = checked_span(span)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        taught = self.teacher.taught(out)
        steps = self.timesteps.of(self.span)
        return self.distance(*without_mistakes(out.logits[:steps], taught, classes_of(target)))


def without_mistakes(logits: Tensor, taught: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of both, equal on the true class and on the one that a timestep has put above it.

    Shapes: logits [T, N, K], taught [N, K], classes [N] -> [T, N, K] each.
    """
    true = classes.expand(logits.shape[:2]).unsqueeze(-1)
    first = logits.argmax(-1, keepdim=True)  # of a step that is right, the true class itself
    taught = taught.expand_as(logits)
    lower = torch.minimum(taught.gather(-1, true), taught.gather(-1, first))
    own = logits.scatter(-1, first, logits.gather(-1, true))
    return own, taught.scatter(-1, first, lower).scatter(-1, true, lower)
