"""Section 3.5 on a trained network: its own longer run stands in for the class probabilities."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

import torch

from tssd.errors import DataError
from tssd.many_runs.planned import Override
from tssd.models.base import SpikingNet
from tssd.objectives import as_sequence
from tssd.reopened.open_run import load_parts
from tssd.reproduce.theory import break_even
from tssd.runs.results import Epoch
from tssd.time import time_mean


class LearnedRisk(NamedTuple):
    """Per-sample mean and variance of both risks of a student, over the test samples.

    With the teacher's probabilities in place of the true ones, the distilled risk is biased: the
    means differ.
    """

    data: str
    seed: int
    samples: int
    empirical_mean: float
    distilled_mean: float
    empirical: float
    distilled: float

    @property
    def ratio(self) -> float:
        """Distilled over empirical variance; NaN for a student that is certain of everything."""
        return self.distilled / self.empirical if self.empirical else math.nan

    @property
    def bias(self) -> float:
        """What the stand-in adds to the mean risk, as far as these samples tell, nats."""
        return self.distilled_mean - self.empirical_mean

    @property
    def break_even(self) -> float:
        """The number of samples below which the distilled risk is the better estimate."""
        return break_even(self.empirical, self.distilled, self.bias)


def learned_risk(
    folder: Path, data: str, overrides: Sequence[Override] = (), *, epoch: Epoch = "best"
) -> LearnedRisk:
    """Both risks of a finished run's student, mean over T_s; the teacher is the mean over T_t.

    Args:
        folder: of the run.
        data: name of the data set.
        overrides: options of the data that differ here, such as where it is.
        epoch: whose weights.
    Raises: DataError: not a finished run, damaged, or without test samples.
    """
    parts = load_parts(folder, list(overrides), epoch=epoch)
    net, steps = cast(SpikingNet, parts.net.eval()), parts.criterion.timesteps
    empirical: list[torch.Tensor] = []
    distilled: list[torch.Tensor] = []
    with torch.no_grad():
        for x, y in parts.data.test_dataloader():
            x, y = x.to(parts.device), y.to(parts.device)
            logits = net(as_sequence(x, y, steps.teacher)).logits.double()
            losses = -time_mean(logits, steps.student).log_softmax(-1)
            teacher = time_mean(logits, steps.teacher).softmax(-1)
            empirical.append(losses.gather(1, y[:, None]).squeeze(1).cpu())
            distilled.append((teacher * losses).sum(1).cpu())
    if sum(len(part) for part in empirical) < 2:
        raise DataError(f"{folder}: fewer than two test samples, expected enough for a variance")
    one, other = torch.cat(empirical), torch.cat(distilled)
    return LearnedRisk(
        data,
        parts.seed,
        len(one),
        one.mean().item(),
        other.mean().item(),
        one.var().item(),
        other.var().item(),
    )
