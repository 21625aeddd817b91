"""Optimisation steps made of several batches, or of one that several processes share."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Steps:
    """Which batches of an epoch make an optimisation step together.

    Args:
        batches: of an epoch.
        accumulate: batches a step; the last step of an epoch may have fewer.
    """

    batches: int
    accumulate: int = 1

    @property
    def number(self) -> int:
        """Steps of an epoch."""
        return ceil(self.batches / self.accumulate)

    def of(self, batch: int) -> int:
        """The step that a batch belongs to; both are counted from 0."""
        return batch // self.accumulate

    def share_of_epoch(self, batch: int) -> float:
        """How much of the epoch is over when the step of this batch begins, 0 to below 1."""
        return self.of(batch) / self.number

    def weight(
        self, batch: int, counted: int, *, size_of: Callable[[int], int], processes: int = 1
    ) -> float:
        """Factor on a batch's mean loss that makes a step minimise the mean over all its samples.

        Gradients are summed over the batches of a step, each divided by `accumulate`, and averaged
        over processes: right by itself only where all batches are whole, and shared out evenly.

        Args:
            batch: its number in the epoch.
            counted: samples that this process counts for.
            size_of: samples of a batch, those of all processes together.
            processes: how many there are.
        """
        first = self.of(batch) * self.accumulate
        batches = range(first, min(first + self.accumulate, self.batches))
        return counted * processes * self.accumulate / sum(map(size_of, batches))
