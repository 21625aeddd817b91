"""EVT 3.0, an encoding of Prophesee's .raw files: words of 16 bits, the upper 4 their kind.

Words set what holds until the next of their kind: 0 the row (11 bits), 6 the 12 lower and 8 the 12
upper bits of the time in microseconds, 3 polarity (bit 11) and first column of vectors. 2 is one
event: polarity (bit 11) and column (11 bits). 4 and 5 are vectors of 12 and 8 neighbouring columns,
a bit each, after which the first column moves on by as many. The time wraps every 16.8 s. Other
kinds are triggers and extensions, which are left out.
Source: https://docs.prophesee.ai/stable/data/encoding_formats/evt3.html; what it leaves open as in
OpenEB's evt3_decoder.h.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.events.formats.evt2 import Fields, HighBits, joined, tell_of_untimed, whole_words

ROW, OTHER_ROW, SINGLE, BASE, VECTOR12, VECTOR8, TIME_LOW, TIME_HIGH = 0, 1, 2, 3, 4, 5, 6, 8
TIME_BITS = 12
BLOCK = 2**18  # words decoded at once; each is at most 12 events
COLUMNS = np.arange(12, dtype=np.uint16)


@dataclass
class _Known:
    """What the words so far have set, to go on with in the next block; -1 = not yet."""

    row: int = -1
    base: int = -1
    polarity: int = 0
    low: int = 0
    clock: HighBits = field(default_factory=lambda: HighBits(TIME_BITS))


def decode_evt3(data: bytes, begin: int, *, order: str, name: str) -> tuple[Fields, list[str]]:
    """Decode the words behind the header.

    Args:
        data: The file.
        begin: First byte of the first word.
        order: "<" for little-endian words, ">" for big-endian ones.
        name: The file, for messages.

    Returns:
        t, x, y and p of the events, and what was dropped.
    """
    words, clauses = whole_words(data, begin, f"{order}u2")
    parts: list[Fields] = []
    known, left_out = _Known(), 0
    for start in range(0, len(words), BLOCK):
        block = words[start : start + BLOCK].astype(np.uint16)
        fields, unplaced = _block(block, known)
        parts.append(fields)
        left_out += unplaced
    tell_of_untimed(left_out, name=name)
    return joined(parts), clauses


def _block(words: NDArray[np.uint16], known: _Known) -> tuple[Fields, int]:
    """Events of some words, and how many words of events say neither when nor where."""
    kind, content = words >> 12, (words & 0xFFF).astype(np.int32)
    is_vector = (kind == VECTOR12) | (kind == VECTOR8)
    at = np.flatnonzero(is_vector | (kind == SINGLE))
    # Rows of kind 1 are of measurements of light, whose events are no pixel events.
    row = _held(kind <= OTHER_ROW, np.where(kind == ROW, content & 0x7FF, -1), known.row)
    base = _held(kind == BASE, content & 0x7FF, known.base)
    polarity = _held(kind == BASE, content >> 11, known.polarity)
    # Columns that the vectors since the last word of kind 3 have covered.
    width = np.where(kind == VECTOR12, 12, np.where(kind == VECTOR8, 8, 0))
    covered = np.cumsum(width) - width
    moved = covered - _held(kind == BASE, covered, 0)
    before = known.clock.last
    high = known.clock.at_each(kind == TIME_HIGH, content)
    # Other upper bits begin at the lower bits 0, until a word says more; cameras repeat them.
    is_low, is_new = kind == TIME_LOW, np.diff(high, prepend=before) != 0
    low = _held(is_low | is_new, content * is_low, known.low)
    if len(words):
        known.row, known.low = int(row[-1]), int(low[-1])
        known.polarity = int(polarity[-1])
        known.base = -1 if base[-1] < 0 else int(base[-1] + moved[-1] + width[-1])

    vector = is_vector[at]
    x = np.where(vector, base[at] + moved[at], content[at] & 0x7FF)
    sound = (high[at] >= 0) & (row[at] >= 0) & (~vector | (base[at] >= 0))
    unplaced = len(at) - int(sound.sum())
    at, vector, x = at[sound], vector[sound], x[sound]
    bits = np.where(vector, content[at] & np.where(kind[at] == VECTOR8, 0xFF, 0xFFF), 1)
    # Words by order, and within each the columns from left to right.
    event, column = np.nonzero(bits[:, None] >> COLUMNS & 1)
    of = at[event]
    fields = (
        high[of] << TIME_BITS | low[of],
        (x[event] + column).astype(np.int32),
        row[of].astype(np.uint16),
        np.where(vector[event], polarity[of], content[of] >> 11).astype(np.uint8),
    )
    return fields, unplaced


def _held(sets: NDArray[np.bool_], values: NDArray[Any], before: int) -> NDArray[np.int64]:
    """At each word the value of the last one that sets it, or the one from before: [words]."""
    known = np.concatenate([[before], values[sets]]).astype(np.int64)
    return known[np.cumsum(sets)]
