"""The checks that every reader of events ends with: pixels on the sensor, time that never falls."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.errors import DataError
from tssd.events.stream import Events

# A larger share of events off the sensor means another format or sensor, not a few flipped bits.
MOST_OUTSIDE = 0.01

# Microseconds. Smaller steps back are events that arrived late, larger ones a clock set back.
CLOCK_RESET = 1_000_000

# From this many events on, all of them in one microsecond are no recording.
SAME_TIME_FROM = 1000

Integers = NDArray[np.integer[Any]]


def checked_events(
    fields: tuple[Integers, Integers, Integers, Integers],
    size: tuple[int, int],
    *,
    name: str,
    strict: bool,
    clauses: Sequence[str] = (),
) -> Events:
    """Make a recording of decoded fields, repairing what can be repaired.

    Events off the sensor are dropped, events out of order stably sorted; what was done becomes the
    recording's notes, each of which begins with `name`, and one warning in the log.

    Args:
        fields: t in microseconds, x, y, p in {0, 1}, each [E] and of any integer type.
        size: Rows and columns of the sensor.
        name: The file, for messages.
        strict: Whether to raise instead of repairing.
        clauses: What the reader itself has found already.

    Raises:
        DataError: Over 1 % of the events are off the sensor, time goes back by a second or more,
            or there is anything to note and `strict` is set.
    """
    found = list(clauses)
    fields = _on_sensor(fields, size, name=name, found=found)
    fields = _in_order(fields, name=name, found=found)
    t, x, y, p = fields
    if not len(t):
        found.append("holds no events")
    elif len(t) >= SAME_TIME_FROM and t[0] == t[-1]:
        found.append(
            f"has all its {len(t)} events at one time, {int(t[0])} us: it is damaged, or its times "
            "are in another unit than microseconds"
        )
    return Events(
        t=np.ascontiguousarray(t, dtype=np.int64),
        x=np.ascontiguousarray(x, dtype=np.uint16),
        y=np.ascontiguousarray(y, dtype=np.uint16),
        p=np.ascontiguousarray(p, dtype=np.uint8),
        height=size[0],
        width=size[1],
        notes=noted(found, name=name, strict=strict),
    )


def noted(clauses: Sequence[str], *, name: str, strict: bool) -> tuple[str, ...]:
    """Put the file's name to each clause and log them once, as a warning.

    Raises:
        DataError: There are clauses and `strict` is set.
    """
    if clauses and strict:
        raise DataError(f"{name} {'; '.join(clauses)}: replace the file, or read it without strict")
    if clauses:
        logging.getLogger("tssd").warning("%s %s", name, "; ".join(clauses))
    return tuple(f"{name} {clause}" for clause in clauses)


def _on_sensor(
    fields: tuple[Integers, Integers, Integers, Integers],
    size: tuple[int, int],
    *,
    name: str,
    found: list[str],
) -> tuple[Integers, Integers, Integers, Integers]:
    t, x, y, p = fields
    height, width = size
    if not len(t) or (_within(x, width) and _within(y, height)):
        return fields
    inside = (x < width) & (y < height) & (x >= 0) & (y >= 0)
    outside = len(t) - int(inside.sum())
    if outside > MOST_OUTSIDE * len(t):
        first = int(np.argmin(inside))
        raise DataError(
            f"{name} has {outside} of {len(t)} events off the sensor of {width}x{height} pixels, "
            f"the first at x {int(x[first])}, y {int(y[first])}: it is damaged, of another format "
            "or of another sensor; check the format and the size"
        )
    found.append(f"has {outside} of {len(t)} events off the sensor of {width}x{height}, dropped")
    return t[inside], x[inside], y[inside], p[inside]


def _within(values: Integers, limit: int) -> bool:
    unsigned = values.dtype.kind == "u"
    return bool(values.max() < limit and (unsigned or values.min() >= 0))


def _in_order(
    fields: tuple[Integers, Integers, Integers, Integers], *, name: str, found: list[str]
) -> tuple[Integers, Integers, Integers, Integers]:
    t, x, y, p = fields
    late = t[1:] < t[:-1]
    if not late.any():
        return fields
    # Against the latest time so far, so that a clock that slips back in many small steps counts
    # too. Unsigned, because the difference of two damaged time stamps can exceed int64.
    latest = np.maximum.accumulate(t)
    behind = latest.astype(np.uint64) - t.astype(np.uint64)
    worst = int(np.argmax(behind))
    back = int(behind[worst])
    if back >= CLOCK_RESET:
        raise DataError(
            f"{name} goes back in time by {back / 1e6:.6g} s at event {worst}, expected less than "
            f"{CLOCK_RESET / 1e6:g} s: the clock was reset while recording or the file is damaged; "
            "split the recording there, or replace the file"
        )
    found.append(f"goes back in time {int(late.sum())} times, by up to {back} us, sorted")
    order = np.argsort(t, kind="stable")
    return t[order], x[order], y[order], p[order]
