"""Calibration: how far confidence is from accuracy, as one number and bin by bin."""

import torch
from torch import Tensor

from tssd.runs.evaluation import Reliability

# Equal-width bins of confidence, the literature's usual number.
BINS = 15


class Calibration:
    """Decisions and confidences (the softmax's maximum), counted in bins at every T.

    Args:
        timesteps: T_max.
        device: of the logits.
        bins: number of equal-width bins B.
    Shapes: update takes mean logits [T_max, N, K] and target [N].
    """

    def __init__(
        self, timesteps: int, device: torch.device | str = "cpu", *, bins: int = BINS
    ) -> None:
        self.samples = torch.zeros(timesteps, bins, dtype=torch.float64, device=device)
        self.right = torch.zeros_like(self.samples)
        self.confidence = torch.zeros_like(self.samples)

    def update(self, logits: Tensor, target: Tensor) -> None:
        """Count a batch."""
        bins = self.samples.shape[1]
        confidence, predicted = logits.double().softmax(-1).max(-1)
        index = (confidence * bins).ceil().long().clamp(1, bins) - 1
        self.samples.scatter_add_(1, index, torch.ones_like(confidence))
        self.right.scatter_add_(1, index, (predicted == target).double())
        self.confidence.scatter_add_(1, index, confidence)

    def error(self) -> tuple[float, ...]:
        """Expected calibration error sum_b n_b/n |accuracy_b - confidence_b| at every T, 0 to 1.

        Source: Guo et al. 2017, arXiv 1706.04599, eq. 3.
        """
        # Of sums instead of means: a bin's n_b cancels.
        gaps = (self.right - self.confidence).abs().sum(1)
        return tuple((gaps / self.samples.sum(1)).tolist())

    def reliability(self, t: int) -> Reliability:
        """The bins at T = t."""
        counts = self.samples[t - 1].tolist()

        def means(sums: Tensor) -> tuple[float | None, ...]:
            pairs = zip(sums[t - 1].tolist(), counts, strict=True)
            return tuple(total / n if n else None for total, n in pairs)

        return Reliability(tuple(map(int, counts)), means(self.confidence), means(self.right))
