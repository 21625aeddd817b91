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
    taps = taps.to(x.device).view(positions)
    chunk = CHUNK if x.device.type == "cpu" else CHUNK << 6
    width = min(x.shape[1], max(1, chunk // (steps * positions)))
    marks = torch.empty(steps, width, positions, device=x.device)
    counts = torch.zeros(2, steps, positions, dtype=torch.int64, device=x.device)
    for part in x.split(width, dim=1):
        for value in (0, 1):
            found = torch.eq(part, value, out=marks[:, : part.shape[1]])
            counts[value] += found.sum(1).long()
    events = x.shape[1] - counts[0]
    graded = events - counts[1]
    columns = [events, events * taps, graded, graded * taps]
    return torch.stack([column.sum(1) for column in columns], 1)
