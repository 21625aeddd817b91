"""Dropping events at random: the counts are thinned, each event on its own."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tssd.data.counter_random import random_bits
from tssd.data.event_augment.base import EventAugmentation, Frames
from tssd.data.event_augment.draws import Draws, to_unit
from tssd.data.event_augment.dropping import TIME_RATIOS
from tssd.data.event_augment.options import check_ratios


@dataclass(frozen=True)
class DropRandom(EventAugmentation):
    """Drop each event with a probability: a count c becomes Binomial(c, 1 - ratio).

    Every cell draws for itself, as a function of its place in (t, polarity, y, x) alone: the only
    augmentation that differs between time steps, as events do.

    Source: Gu et al. 2021 (EventDrop), random drop. Differs: each event is dropped independently,
    theirs drops exactly the ratio of all, which the first slices could not know.

    Args:
        ratios: Probability to drop an event, 0 to 1; one is drawn for each sample.
    """

    ratios: tuple[float, ...] = TIME_RATIOS

    def __post_init__(self) -> None:
        check_ratios("ratios", self.ratios)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Thin each sample by the ratio drawn for it."""
        ratio = draws.one_of(0, self.ratios).tolist()
        seeds = draws.bits(1).tolist()
        out = np.zeros(frames.shape, dtype=frames.dtype)
        for n, (drop, seed) in enumerate(zip(ratio, seeds, strict=True)):
            counts = frames[n].reshape(-1)
            cells = np.flatnonzero(counts != 0)
            out[n].reshape(-1)[cells] = thin(counts[cells], cells, keep=1 - drop, seed=seed)
        return out


def thin(counts: Frames, cells: NDArray[np.int64], *, keep: float, seed: int) -> NDArray[np.uint16]:
    """Draw Binomial(counts, keep), the draw of a cell depending on its number alone.

    The first eight events of a cell are kept or dropped one by one, each by 16 random bits, so
    their probability is rounded to 1 / 65536. What is left is a sum of powers of two, and its
    binomial the sum of theirs: as many draws as bits are set, from one table for each power.

    Args:
        counts: Event counts, below 2^16, [M].
        cells: Number of each cell, [M].
        keep: Probability to keep an event, 0 to 1.
        seed: 64 random bits; a small number would meet the cell of that number, whose bits are 0.
    """
    kept = _keep_of_four(counts, random_bits(seed, cells), keep)
    many = np.flatnonzero(counts > 4)
    rest, cells = counts[many] - 4, cells[many]
    kept[many] += _keep_of_four(rest, random_bits(seed + 1, cells), keep)
    more = np.flatnonzero(rest > 4)
    many, rest, cells = many[more], rest[more] - 4, cells[more]
    for power in range(int(rest.max(initial=0)).bit_length()):
        having = np.flatnonzero((rest >> power) & 1)
        draw = to_unit(random_bits(seed + 2 + power, cells[having]))
        number = np.searchsorted(_distribution(1 << power, keep), draw, side="right")
        kept[many[having]] += number.astype(np.uint16)
    return kept


# Which of four bytes count, for a count of 0 to 4.
_EVENTS = np.tril(np.ones((5, 4), dtype=np.uint8), -1).view(np.uint32)[:, 0]


def _keep_of_four(counts: Frames, bits: NDArray[np.uint64], keep: float) -> NDArray[np.uint16]:
    # The four bytes 0 or 1 are added up by one product, whose top byte is their sum.
    chosen = (bits.view(np.uint16) < round(keep * 65536)).view(np.uint32)
    chosen &= _EVENTS[np.minimum(counts, 4)]
    return ((chosen * np.uint32(0x01010101)) >> np.uint32(24)).astype(np.uint16)


@lru_cache(maxsize=256)
def _distribution(count: int, keep: float) -> NDArray[np.float64]:
    # P(kept <= k) for k = 0 .. count - 1; a draw in [0, 1) kept k events if k of these are <= it.
    if keep in (0.0, 1.0):
        return np.full(count, 1.0 - keep)
    k = np.arange(count)
    ways = np.array(
        [
            math.lgamma(count + 1) - math.lgamma(i + 1) - math.lgamma(count - i + 1)
            for i in range(count)
        ]
    )
    return np.cumsum(np.exp(ways + k * math.log(keep) + (count - k) * math.log1p(-keep)))
