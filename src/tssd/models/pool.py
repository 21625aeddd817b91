"""Pools that cost less than PyTorch's: one in memory, the other in time."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _Halve(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.size = x.shape[-2:]
        return F.avg_pool2d(x, 2)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        g = (grads[0] / 4).repeat_interleave(2, -2).repeat_interleave(2, -1)
        height, width = (a - b for a, b in zip(ctx.size, g.shape[-2:], strict=True))
        return F.pad(g, (0, width, 0, height)) if height or width else g


class AvgPool2x2(nn.AvgPool2d):
    """Mean of 2x2 blocks, with the gradient computed from the shape alone.

    PyTorch's keeps its whole input, whose values the gradient does not depend on: for spiking
    layers, which let go of their output otherwise, a quarter of a VGG-9's activation memory.

    Shapes: [B, C, H, W] -> [B, C, H // 2, W // 2]; an odd last row or column is dropped.
    """

    def __init__(self) -> None:
        super().__init__(2)

    def forward(self, input: Tensor) -> Tensor:
        """Pool input [B, C, H, W]."""
        if torch.is_grad_enabled() and input.requires_grad:
            return _Halve.apply(input)  # pyright: ignore[reportReturnType]
        return super().forward(input)


class _HalveByMaximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        upper, lower = x[..., ::2, :], x[..., 1::2, :]
        rows = torch.maximum(upper, lower)
        left, right = rows[..., ::2], rows[..., 1::2]
        # As numbers, by which a gradient is multiplied faster than by truth values.
        ctx.save_for_backward((lower > upper).to(x.dtype), (right > left).to(x.dtype))
        return torch.maximum(left, right)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        is_lower, is_right = ctx.saved_tensors
        g_rows = torch.empty_like(is_lower)
        g_right = grads[0] * is_right
        g_rows[..., ::2], g_rows[..., 1::2] = grads[0] - g_right, g_right
        *others, height, width = g_rows.shape
        g = g_rows.new_empty(*others, 2 * height, width)
        g_lower = g_rows * is_lower
        g[..., ::2, :], g[..., 1::2, :] = g_rows - g_lower, g_lower
        return g


class MaxPool2x2(nn.MaxPool2d):
    """Largest of 2x2 values, on a CPU in half to a third of the time.

    PyTorch's compares value after value. This compares rows, then columns; of equal values the
    upper one gets the gradient, then the left one.

    Shapes: [B, C, H, W] -> [B, C, H / 2, W / 2], rounded up: an odd last row or column is pooled
        by itself.
    """

    def __init__(self) -> None:
        super().__init__(2, ceil_mode=True)

    def forward(self, input: Tensor) -> Tensor:
        """Pool input [B, C, H, W]."""
        if input.device.type != "cpu":
            return F.max_pool2d(input, 2, ceil_mode=True)
        height, width = input.shape[-2:]
        if height % 2 or width % 2:
            input = F.pad(input, (0, width % 2, 0, height % 2), mode="replicate")
        if torch.is_grad_enabled() and input.requires_grad:
            return _HalveByMaximum.apply(input)  # pyright: ignore[reportReturnType]
        # Which value was the largest is for the gradient, and takes three times as long.
        rows = torch.maximum(input[..., ::2, :], input[..., 1::2, :])
        return torch.maximum(rows[..., ::2], rows[..., 1::2])


def max_pool() -> nn.MaxPool2d:
    """PyTorch's own max pool of 2x2 values, which rounds down, as a network's `pool`.

    Of equal spikes it gives the gradient to the one that it gives it to in other libraries.

    Shapes: [B, C, H, W] -> [B, C, H // 2, W // 2].
    """
    return nn.MaxPool2d(2)
