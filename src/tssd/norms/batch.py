"""Batch norm of sequences, and over which timesteps its statistics go."""

from torch import nn

from tssd.time import PerStep, TimeFold


def pooled_batch_norm(channels: int) -> nn.Module:
    """Batch norm with statistics over T, N, H and W together (the field's default)."""
    return TimeFold(nn.BatchNorm2d(channels))


def per_step_batch_norm(channels: int) -> nn.Module:
    """Batch norm with statistics over N, H and W, each timestep on its own; shared affine."""
    return PerStep(nn.BatchNorm2d(channels))
