"""Batches dealt out to processes that train together: what each of them loads and counts for.

A batch is the same one however many processes there are: the order of the samples and what
augmentation makes of them depend on the seed, the epoch and their numbers alone.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch.utils.data import BatchSampler, Sampler

# Samples of the smallest part of a batch: batch norm has no variance over a single one.
LEAST = 2


@dataclass(frozen=True)
class Share:
    """One of the processes of a run.

    Args:
        rank: Its number, 0 to processes - 1.
        processes: How many there are.
    """

    rank: int = 0
    processes: int = 1

    def counted(self, size: int) -> range:
        """Places in a batch of `size` samples that this process counts for: each has one owner."""
        return range(size * self.rank // self.processes, size * (self.rank + 1) // self.processes)

    def loaded(self, size: int) -> range:
        """Places that it computes: those that it counts for, or all of a batch too small to part.

        That is the last of an epoch; there every process computes the same.
        """
        return self.counted(size) if size >= LEAST * self.processes else range(size)


class SharedBatches(BatchSampler):
    """One process's share of every batch.

    Args:
        sampler: Gives the samples of all processes in order.
        batch_size: Samples a batch, those of all processes together.
        drop_last: Whether to leave a last, incomplete batch out.
        share: Of this process.
    """

    def __init__(
        self, sampler: Sampler[Any], batch_size: int, *, drop_last: bool, share: Share
    ) -> None:
        super().__init__(sampler, batch_size, drop_last)
        self._share = share

    def __iter__(self) -> Iterator[list[Any]]:
        for batch in super().__iter__():
            yield [batch[place] for place in self._share.loaded(len(batch))]


def evaluation_batches(size: int, batch_size: int, share: Share) -> list[list[int]]:
    """Numbers of the samples that a process evaluates, in as many batches as any other process.

    Each sample has one owner; fewer samples than processes are evaluated by all of them alike,
    which leaves their mean as it is.

    Args:
        size: Samples of all processes, at least 1.
        batch_size: Samples a batch, those of all processes together.
        share: Of this process.
    """
    own = range(size) if size < share.processes else share.counted(size)
    least = max(1, size // share.processes)
    batches = math.ceil(least / max(1, batch_size // share.processes))
    return [part.tolist() for part in np.array_split(np.asarray(own), min(batches, least))]
