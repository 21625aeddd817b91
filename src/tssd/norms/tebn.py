"""TEBN: batch norm with a trained factor for each timestep."""

import torch
from torch import Tensor, nn

from tssd.longest import rows
from tssd.norms.batch import pooled_batch_norm


class TEBN(nn.Module):
    """Temporal effective batch norm: statistics over T, N, H and W together, then a factor p.

        y(t) = p(t) (weight (x(t) - mean) / sqrt(var + eps) + bias)

    p is 1 when training begins. Until it is built for a T, one factor stands for all timesteps.

    Args:
        channels: C.
    Shapes: [T, N, C, H, W] -> alike; T is at most the one that it was built for.
    Source: Duan et al. 2022, Temporal Effective Batch Normalization in Spiking Neural Networks,
        NeurIPS 2022.
    """

    # Its factors are a norm's scale, for optimisers that leave those undecayed.
    is_norm = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.longest: int | None = None
        self.norm = pooled_batch_norm(channels)
        self.scale = nn.Parameter(torch.ones(1))

    def build_for(self, timesteps: int) -> None:
        """One factor for each of T timesteps."""
        self.longest = timesteps
        self.scale = nn.Parameter(self.scale.new_ones(timesteps))

    def initial_state(self, x_t: Tensor) -> int:
        """No timestep seen."""
        return 0

    def scan(self, x: Tensor, state: int) -> tuple[Tensor, int]:
        """Norm of x [T, N, C, H, W] after `state` timesteps, and how many there are then."""
        scale = rows(self.scale, state, len(x), longest=self.longest).view(-1, 1, 1, 1, 1)
        return (scale * self.norm(x)).to(x.dtype), state + len(x)

    def forward(self, x: Tensor) -> Tensor:
        """Norm of a whole sequence."""
        return self.scan(x, 0)[0]
