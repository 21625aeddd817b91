"""Five bytes an event: N-MNIST, N-Caltech101 (.bin) and slayer (.bs2).

No header; big-endian: x, y, then one bit polarity (1 = ON) and 23 bits time in microseconds.
A row with y = 240 is no pixel but an overflow marker of the ATIS camera: from there on, 2^13
microseconds are added to the time.
"""

from pathlib import Path

import numpy as np

from tssd.atomic import replacing
from tssd.events.formats.limits import require_fits
from tssd.events.formats.sensor import require_size, size_of
from tssd.events.formats.source import load, refuse_other_format
from tssd.events.order import checked_events
from tssd.events.stream import Events

BYTES = 5
LATEST = 2**23 - 1
MARKER_ROW = 240
MARKER_TIME = 2**13


def read_five_byte(
    source: Path | bytes,
    *,
    height: int | None = 34,
    width: int | None = 34,
    strict: bool = False,
    name: str = "",
) -> Events:
    """Read a recording.

    Args:
        source: A file, or its contents.
        height: Rows of the sensor; None takes what the events need, at least 1.
        width: Columns of the sensor; None takes what the events need, at least 1.
        strict: Whether to raise where something would be dropped or repaired.
        name: How to call the source in messages; its path if empty.

    Raises:
        DataError: Recognisably another format, or damaged beyond repair (see `checked_events`).
        UsageError: A size below 1.
    """
    require_size(height, width)
    data, name = load(source, name)
    refuse_other_format(data, "five bytes an event", name=name)
    count, lost = divmod(len(data), BYTES)
    clauses = [f"is cut off: the last {lost} bytes are no whole event, dropped"] if lost else []
    rows = np.frombuffer(data, dtype=np.uint8, count=count * BYTES).reshape(count, BYTES)
    x, y, third = rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2].copy()
    t = (third & 0x7F).astype(np.int64)
    t <<= 16
    t |= np.ndarray(count, dtype=">u2", buffer=data, offset=3 if count else 0, strides=(BYTES,))
    p = third >> 7
    marker = y == MARKER_ROW
    if marker.any():
        t += np.cumsum(marker) * MARKER_TIME
        t, x, y, p = t[~marker], x[~marker], y[~marker], p[~marker]
    return checked_events(
        (t, x, y, p), size_of(x, y, height, width), name=name, strict=strict, clauses=clauses
    )


def write_five_byte(path: Path, events: Events) -> None:
    """Write a recording that `read_five_byte` reads back exactly, up to 240 x 256 pixels.

    Raises:
        UsageError: Events that the format cannot hold: later than 8.388607 s, x above 255, y above
            239 (240 would be an overflow marker).
        DataError: The file cannot be written.
    """
    require_fits(events, form="five bytes an event", latest=LATEST, size=(MARKER_ROW, 256))
    rows = np.empty((len(events), BYTES), dtype=np.uint8)
    rows[:, 0] = events.x
    rows[:, 1] = events.y
    rows[:, 2] = events.t >> 16 | events.p.astype(np.int64) << 7
    rows[:, 3] = events.t >> 8 & 0xFF
    rows[:, 4] = events.t & 0xFF
    with replacing(path) as file:
        file.write(rows.tobytes())
