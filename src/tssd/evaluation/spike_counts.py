"""Spikes and other values that are not zero ("events") at each timestep, whatever the network."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor

from tssd.evaluation.counting import Column, count_events, count_inputs


@dataclass(frozen=True)
class Pass:
    """One run of a network over a batch.

    Args:
        timesteps: T.
        samples: N.
        batch_first: whether N stands before T, in shapes and where they are folded; None = it is
            not known, so that only single steps can be placed.
    """

    timesteps: int
    samples: int
    batch_first: bool | None = False

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
        if self.batch_first is None or x.shape[:2] != self.lead:
            return None
        return x.transpose(0, 1) if self.batch_first else x


@dataclass(frozen=True)
class Geometry:
    """What one sample costs a module in one timestep.

    Args:
        values: inputs of a layer, outputs of a neuron.
        macs: nominal multiply-accumulates, those on padding counted.
        unpadded_macs: without those on zero padding.
        fan_out: outputs that one weight position of an input leads to.
    """

    values: int
    macs: int = 0
    unpadded_macs: int = 0
    fan_out: int = 0


@dataclass(frozen=True)
class Work:
    """What a layer does with its inputs, see `tssd.evaluation.layers`.

    Args:
        macs: nominal multiply-accumulates of the call.
        taps: weights of a kernel that an input meets, by its position.
        fan_out: outputs for each of them.
    """

    macs: int
    taps: Tensor
    fan_out: int


class Tally:
    """Events of one module at each timestep, summed over all samples.

    Args:
        timesteps: T.
    """

    def __init__(self, timesteps: int) -> None:
        self.timesteps = timesteps
        # int64 [T, columns]: those of `Column` for a layer, events for a neuron.
        self.events: dict[Geometry, Tensor] = {}
        self.runs: dict[Geometry, list[int]] = {}  # samples that ran at each timestep
        self.unplaced = False
        self._calls: dict[Geometry, list[Tensor]] = {}

    def add(self, x: Tensor | None, samples: int, work: Work | None = None) -> None:
        """Count a call's values x [S, N, ...] (see `Pass.split`), and a layer's work on them."""
        if x is None:
            self.unplaced = True
            return
        runs = x.shape[0] * samples
        values = x.numel() // runs
        if work is None:
            geometry, counts = Geometry(values), count_events(x).unsqueeze(1)
        else:
            rows = values // work.taps.numel()  # channels, or tokens
            unpadded = rows * int(work.taps.sum()) * work.fan_out
            geometry = Geometry(values, work.macs // runs, unpadded, work.fan_out)
            counts = count_inputs(x, work.taps)
        self._calls.setdefault(geometry, []).append(counts)

    def close_pass(self, samples: int, *, once: bool = False, folded: bool = False) -> None:
        """Place the calls of one pass of the network in time.

        Args:
            samples: N of the batch.
            once: whether the values are the same at every timestep, so that one is enough.
            folded: whether calls that see one step stand for all timesteps, however many they are.
        """
        for geometry, calls in self._calls.items():
            counts, repeats = self._place(calls, once=once, folded=folded)
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

    def total(self, column: int) -> int:
        """What is in a column (see `Column`) over all timesteps and samples."""
        return sum(int(events[:, column].sum()) for events in self.events.values())

    def cumulative(self) -> Iterator[tuple[Geometry, list[list[int]], list[int]]]:
        """Per geometry: columns, and samples that ran, over the first T steps for every T."""
        for geometry, events in self.events.items():
            yield geometry, events.cumsum(0).T.tolist(), list(accumulate(self.runs[geometry]))

    def _place(
        self, calls: list[Tensor], *, once: bool, folded: bool
    ) -> tuple[Tensor | None, list[int]]:
        """Counts [T, columns] and how often the module ran at each timestep."""
        steps = self.timesteps
        if all(len(call) == steps for call in calls):
            return torch.stack(calls).sum(0), [len(calls)] * steps
        if any(len(call) != 1 for call in calls):
            return None, []
        each = torch.cat(calls)
        if len(calls) % steps == 0 and not folded:  # step by step
            return each.unflatten(0, (steps, -1)).sum(1), [len(calls) // steps] * steps
        # Computed once for all timesteps, see `tssd.time.TimeFold`.
        if len(calls) == 1 or once or folded:
            first = each.sum(0, keepdim=True)
            return F.pad(first, (0, 0, 0, steps - 1)), [len(calls)] + [0] * (steps - 1)
        return None, []


def density(tallies: Iterable[Tally], timesteps: int) -> tuple[float, ...]:
    """Events per value over the first T steps, T = 1..timesteps, of several modules together."""
    seen, values = [0] * timesteps, [0] * timesteps
    for tally in tallies:
        for geometry, columns, runs in tally.cumulative():
            for t in range(timesteps):
                seen[t] += columns[Column.EVENTS][t]
                values[t] += geometry.values * runs[t]
    return tuple(s / v if v else 0.0 for s, v in zip(seen, values, strict=True))
