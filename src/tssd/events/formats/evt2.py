"""EVT 2.0, an encoding of Prophesee's .raw files: words of 32 bits, the upper 4 their kind.

Kinds 0 (OFF) and 1 (ON) are events: 6 low bits of the time, 11 bits x, 11 bits y. Kind 8 has the 28
upper bits of the time of all that follow, in microseconds; they wrap after 4 hours and 46 minutes.
Others are triggers and extensions, which are left out.
Source: https://docs.prophesee.ai/stable/data/encoding_formats/evt2.html.
"""

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger("tssd")

Fields = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]

ON, TIME_HIGH = 1, 8
LOW_BITS, HIGH_BITS = 6, 28
BLOCK = 2**20  # words decoded at once
# Late words are from before a wrap by one in so many parts of the range at most: in EVT 3.0 by a
# second, as events may be.
MOST_LATE = 16


def decode_evt2(data: bytes, begin: int, *, order: str, name: str) -> tuple[Fields, list[str]]:
    """Decode the words behind the header.

    Args:
        data: The file.
        begin: First byte of the first word.
        order: "<" for little-endian words, ">" for big-endian ones.
        name: The file, for messages.

    Returns:
        t, x, y and p of the events, and what was dropped.
    """
    words, clauses = whole_words(data, begin, f"{order}u4")
    parts: list[Fields] = []
    clock, untimed = HighBits(HIGH_BITS), 0
    for start in range(0, len(words), BLOCK):
        word = words[start : start + BLOCK].astype(np.uint32)
        kind = word >> 28
        high = clock.at_each(kind == TIME_HIGH, word & 0x0FFFFFFF)
        pixel = kind <= ON
        untimed += int((pixel & (high < 0)).sum())
        pixel &= high >= 0
        word, kind = word[pixel], kind[pixel]
        parts.append(
            (
                high[pixel] << LOW_BITS | (word >> 22 & 0x3F).astype(np.int64),
                (word >> 11 & 0x7FF).astype(np.uint16),
                (word & 0x7FF).astype(np.uint16),
                kind.astype(np.uint8),
            )
        )
    tell_of_untimed(untimed, name=name)
    return joined(parts), clauses


def whole_words(data: bytes, begin: int, dtype: str) -> tuple[NDArray[Any], list[str]]:
    """The words of a file from byte `begin` on, and what is said of a cut end."""
    count, lost = divmod(len(data) - begin, np.dtype(dtype).itemsize)
    clauses = [f"is cut off: the last {lost} bytes are no whole word, dropped"] if lost else []
    return np.frombuffer(data, dtype, count, begin), clauses


class HighBits:
    """The upper bits of time stamps, which come in words of their own, and wrap.

    Args:
        bits: How many they are.
    """

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.last = -1  # the latest, with all wraps; none yet

    def at_each(self, is_high: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[np.int64]:
        """What holds at each word of a block, -1 before the first: int64 [words].

        Args:
            is_high: Which words have upper bits, [words].
            values: Their content, [words].
        """
        own = values[is_high].astype(np.int64)
        if not len(own):
            return np.full(len(values), self.last, dtype=np.int64)
        wrap = 1 << self.bits
        before = own[0] if self.last < 0 else self.last % wrap
        loops = 0 if self.last < 0 else self.last // wrap
        # Back by half of the range or more is a wrap; by less, words that came late. Forward by
        # nearly all of it are late words, too, from before a wrap; by less, a gap in the recording.
        steps = np.diff(own, prepend=before)
        turns = (steps <= -wrap // 2).astype(np.int64) - (steps >= wrap - wrap // MOST_LATE)
        whole = own + (loops + np.cumsum(turns)) * wrap
        known = np.concatenate([[self.last], whole])
        self.last = int(whole[-1])
        return known[np.cumsum(is_high)]


def joined(parts: list[Fields]) -> Fields:
    """The fields of all blocks."""
    if not parts:
        dtypes = (np.int64, np.uint16, np.uint16, np.uint8)
        t, x, y, p = (np.empty(0, dtype=dtype) for dtype in dtypes)
        return t, x, y, p
    t, x, y, p = (np.concatenate(fields) for fields in zip(*parts, strict=True))
    return t, x, y, p


def tell_of_untimed(count: int, *, name: str) -> None:
    """Log events that come before what says when and where: a camera begins anywhere."""
    if count:
        log.info("%s: %d events of no known time and row are left out", name, count)
