"""Norms: a norm is a module on [T, N, C, ...] built from its channels C.

What follows the channels is pixels [H, W] in a network of images, [L] for signals, and nothing for
features. A norm with something for each timestep counts the steps: it has `initial_state(x_t)` and
`scan(x, state) -> (y, state)` like a neuron, and is built for a T as `tssd.longest` says.
"""

from torch import Tensor, nn

from tssd.time import PerStep, TimeFold


class BatchNorm(nn.BatchNorm2d):
    """Batch norm of images, signals or features: PyTorch's, which has a class for each of them.

    Shapes: [B, C, ...] -> [B, C, ...].
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected [B, C, ...] (got {input.dim()}D input)")


def pooled_batch_norm(channels: int) -> nn.Module:
    """Batch norm with statistics over all axes but the channels' (the field's default)."""
    return TimeFold(BatchNorm(channels))


def per_step_batch_norm(channels: int) -> nn.Module:
    """The same, each timestep on its own; shared affine."""
    return PerStep(BatchNorm(channels))
