"""Distillation from a default teacher, which is no network but smoothed labels."""

import math

import torch.nn.functional as F
from torch import Tensor

from tssd.errors import UsageError
from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.task import Spans, ends
from tssd.time import time_mean


class TeacherFreeDistillation(Objective):
    """(m/K) KL(q || softmax(mean_{t<=T} O_t)), q = softmax(p/k).

    p, the default teacher, gives the label probability a, each other class (1 - a)/(K - 1). The
    softmax is taken of these probabilities, not of logits, so that at k = 20 q is nearly uniform;
    the network's own is at temperature 1.

    Args:
        correct: a, the probability of the label, above 0 and up to 1.
        temperature: k > 0, dimensionless.
        multiplier: m; the public code multiplies a mean over samples and classes by it.
        span: T = the student's T_s, the teacher's T_t, or the average of the terms of both.
        weight: factor of the term. alpha/(1 - alpha) for the paper's share alpha = 0.1, beside
            labels that count once.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T, N, K], target [N] or shares of classes [N, K] -> [].
    Raises: UsageError: correct, temperature or multiplier out of range, or an unknown span.
    Source: Yuan et al. 2020, arXiv 1909.11723, and its public code, whose numbers these are; for
        spiking networks arXiv 2304.09500, whose numbers are not known.
    """

    def __init__(
        self,
        correct: float = 0.99,
        *,
        temperature: float = 20.0,
        multiplier: float = 100.0,
        span: Spans = "both",
        weight: float = 1 / 9,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        if not 0 < correct <= 1:
            raise UsageError(
                f"correct: got {correct}, expected a probability above 0, such as 0.99"
            )
        for name, value in (("temperature", temperature), ("multiplier", multiplier)):
            if not (value > 0 and math.isfinite(value)):
                raise UsageError(f"{name}: got {value}, expected a finite number > 0")
        ends(span, Timesteps(1, 1))
        self.correct = correct
        self.temperature = temperature
        self.multiplier = multiplier
        self.span: Spans = span

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        classes = out.logits.shape[-1]
        q = self.default_teacher(target, classes).to(out.logits.dtype)
        spans = ends(self.span, self.timesteps)
        terms = [
            F.kl_div(F.log_softmax(time_mean(out.logits, t), dim=-1), q, reduction="batchmean")
            for t in spans
        ]
        return self.multiplier / classes * sum(terms[1:], terms[0]) / len(terms)

    def default_teacher(self, target: Tensor, classes: int) -> Tensor:
        """What is taught, q. Shapes: target [N] or shares of classes [N, K] -> [N, K]."""
        shares = target if target.is_floating_point() else F.one_hot(target, classes).float()
        other = (1 - self.correct) / (classes - 1)
        p = other + (self.correct - other) * shares
        return (p / self.temperature).softmax(-1)
