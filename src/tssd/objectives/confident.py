"""Temporal alignment of SeAl-KD: each timestep learns from those that are sure and alike."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tssd.models.base import NetOutput
from tssd.objectives.base import Objective, Span, checked_span
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.precise import no_autocast


class ConfidentSteps(Objective):
    """1/T sum_{t<=T} k^2 KL(softmax(z_t/k) || softmax(O_t/k)), z_t = sum_{j!=t} w_tj O_j.

    w_tj is the softmax over j != t of c_j cos(O_t, O_j), with c_j = 1 - entropy of O_j / ln K, how
    sure a timestep is, from 0 to 1. z passes no gradient.

    Args:
        temperature: k > 0, dimensionless.
        span: T = the student's T_s, or the teacher's T_t.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T, N, K], target unused -> [].
    Edge cases: 0 at T = 1, where there is nobody to learn from.
    Raises: UsageError: temperature <= 0, or an unknown span.
    Source: SeAl-KD 2026, arXiv 2605.14252, and its public code.
    """

    def __init__(
        self,
        temperature: float = 3.0,
        *,
        span: Span = "teacher",
        weight: float = 0.15,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.distance = TemperatureKL(temperature)
        self.span: Span = checked_span(span)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        steps = self.timesteps.of(self.span)
        logits = out.logits[:steps]
        if steps == 1:
            return logits[:0].sum()  # 0, and never -0
        return self.distance(logits, sure_others(logits.detach()))


def sure_others(logits: Tensor) -> Tensor:
    """What the other timesteps say, those more that are sure and alike.

    Shapes: [T, N, K], T > 1 -> [T, N, K].
    """
    with no_autocast(logits):  # timesteps hardly differ
        log_p = F.log_softmax(logits, dim=-1)
        entropy = -(log_p.exp() * log_p).sum(-1)
        sure = 1 - entropy / math.log(logits.shape[-1])
        directions = F.normalize(logits, dim=-1)
        scores = torch.einsum("tnk,jnk->tjn", directions, directions) * sure
        self_ = torch.eye(len(logits), dtype=torch.bool, device=logits.device).unsqueeze(-1)
        weights = scores.masked_fill(self_, -math.inf).softmax(1)
        return torch.einsum("tjn,jnk->tnk", weights, logits)
