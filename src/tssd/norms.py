"""Norms: a norm is a module on [T, N, C, H, W] built from its channels C.

One with something for each timestep counts the steps: it has `initial_state(x_t)` and
`scan(x, state) -> (y, state)` like a neuron, and is built for a T as `tssd.longest` says.
"""

from torch import nn

from tssd.time import PerStep, TimeFold


def pooled_batch_norm(channels: int) -> nn.Module:
    """Batch norm with statistics over T, N, H and W together (the field's default)."""
    return TimeFold(nn.BatchNorm2d(channels))


def per_step_batch_norm(channels: int) -> nn.Module:
    """Batch norm with statistics over N, H and W, each timestep on its own; shared affine."""
    return PerStep(nn.BatchNorm2d(channels))
