"""Accuracy and cross entropy at every number of timesteps, and the confusion matrix at one."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tssd.errors import DataError


class Scores(NamedTuple):
    """At each T = 1..T_max: share of right decisions, 0 to 1, and mean cross entropy in nats."""

    accuracy: tuple[float, ...]
    nll: tuple[float, ...]


class TimestepAccuracy:
    """Share of right decisions and mean cross entropy of the mean logits over the first T steps.

    Args:
        timesteps: T_max.
        device: of the logits.
    Shapes: update takes mean logits [T_max, N, K] (see `tssd.time.running_mean`), target [N].
    Raises: DataError: the logits are not finite.
    """

    def __init__(self, timesteps: int, device: torch.device | str = "cpu") -> None:
        self.correct = torch.zeros(timesteps, dtype=torch.int64, device=device)
        self.nll = torch.zeros(timesteps, dtype=torch.float64, device=device)
        self.samples = 0

    def update(self, logits: Tensor, target: Tensor) -> None:
        """Count a batch."""
        self.correct += (logits.argmax(-1) == target).sum(1)
        truth = target.expand(logits.shape[0], -1)
        log_p = logits.double().log_softmax(-1).transpose(1, 2)
        self.nll += F.nll_loss(log_p, truth, reduction="none").sum(1)
        self.samples += target.numel()

    def result(self) -> Scores:
        """Means over all samples so far."""
        if not self.nll.isfinite().all():
            raise DataError(
                "logits: got NaN or infinity, expected finite numbers; the weights are damaged "
                "or the training diverged, so take an earlier checkpoint"
            )
        return Scores(
            tuple(n / self.samples for n in self.correct.tolist()),
            tuple(n / self.samples for n in self.nll.tolist()),
        )


class ConfusionMatrix:
    """How often class i was taken for class j.

    Args:
        num_classes: classes K.
        device: of the logits.
    Shapes: update takes mean logits [N, K], target [N]; the result is [K][K], rows = truth.
    """

    def __init__(self, num_classes: int, device: torch.device | str = "cpu") -> None:
        self.counts = torch.zeros(num_classes, num_classes, dtype=torch.int64, device=device)

    def update(self, logits: Tensor, target: Tensor) -> None:
        """Count a batch."""
        classes = self.counts.shape[0]
        cells = target * classes + logits.argmax(-1)
        self.counts += torch.bincount(cells, minlength=classes**2).view(classes, classes)

    def result(self) -> tuple[tuple[int, ...], ...]:
        """The counts so far."""
        return tuple(map(tuple, self.counts.tolist()))
