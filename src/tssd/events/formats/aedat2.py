"""AEDAT 2.0 of the DVS128 camera, the format of CIFAR10-DVS, and of DAVIS cameras.

Text lines that begin with #, then 8 bytes an event, big-endian: an address (of a DVS128: bit 0
polarity, 0 = ON; bits 1-7 x_raw; bits 8-14 y_raw; bit 15 an external event, which is no pixel) and
a time stamp in microseconds (signed 32 bits).
"""

import bisect
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tssd.atomic import replacing
from tssd.errors import DataError, UsageError
from tssd.events.formats.chips import DVS128, Fields, chip_of, davis_fields, is_davis_pixel
from tssd.events.formats.limits import require_fits
from tssd.events.formats.source import load, require_aedat
from tssd.events.order import CLOCK_RESET, MOST_OUTSIDE, checked_events, noted
from tssd.events.slicing import Start
from tssd.events.stream import Events

log = logging.getLogger("tssd")

SIDE = 128
BYTES = 8
EXTERNAL = 0x8000
HIGHEST = 0xFFFF  # a DVS128 leaves the upper half of an address at zero
LATEST = 2**31 - 1
BLOCK = 2**17  # events decoded at once; measured: 2**15 takes a fifth longer, 2**12 half

# Address bits to turn over, so that bits 8-14 are the column, 1-7 the row and 0 is p. The camera
# stood on its side; 127 - v of 7 bits is turning them over.
FLIPS = {"spikingjelly": np.uint16(0x7FFF), "mlf": np.uint16(0x00FE)}

Orientation = Literal["spikingjelly", "mlf"]
IsPixel = Callable[[NDArray[Any]], NDArray[np.bool_]]

# The end of the text header in newer files, which makes it certain; jAER's and MATLAB's spelling.
_LAST_LINE = re.compile(rb"# ?End Of ASCII Header", re.IGNORECASE)

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
        orientation: Of a DVS128, "spikingjelly": row 127 - x_raw, column 127 - y_raw, p 1 = ON.
            "mlf", as the paper's code: row 127 - x_raw, column y_raw, p the raw bit, so that
            1 = OFF. A DAVIS picture stands upright.
        strict: Whether to raise where something would be dropped or repaired.
        name: How to call the source in messages; its path if empty.

    Raises:
        DataError: Not AEDAT 2.0, of an unknown camera, or damaged beyond repair (see
            `checked_events`).
        UsageError: An unknown `start` or `orientation`, a `duration` below 0, or "mlf" for a DAVIS.
    """
    _check_options(duration, start, orientation)
    data, name = load(source, name)
    require_aedat(data, "2.0", name=name)
    begin = _header_end(data, name=name)
    chip = chip_of(data[:begin], name=name) or DVS128
    if chip is not DVS128 and orientation != "spikingjelly":
        raise UsageError(f"orientation is {orientation!r}, but {name} is of a {chip.name}")
    count, lost = divmod(len(data) - begin, BYTES)
    clauses = [f"is cut off: the last {lost} bytes are no whole event, dropped"] if lost else []
    words = np.frombuffer(data, ">u4", count * 2, begin).reshape(count, 2)
    address, time = words[:, 0], words[:, 1].view(">i4")
    if duration is not None:
        pixel = _is_dvs128_pixel if chip is DVS128 else is_davis_pixel
        limit = duration if start == "zero" else _first_time(address, time, pixel) + duration
        count = _end_of(time, limit)
    if chip is DVS128:
        fields, foreign = _fields(words[:count], orientation, name=name)
        clauses += foreign
    else:
        fields = davis_fields(words[:count], chip, name=name)
    events = checked_events(
        fields,
        (chip.height, chip.width),
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
        if data.find(b"\0", position, end or len(data)) >= 0:  # an event that begins like a line
            break
        if not end:
            raise DataError(f"{name} ends within its text header: it is cut off, replace it")
        if _LAST_LINE.match(data, position):
            return end
        position = end
    return position


def _is_dvs128_pixel(address: NDArray[Any]) -> NDArray[np.bool_]:
    return (address & EXTERNAL) == 0


def _first_time(address: NDArray[Any], time: NDArray[Any], is_pixel: IsPixel) -> int:
    """Time of the first pixel event; 0 if there is none."""
    step = 1024  # the first is nearly always among these; do not look through millions
    for begin in range(0, len(address), step):
        pixels = is_pixel(address[begin : begin + step])
        if pixels.any():
            return int(time[begin + int(np.argmax(pixels))])
    return 0


def _end_of(time: NDArray[Any], limit: int) -> int:
    """How many records to read for all before `limit`, also those that came late."""
    # Late ones are not behind this: a clock set back would be. Looks at 21 of 2 million times.
    end = bisect.bisect_left(time, limit + CLOCK_RESET)
    early = np.flatnonzero(time[:end] < limit)
    return int(early[-1]) + 1 if len(early) else 0


def _fields(
    words: NDArray[Any], orientation: Orientation, *, name: str
) -> tuple[Fields, list[str]]:
    """Fields t, x (column), y (row), p of the pixel events, and what was dropped.

    Words are big-endian, [E, 2].
    """
    count = len(words)
    t = np.empty(count, dtype=np.int64)
    x, y, p = (np.empty(count, dtype=dtype) for dtype in (np.uint16, np.uint16, np.uint8))
    special = False
    # In blocks, so that what comes between stays in the cache instead of fresh memory.
    for begin in range(0, count, BLOCK):
        block = slice(begin, begin + BLOCK)
        native = words[block].astype(np.uint32)  # both at once: bytes in a row turn faster
        special = special or native[:, 0].max() >= EXTERNAL
        bits = native[:, 0].astype(np.uint16)
        bits ^= FLIPS[orientation]
        t[block] = native[:, 1].view(np.int32)
        np.right_shift(bits, 8, out=x[block])
        x[block] &= SIDE - 1
        np.right_shift(bits, 1, out=y[block])
        y[block] &= SIDE - 1
        np.bitwise_and(bits, 1, out=p[block], casting="unsafe")
    if not special:
        return (t, x, y, p), []
    pixel = _is_dvs128_pixel(words[:, 0])
    log.info(
        "%s: %d of %d records of the DVS128 are external events, no pixels, and are left out",
        name, count - int(pixel.sum()), count,
    )  # fmt: skip
    foreign = pixel & (words[:, 0] > HIGHEST)
    clauses = []
    if wrong := int(foreign.sum()):
        found = f"has {wrong} of {int(pixel.sum())} addresses beyond the 16 bits of a DVS128"
        if wrong > MOST_OUTSIDE * pixel.sum():
            raise DataError(
                f"{name} {found}: it is damaged or of another camera, which its header does not "
                "name; convert it to another format"
            )
        clauses.append(f"{found}, dropped")
        pixel &= ~foreign
    return (t[pixel], x[pixel], y[pixel], p[pixel]), clauses
