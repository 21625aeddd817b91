"""Spatial early exit: a confident exit answers, and the rest of the network rests."""

import torch
from torch import Tensor

from tssd.errors import DataError
from tssd.runs.evaluation import EarlyExit

# Finer at the end, where good networks decide; low ones matter to poor networks and many classes.
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


class EarlyExitCurve:
    """Accumulates an `EarlyExit`.

    Args:
        thresholds: confidences, 0 to 1.
        device: of the logits.
    Raises: DataError: an exit's logits are not finite.
    Shapes: update takes the exit's and the final mean logits [N, K], and target [N].
    """

    def __init__(
        self,
        thresholds: tuple[float, ...] = THRESHOLDS,
        device: torch.device | str = "cpu",
    ) -> None:
        self.thresholds = torch.tensor(thresholds, dtype=torch.float64, device=device)
        self.correct = torch.zeros(len(thresholds), dtype=torch.int64, device=device)
        self.leaving = torch.zeros_like(self.correct)
        self.finite = torch.tensor(True, device=device)
        self.samples = 0

    def update(self, early: Tensor, final: Tensor, target: Tensor) -> None:
        """Count a batch."""
        confidence = early.double().softmax(-1).amax(-1)
        leaves = confidence > self.thresholds.unsqueeze(1)
        right = torch.where(leaves, early.argmax(-1) == target, final.argmax(-1) == target)
        self.finite &= early.isfinite().all()  # NaN exceeds nothing: nobody would leave
        self.correct += right.sum(1)
        self.leaving += leaves.sum(1)
        self.samples += target.numel()

    def result(self) -> EarlyExit:
        """The curve over all samples so far."""
        if not self.finite:
            raise DataError(
                "exit: got logits that are NaN or infinite, expected finite numbers; "
                "its weights are damaged or the training diverged, so take an earlier checkpoint"
            )
        return EarlyExit(
            tuple(self.thresholds.tolist()),
            tuple(n / self.samples for n in self.correct.tolist()),
            tuple(n / self.samples for n in self.leaving.tolist()),
        )
