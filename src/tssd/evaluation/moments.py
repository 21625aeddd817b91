"""Means and variances over batches, as if they were one."""

import torch
from torch import Tensor


class Moments:
    """Mean and variance of each channel over batches of any size.

    Source: Chan, Golub and LeVeque 1979, eq. 2.1: exact whatever the cut, and stable where sums of
    squares are not.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.squares = torch.zeros(())

    def add(self, x: Tensor) -> None:
        """Count the values of each channel of x [B, C, ...]."""
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        dims = [d for d in range(x.dim()) if d != 1]
        variance, mean = torch.var_mean(x, dims, correction=0)
        if x.device.type == "mps":  # Apple's GPUs have no double precision
            variance, mean = variance.cpu(), mean.cpu()
        variance, mean = variance.double(), mean.double()
        count, before = x.numel() // x.shape[1], self.count
        self.count += count
        if not before:
            self.mean, self.squares = mean, count * variance
            return
        apart = mean - self.mean
        self.mean = self.mean + apart * (count / self.count)
        self.squares = self.squares + count * variance
        self.squares += apart.square() * (before * count / self.count)

    def variance(self) -> Tensor:
        """Over n, as training normalises; torch keeps that over n - 1 of each batch."""
        return self.squares / self.count
