"""Counting events (non-zero values), exactly and in one walk through the memory."""

import torch
from torch import Tensor

# Elements counted at once on a CPU: small enough for its cache, and exact in float32 (< 2^24).
CHUNK = 1 << 18


def count_events(x: Tensor) -> Tensor:
    """Number of non-zero values in each step. Shapes: x [S, ...] -> int64 [S]."""
    x = x.reshape(x.shape[0], -1)
    if x.device.type != "cpu":
        return x.count_nonzero(1)
    # Several times faster than count_nonzero, which on a CPU is not vectorised.
    width = min(x.shape[1], max(1, CHUNK // x.shape[0]))
    ones = torch.empty(x.shape[0], width)
    counts = [
        torch.ne(part, 0, out=ones[:, : part.shape[1]]).sum(1) for part in x.split(width, dim=1)
    ]
    return torch.stack(counts).sum(0, dtype=torch.int64)


class Column:
    """What the columns of a layer's counts hold; an input is graded if it is neither 0 nor 1."""

    EVENTS, TAPS, GRADED, GRADED_TAPS = range(4)


def count_inputs(x: Tensor, taps: Tensor) -> Tensor:
    """What a layer's inputs set off in each step, columns: see `Column`.

    Args:
        x: inputs [S, N, ..., *positions].
        taps: how many weights of a kernel an input meets by its position, [*positions].
    Shapes: -> int64 [S, 4].
    """
    steps, positions = x.shape[0], taps.numel()
    x = x.reshape(steps, -1, positions)
    # Sums of products with ones and taps: on a CPU the quickest way, and exact in float32.
    weights = torch.stack([torch.ones_like(taps), taps], -1).view(positions, 2).to(x.device).float()
    chunk = CHUNK if x.device.type == "cpu" else CHUNK << 6
    width = min(x.shape[1], max(1, chunk // (steps * positions)))
    space = torch.empty(steps, width, positions, device=x.device)
    counts = torch.zeros(steps, 2, 2, dtype=torch.int64, device=x.device)
    for part in x.split(width, dim=1):
        marks = space[:, : part.shape[1]]
        for index, value in enumerate((0, 1)):
            torch.eq(part, value, out=marks)
            counts[:, index] += (marks @ weights).sum(1, dtype=torch.float64).long()
    every = torch.stack([torch.ones_like(taps), taps], -1).view(positions, 2).sum(0) * x.shape[1]
    events = every.to(counts) - counts[:, 0]
    return torch.cat([events, events - counts[:, 1]], 1)
