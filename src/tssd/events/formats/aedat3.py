"""AEDAT 3.1 of the DVS128 camera, the format of DVS-Gesture, and of DAVIS cameras.

A text header up to the line #!END-HEADER, then packets, little-endian: 28 bytes of packet header,
then room for eventCapacity events, of which eventNumber are there. A polarity event is 8 bytes:
data (bit 0 valid, bit 1 polarity, 1 = ON, bits 2-16 y, bits 17-31 x) and a time stamp of 31 bits in
microseconds, which the packet's overflow counter continues.
"""

import mmap
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.atomic import replacing
from tssd.errors import DataError, UsageError
from tssd.events.formats.chips import DVS128, source_of
from tssd.events.formats.limits import require_fits
from tssd.events.formats.source import load, require_aedat
from tssd.events.order import checked_events
from tssd.events.stream import Events

SIDE = 128
BYTES = 8
POLARITY = 1
TIME_BITS = 31
BLOCK = 2**15  # events decoded at once, at least
LATEST = 2**62 - 1  # both the counter and the time stamp have 31 bits

# type, source, size, offset of the time stamp, overflow counter, capacity, number, valid.
_PACKET = struct.Struct("<hhiiiiii")

# Events; a second of a busy DVS128. A packet header that claims more is damaged, and believing it
# would swallow the rest of the file.
LARGEST_PACKET = 2**20

# First byte, number of events and overflow counter of a packet.
Span = tuple[int, int, int]

_LAST_LINE = b"#!END-HEADER"
_HEADER = (
    b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Comment: written by tssd\r\n"
    b"#!END-HEADER\r\n"
)


def read_aedat3(source: Path | bytes, *, strict: bool = False, name: str = "") -> Events:
    """Read the polarity events of a recording; other packets and invalid events are left out.

    Args:
        source: A file, or its contents.
        strict: Whether to raise where something would be dropped or repaired.
        name: How to call the source in messages; its path if empty.

    Raises:
        DataError: Not AEDAT 3.1, of an unknown camera or of several, an impossible packet header,
            or damaged beyond repair (see `checked_events`).
    """
    data, name = load(source, name)
    require_aedat(data, "3.1", name=name)
    begin = _header_end(data, name=name)
    chip = source_of(data[:begin], name=name) or DVS128
    spans, clauses = _polarity_spans(data, begin, name=name)
    size = chip.height, chip.width
    return checked_events(_fields(data, spans), size, name=name, strict=strict, clauses=clauses)


def last_time(path: Path) -> int:
    """Time stamp of a recording's last whole event in microseconds, -1 if there is none.

    Looks at the packets' headers alone, so it takes a fraction of the time of reading.

    Raises:
        DataError: Not AEDAT 3.1, or an impossible packet header.
    """
    if not path.is_file() or not path.stat().st_size:
        load(path)  # says what is wrong, unless it is merely empty
        raise DataError(f"{path} is empty, expected AEDAT 3.1: get it again")
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}): check its rights"
        ) from error
    with file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        require_aedat(data[:64], "3.1", name=str(path))
        spans, _ = _polarity_spans(data, _header_end(data, name=str(path)), name=str(path))
        for begin, number, overflow in reversed(spans):
            if number:
                (stamp,) = struct.unpack_from("<i", data, begin + BYTES * number - 4)
                return overflow << TIME_BITS | stamp
    return -1


def write_aedat3(path: Path, events: Events, *, packet: int = 4096) -> None:
    """Write a recording that `read_aedat3` reads back exactly.

    Args:
        path: The file.
        events: The recording.
        packet: Most events a packet holds, 1 to 1048576.

    Raises:
        UsageError: A `packet` out of range, or events that the format cannot hold.
        DataError: The file cannot be written.
    """
    if not 1 <= packet <= LARGEST_PACKET:
        raise UsageError(f"packet is {packet}, expected 1 to {LARGEST_PACKET} events")
    require_fits(events, form="AEDAT 3.1 of a DVS128", latest=LATEST, size=(SIDE, SIDE))
    overflow = events.t >> TIME_BITS
    words = np.empty((len(events), 2), dtype="<u4")
    words[:, 0] = (
        events.x.astype(np.uint32) << 17
        | events.y.astype(np.uint32) << 2
        | events.p.astype(np.uint32) << 1
        | 1
    )
    words[:, 1] = events.t & (1 << TIME_BITS) - 1
    # A packet has one overflow counter, so it ends where that changes.
    ends = [*(np.flatnonzero(np.diff(overflow)) + 1).tolist(), len(events)]
    with replacing(path) as file:
        file.write(_HEADER)
        begin = 0
        for end in ends:
            while begin < end:
                part = words[begin : min(begin + packet, end)]
                n = len(part)
                file.write(_PACKET.pack(POLARITY, 1, BYTES, 4, int(overflow[begin]), n, n, n))
                file.write(part.tobytes())
                begin += n


