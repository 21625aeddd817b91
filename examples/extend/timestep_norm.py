"""A norm with a scale for each timestep."""

import torch
from torch import Tensor, nn

from tssd.longest import rows
from tssd.norms import pooled_batch_norm


class TimestepNorm(nn.Module):
    """Batch norm pooled over time, then a trained scale p for each timestep and channel.

        y(t) = p(t) (weight (x(t) - mean) / sqrt(var + eps) + bias)

    Args:
        channels: C.
    Shapes: [T, N, C, H, W] -> alike; T is at most the one that it was built for.
    Source: after BNTT, arXiv 2010.01729, whose mean and variance are each timestep's own.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.longest: int | None = None
        self.norm = pooled_batch_norm(channels)
        self.scale = nn.Parameter(torch.ones(1, channels))

    def build_for(self, timesteps: int) -> None:
        """A scale for each of T timesteps."""
        self.longest = timesteps
        self.scale = nn.Parameter(self.scale.new_ones(timesteps, self.scale.shape[1]))

    def initial_state(self, x_t: Tensor) -> int:
        """No timestep seen."""
        return 0

    def scan(self, x: Tensor, state: int) -> tuple[Tensor, int]:
        """Norm of x [T, N, C, H, W] after `state` timesteps, and how many there are then."""
        scale = rows(self.scale, state, len(x), longest=self.longest)
        return (scale[:, None, :, None, None] * self.norm(x)).to(x.dtype), state + len(x)

    def forward(self, x: Tensor) -> Tensor:
        """Norm of a whole sequence."""
        return self.scan(x, 0)[0]
