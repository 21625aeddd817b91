"""Cross entropy on labels, for the network and for its exit."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from tssd.errors import UsageError
from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Timesteps
from tssd.time import time_mean

Spans = Literal["student", "teacher", "both"]


def ends(span: Spans, timesteps: Timesteps) -> tuple[int, ...]:
    """The T of each mean; student and teacher coincide in a vanilla network.

    Raises: UsageError: an unknown span.
    """
    known = {
        "student": (timesteps.student,),
        "teacher": (timesteps.teacher,),
        "both": (timesteps.student, timesteps.teacher),
    }
    if span not in known:
        raise UsageError(f"span: got {span!r}, expected one of {', '.join(known)}")
    return tuple(dict.fromkeys(known[span]))


class TaskCrossEntropy(Objective):
    """CE(mean over time of the logits, y), averaged over the means that are asked for.

    Args:
        span: mean over the student's T_s steps, the teacher's T_t steps, or the average of the
            cross entropies of both.
        label_smoothing: probability mass spread over all classes, 0 to less than 1.
        weight: factor of the term.
    Shapes: logits [T, N, K], target [N] -> [].
    Source: TSSD, arXiv 2406.07862, eq. 5, which leaves open which T the mean runs over.
    """

    def __init__(
        self, span: Spans = "both", *, label_smoothing: float = 0.0, weight: float = 1.0
    ) -> None:
        super().__init__(weight)
        ends(span, Timesteps(1, 1))
        self.span: Spans = span
        if not 0 <= label_smoothing < 1:
            raise UsageError(
                f"label_smoothing: got {label_smoothing}, expected 0 <= label_smoothing < 1; "
                "at 1 the labels would not count"
            )
        self.label_smoothing = label_smoothing

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        return self._cross_entropy(out.logits, target)

    def _cross_entropy(self, logits: Tensor, target: Tensor) -> Tensor:
        spans = ends(self.span, self.timesteps)
        terms = [
            F.cross_entropy(time_mean(logits, t), target, label_smoothing=self.label_smoothing)
            for t in spans
        ]
        return sum(terms[1:], terms[0]) / len(terms)


class ExitCrossEntropy(TaskCrossEntropy):
    """The same on the exits, so that they learn the labels and not only to agree.

    Args:
        span: mean over the student's T_s steps, the teacher's T_t steps, or the average of the
            cross entropies of both.
        label_smoothing: probability mass spread over all classes, 0 to less than 1.
        weight: factor of the term.
    Shapes: exit logits [T, N, K] each, target [N] -> [], a mean over the exits.
    Source: ours; the paper trains the exit by distillation alone.
    """

    needs_exits = True

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        terms = [self._cross_entropy(early, target) for early in out.exits.values()]
        return torch.stack(terms).mean()
