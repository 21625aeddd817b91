"""AEDAT 2.0 of the DVS128 camera: the format of CIFAR10-DVS.

Text lines that begin with #, then 8 bytes an event, big-endian: an address (bit 0 polarity,
0 = ON; bits 1-7 x_raw; bits 8-14 y_raw; bit 15 an external event, which is no pixel) and a time
stamp in microseconds (signed 32 bits).
"""

import bisect
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tssd.atomic import replacing
from tssd.errors import DataError, UsageError
from tssd.events.formats.limits import require_fits
from tssd.events.formats.source import load, require_aedat
from tssd.events.order import checked_events, noted
from tssd.events.stream import Events

SIDE = 128
BYTES = 8
EXTERNAL = 0x8000
LATEST = 2**31 - 1
BLOCK = 2**17  # events decoded at once; measured: 2**15 takes a fifth longer, 2**12 half

# Address bits to turn over, so that bits 8-14 are the column, 1-7 the row and 0 is p. The camera
# stood on its side; 127 - v of 7 bits is turning them over.
FLIPS = {"spikingjelly": np.uint16(0x7FFF), "mlf": np.uint16(0x00FE)}

Orientation = Literal["spikingjelly", "mlf"]
Start = Literal["first", "zero"]

# The end of the text header in newer jAER files, which makes it certain.
_LAST_LINE = b"#End Of ASCII Header"

# Five lines, because MLF's reader skips exactly five.
_HEADER = (
    b"#!AER-DAT2.0\r\n"
    b"# Written by tssd: addresses and time stamps of a DVS128\r\n"
    b"# 8 bytes an event, big-endian: 32 bits address, 32 bits time stamp\r\n"
    b"# Time stamps are in microseconds\r\n"
    b"# Bit 0 of an address is 0 for ON, bits 1-7 are x, bits 8-14 are y\r\n"
)


def read_aedat2(
    source: Path | bytes,
    *,
    duration: int | None = None,
    start: Start = "first",
    orientation: Orientation = "spikingjelly",
    strict: bool = False,
    name: str = "",
) -> Events:
    """Read a recording, or only its beginning.

    Args:
        source: A file, or its contents.
        duration: Microseconds to read; None reads all. What comes later is neither decoded nor
            checked.
        start: Whether `duration` counts from the first event or from time 0 of the file.
        orientation: "spikingjelly": row 127 - x_raw, column 127 - y_raw, p 1 = ON. "mlf", as the
            paper's code: row 127 - x_raw, column y_raw, p the raw bit, so that 1 = OFF.
        strict: Whether to raise where something would be dropped or repaired.
        name: How to call the source in messages; its path if empty.

    Raises:
        DataError: Not AEDAT 2.0, or damaged beyond repair (see `checked_events`).
        UsageError: An unknown `start` or `orientation`, a `duration` below 0.
    """
    _check_options(duration, start, orientation)
    data, name = load(source, name)
    require_aedat(data, "2.0", name=name)
    begin = _header_end(data, name=name)
    count, lost = divmod(len(data) - begin, BYTES)
    clauses = [f"is cut off: the last {lost} bytes are no whole event, dropped"] if lost else []
    words = np.frombuffer(data, ">u4", count * 2, begin).reshape(count, 2)
    address, time = words[:, 0], words[:, 1].view(">i4")
    if duration is not None:
        limit = duration if start == "zero" else _first_time(address, time) + duration
        count = bisect.bisect_left(time, limit)  # looks at 21 of 2 million time stamps
    events = checked_events(
        _fields(words[:count], orientation),
        (SIDE, SIDE),
        name=name,
        strict=strict,
        clauses=clauses,
    )
    if duration is not None and len(events):
        # Where time went back, events from beyond the limit were read too.
        first = 0 if start == "zero" else int(events.t[0])
        if events.t[-1] >= first + duration:
            events = events.between(int(events.t[0]), first + duration)
            if not len(events):
                nothing = noted([f"holds no events before {duration} us"], name=name, strict=strict)
                events = replace(events, notes=events.notes + nothing)
    return events


def write_aedat2(path: Path, events: Events, *, orientation: Orientation = "spikingjelly") -> None:
    """Write a recording that `read_aedat2` with the same orientation reads back exactly.

    Raises:
        UsageError: Events that the format cannot hold.
        DataError: The file cannot be written.
    """
    _check_options(None, "first", orientation)
    require_fits(events, form="AEDAT 2.0 of a DVS128", latest=LATEST, size=(SIDE, SIDE))
    words = np.empty((len(events), 2), dtype=">u4")
    words[:, 0] = (events.x << 8 | events.y << 1 | events.p) ^ FLIPS[orientation]
    words[:, 1] = events.t
    with replacing(path) as file:
        file.write(_HEADER)
        file.write(words.tobytes())


def _check_options(duration: int | None, start: str, orientation: str) -> None:
    if duration is not None and duration < 0:
        raise UsageError(f"duration is {duration}, expected microseconds from 0 on, or None")
    if start not in ("first", "zero"):
        raise UsageError(f"start is {start!r}, expected 'first' or 'zero'")
    if orientation not in ("spikingjelly", "mlf"):
        raise UsageError(f"orientation is {orientation!r}, expected 'spikingjelly' or 'mlf'")


def _header_end(data: bytes, *, name: str) -> int:
    position = 0
    while data.startswith(b"#", position):
        end = data.find(b"\n", position) + 1
        if not end:
            raise DataError(f"{name} ends within its text header: it is cut off, replace it")
        if data.startswith(_LAST_LINE, position):
            return end
        position = end
    return position


def _first_time(address: NDArray[Any], time: NDArray[Any]) -> int:
    """Time of the first pixel event; 0 if there is none."""
    step = 1024  # the first is nearly always among these; do not look through millions
    for begin in range(0, len(address), step):
        pixels = (address[begin : begin + step] & EXTERNAL) == 0
        if pixels.any():
            return int(time[begin + int(np.argmax(pixels))])
    return 0


def _fields(
    words: NDArray[Any], orientation: Orientation
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Fields t, x (column), y (row), p of the pixel events; words are big-endian, [E, 2]."""
    count = len(words)
    t = np.empty(count, dtype=np.int64)
    x, y, p = (np.empty(count, dtype=dtype) for dtype in (np.uint16, np.uint16, np.uint8))
    external = False
    # In blocks, so that what comes between stays in the cache instead of fresh memory.
    for begin in range(0, count, BLOCK):
        block = slice(begin, begin + BLOCK)
        native = words[block].astype(np.uint32)  # both at once: bytes in a row turn faster
        # The upper half of an address is unused, so 16 bits of it do.
        bits = native[:, 0].astype(np.uint16)
        bits ^= FLIPS[orientation]
        external = external or bits.max() >= EXTERNAL  # the highest bit, which no flip touches
        t[block] = native[:, 1].view(np.int32)
        np.right_shift(bits, 8, out=x[block])
        x[block] &= SIDE - 1
        np.right_shift(bits, 1, out=y[block])
        y[block] &= SIDE - 1
        np.bitwise_and(bits, 1, out=p[block], casting="unsafe")
    if not external:
        return t, x, y, p
    pixel = (words[:, 0] & EXTERNAL) == 0
    return t[pixel], x[pixel], y[pixel], p[pixel]
