"""Counting events (non-zero values) per timestep, however a network walks through time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import torch
import torch.nn.functional as F
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


@dataclass(frozen=True)
class Pass:
    """One run of a network over a batch.

    Args:
        timesteps: T.
        samples: N.
        batch_first: whether the network has N before T, in shapes and where it folds them.
    """

    timesteps: int
    samples: int
    batch_first: bool = False

    @property
    def lead(self) -> tuple[int, int]:
        """The first two axes of a sequence."""
        if self.batch_first:
            return self.samples, self.timesteps
        return self.timesteps, self.samples

    def split(self, x: Tensor, *, has_time: bool) -> Tensor | None:
        """See x as [S, N, ...]: S = T, or 1 where a module sees one step; None = neither.

        Args:
            x: [T, N, ...] if has_time, else folded [T*N, ...] or one step [N, ...].
            has_time: whether x has a time axis of its own.
        """
        if not has_time:
            if x.shape[0] == self.samples:
                return x.unsqueeze(0)
            if x.shape[0] != self.samples * self.timesteps:
                return None
            x = x.unflatten(0, self.lead)
        if x.shape[:2] != self.lead:
            return None
        return x.transpose(0, 1) if self.batch_first else x


@dataclass(frozen=True)
class Geometry:
    """What one sample costs a module in one timestep: its values and its nominal MACs."""

    values: int
    macs: int = 0


class Tally:
    """Events of one module at each timestep, summed over all samples.

    Args:
        timesteps: T.
    """

    def __init__(self, timesteps: int) -> None:
        self.timesteps = timesteps
        self.events: dict[Geometry, Tensor] = {}  # int64 [T]
        self.runs: dict[Geometry, list[int]] = {}  # samples that ran at each timestep
        self.unplaced = False
        self._calls: dict[Geometry, list[Tensor]] = {}

    def add(self, x: Tensor | None, samples: int, macs: int = 0) -> None:
        """Count a call's values x [S, N, ...] (see `Pass.split`) with its MACs over all S steps."""
        if x is None:
            self.unplaced = True
            return
        runs = x.shape[0] * samples
        geometry = Geometry(x.numel() // runs, macs // runs)
        self._calls.setdefault(geometry, []).append(count_events(x))

    def close_pass(self, samples: int, *, once: bool = False) -> None:
        """Place the calls of one pass of the network in time.

        Args:
            samples: N of the batch.
            once: whether the values are the same at every timestep, so that one is enough.
        """
        for geometry, calls in self._calls.items():
            counts, repeats = self._place(calls, once)
            if counts is None:
                self.unplaced = True
                continue
            if once:
                counts[1:] = 0
                repeats[1:] = [0] * (self.timesteps - 1)
            total = self.events.get(geometry, 0)
            self.events[geometry] = total + counts
            runs = self.runs.setdefault(geometry, [0] * self.timesteps)
            self.runs[geometry] = [r + samples * n for r, n in zip(runs, repeats, strict=True)]
        self._calls.clear()

    def cumulative(self) -> Iterator[tuple[Geometry, list[int], list[int]]]:
        """Per geometry: events, and samples that ran, over the first T steps for every T."""
        for geometry, events in self.events.items():
            yield geometry, list(accumulate(events.tolist())), list(accumulate(self.runs[geometry]))

    def _place(self, calls: list[Tensor], once: bool) -> tuple[Tensor | None, list[int]]:
        """Events [T] and how often the module ran at each timestep."""
        steps = self.timesteps
        if all(len(call) == steps for call in calls):
            return torch.stack(calls).sum(0), [len(calls)] * steps
        if any(len(call) != 1 for call in calls):
            return None, []
        each = torch.cat(calls)
        if len(calls) % steps == 0:  # step by step
            return each.view(steps, -1).sum(1), [len(calls) // steps] * steps
        if len(calls) == 1 or once:  # computed once for all timesteps, see `tssd.time.TimeFold`
            return F.pad(each.sum().view(1), (0, steps - 1)), [len(calls)] + [0] * (steps - 1)
        return None, []


def density(tallies: Iterable[Tally], timesteps: int) -> tuple[float, ...]:
    """Events per value over the first T steps, T = 1..timesteps, of several modules together."""
    seen, values = [0] * timesteps, [0] * timesteps
    for tally in tallies:
        for geometry, events, runs in tally.cumulative():
            for t in range(timesteps):
                seen[t] += events[t]
                values[t] += geometry.values * runs[t]
    return tuple(s / v if v else 0.0 for s, v in zip(seen, values, strict=True))