def _header_end(data: bytes | mmap.mmap, *, name: str) -> int:
    position = 0
    while data[position : position + 1] == b"#":
        end = data.find(b"\n", position) + 1
        if not end:
            break
        if data[position:end].rstrip() == _LAST_LINE:
            return end
        position = end
    raise DataError(
        f"{name} has no line {_LAST_LINE.decode()} after its text header: it is cut off or "
        "damaged, replace it"
    )


def _fields(
    data: bytes, spans: Sequence[Span]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Fields t, x, y and p of the valid events of all packets."""
    count = sum(number for _, number, _ in spans)
    t, valid = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.bool_)
    x, y, p = (np.empty(count, dtype=dtype) for dtype in (np.uint16, np.uint16, np.uint8))
    end = 0
    for words in _blocks(data, spans):
        block = slice(end, end := end + len(words))
        word = words[:, 0].astype(np.uint32)
        t[block] = words[:, 1].view("<i4")
        x[block] = word >> 17
        y[block] = word >> 2 & 0x7FFF
        p[block] = word >> 1 & 1
        valid[block] = word & 1
    if any(overflow for *_, overflow in spans):
        overflows = np.array([overflow for *_, overflow in spans], dtype=np.int64)
        t |= np.repeat(overflows << TIME_BITS, [number for _, number, _ in spans])
    return (t, x, y, p) if valid.all() else (t[valid], x[valid], y[valid], p[valid])


def _blocks(data: bytes, spans: Sequence[Span]) -> Iterator[NDArray[np.uint32]]:
    """Words [E, 2] of several packets at a time, so that they stay in the cache."""
    view, parts, held = memoryview(data), [], 0
    for begin, number, _ in spans:
        parts.append(view[begin : begin + BYTES * number])
        held += number
        if held >= BLOCK:
            yield np.frombuffer(b"".join(parts), dtype="<u4").reshape(-1, 2)
            parts, held = [], 0
    if held:
        yield np.frombuffer(b"".join(parts), dtype="<u4").reshape(-1, 2)


def _polarity_spans(
    data: bytes | mmap.mmap, position: int, *, name: str
) -> tuple[list[Span], list[str]]:
    """Where the events of each packet are, and whether the end is cut off."""
    spans: list[Span] = []
    sources: set[int] = set()
    total = len(data)
    while position + _PACKET.size <= total:
        header = _PACKET.unpack_from(data, position)
        kind, source, size, offset, overflow, capacity, number, _ = header
        if not (
            0 <= number <= capacity <= LARGEST_PACKET
            and size > 0
            and (kind != POLARITY or (size == BYTES and offset == 4 and overflow >= 0))
        ):
            raise DataError(
                f"{name} has a damaged packet header at byte {position}: type {kind}, event size "
                f"{size}, time stamp at {offset}, overflow {overflow}, {number} of {capacity} "
                f"events; expected 0 <= events <= capacity <= {LARGEST_PACKET} and, for type 1, "
                "size 8 with the time stamp at 4; replace the file"
            )
        begin = position + _PACKET.size
        position = begin + capacity * size
        if kind == POLARITY:
            sources.add(source)
            if len(sources) > 1:
                raise DataError(
                    f"{name} has events of {len(sources)} cameras (numbers "
                    f"{', '.join(map(str, sorted(sources)))}, the second from byte "
                    f"{begin - _PACKET.size} on), expected one: split it"
                )
            # The unused room behind the events may be missing without loss.
            held = min(number, (total - begin) // BYTES)
            spans.append((begin, held, overflow))
            if held < number:
                lost = total - begin - held * BYTES
                return spans, [
                    f"is cut off: {number - held} of the last packet's {number} events are missing,"
                    f" its last {lost} bytes dropped"
                ]
    lost = max(total - position, 0)
    return spans, [f"is cut off: the last {lost} bytes are no packet, dropped"] if lost else []
