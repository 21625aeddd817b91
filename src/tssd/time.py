"""The time axis: sequences are [T, N, ...]; this is the only place that folds T and N together."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tssd.errors import TssdError, UsageError


def repeat_in_time(x: Tensor, timesteps: int) -> Tensor:
    """Show the same input at every timestep (direct coding), as a view that costs no memory.

    Shapes: x [N, ...] -> [T, N, ...], stride 0 on the first axis.
    Raises: UsageError: timesteps < 1.
    """
    if timesteps < 1:
        raise UsageError(f"timesteps: got {timesteps}, expected a whole number >= 1")
    return x.unsqueeze(0).expand(timesteps, *x.shape)


def is_constant_in_time(x: Tensor) -> bool:
    """Whether x [T, N, ...] is an expanded view, i.e. every timestep is the same memory."""
    return x.shape[0] > 1 and x.stride(0) == 0


def fold(apply: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply a stateless function of [B, ...] to x [T, N, ...], B = T*N (B = N if x is a view).

    A time-expanded view (see `repeat_in_time`) is computed once and expanded again: the same
    values, T times cheaper.

    Raises: UsageError: one sample that batch norm in training mode can't normalise.
    """
    steps, batch = x.shape[:2]
    try:
        if is_constant_in_time(x):
            y = apply(x[0])
            return y.unsqueeze(0).expand(steps, *y.shape)
        y = apply(x.flatten(0, 1))
        return y.unflatten(0, (steps, batch))
    except ValueError as error:
        if batch > 1 or isinstance(error, TssdError):
            raise
        raise UsageError(
            f"input: got a batch of one sample, on which a layer fails: {error}; use batches of at "
            "least 2 (drop_last=True), or net.eval()"
        ) from error


class TimeFold(nn.Sequential):
    """Stateless layers (conv, norm, pool, linear) applied to all timesteps at once.

    Batch norm sees T*N samples, so its statistics are pooled over time. For a time-expanded view
    it sees N: the same mean and variance, and only the running variance's unbiased correction
    n/(n-1) is taken with N instead of T*N. Random layers (dropout) draw one mask for a view.

    Shapes: [T, N, ...] -> [T, N, ...].
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layers to input [T, N, ...]."""
        return fold(super().forward, input)


class PerStep(nn.Sequential):
    """Stateless layers applied to each timestep on its own: batch norm then sees N samples a step.

    Running statistics are updated T times a batch, once for a time-expanded view.

    Shapes: [T, N, ...] -> [T, N, ...].
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layers to input [T, N, ...], one timestep after the other."""
        if is_constant_in_time(input):
            return fold(super().forward, input)
        apply = super().forward
        return torch.stack([apply(x_t) for x_t in input])


def running_mean(x: Tensor) -> Tensor:
    """Mean over the first t steps, for every t.

    Shapes: [T, ...] -> [T, ...].
    """
    counts = torch.arange(1, x.shape[0] + 1, device=x.device, dtype=x.dtype)
    return x.cumsum(0) / counts.view(-1, *[1] * (x.dim() - 1))


def time_mean(x: Tensor, timesteps: int) -> Tensor:
    """Mean over the first `timesteps` steps.

    Shapes: [T, ...] -> [...].
    Raises: UsageError: x has fewer steps.
    """
    if timesteps < 1:
        raise UsageError(f"timesteps: got {timesteps}, expected a whole number >= 1")
    if timesteps > x.shape[0]:
        raise UsageError(
            f"timesteps: the mean over the first {timesteps} is wanted, but the sequence has "
            f"{x.shape[0]}; run the network for at least {timesteps} timesteps"
        )
    return x[:timesteps].mean(0)
