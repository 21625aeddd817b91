"""Average pooling that keeps nothing for its backward pass."""

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
