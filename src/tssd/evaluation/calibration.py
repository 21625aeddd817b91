"""Expected calibration error: how far confidence is from accuracy."""

import torch
from torch import Tensor

# Equal-width bins of confidence, the literature's usual number.
BINS = 15


class CalibrationError:
    """sum_b n_b/n |accuracy_b - confidence_b| over bins b of the softmax's maximum, at every T.

    Bin b = 0..B-1 holds the confidences in (b/B, (b+1)/B].

    Args:
        timesteps: T_max.
        device: of the logits.
        bins: number of equal-width bins B.
    Shapes: update takes mean logits [T_max, N, K], target [N]; the result is [T_max], 0 to 1.
    Source: Guo et al. 2017, arXiv 1706.04599, eq. 3.
    """

    def __init__(
        self, timesteps: int, device: torch.device | str = "cpu", *, bins: int = BINS
    ) -> None:
        # A bin's error needs no more than sum(correct - confidence): its n_b cancels.
        self.gap = torch.zeros(timesteps, bins, dtype=torch.float64, device=device)
        self.samples = 0

    def update(self, logits: Tensor, target: Tensor) -> None:
        """Count a batch."""
        bins = self.gap.shape[1]
        confidence, predicted = logits.double().softmax(-1).max(-1)
        index = (confidence * bins).ceil().long().clamp(1, bins) - 1
        self.gap.scatter_add_(1, index, (predicted == target).double() - confidence)
        self.samples += target.numel()

    def result(self) -> tuple[float, ...]:
        """The error over all samples so far."""
        return tuple(gap / self.samples for gap in self.gap.abs().sum(1).tolist())
