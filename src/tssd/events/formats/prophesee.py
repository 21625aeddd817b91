"""Prophesee's recordings: the text header of .raw and .dat files, and events of .dat files.

A header is lines of "% keyword value". A .dat file goes on with two bytes, the type and the size of
an event, and 8 bytes an event, little-endian: a time stamp in microseconds (32 bits), then x (bits
0-13), y (14-27) and polarity (28, 1 = ON).
Source: https://docs.prophesee.ai/stable/data/file_formats/dat.html and raw.html.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tssd.errors import DataError
from tssd.events.formats.evt2 import Fields, decode_evt2
from tssd.events.formats.evt3 import decode_evt3
from tssd.events.formats.sensor import LARGEST, size_of
from tssd.events.formats.source import kind, load
from tssd.events.order import checked_events
from tssd.events.stream import Events

BYTES = 8
# Both are pixel events; 0x0E are triggers.
PIXEL_TYPES = (0x00, 0x0C)
# Of a header's line; a longer one is no text.
LONGEST_LINE = 4096

DECODERS = {"EVT2": decode_evt2, "EVT3": decode_evt3}
# How the line "evt" calls the same encodings.
ENCODINGS = {"2.0": "EVT2", "2.1": "EVT21", "3.0": "EVT3"}


@dataclass(frozen=True)
class Header:
    """The text header of a file.

    Args:
        fields: What it says, by keyword in lower case.
        end: First byte behind it.
    """

    fields: Mapping[str, str]
    end: int

    @property
    def options(self) -> dict[str, str]:
        """Options of the encoding, as in "EVT3;height=720;width=1280"."""
        parts = (part.partition("=") for part in self.fields.get("format", "").split(";")[1:])
        return {key.strip().lower(): value.strip().lower() for key, _, value in parts}

    @property
    def encoding(self) -> str:
        """How events are encoded, such as EVT3; empty if nothing says so."""
        named = self.fields.get("format", "").partition(";")[0].strip().upper().replace(".", "")
        return named or ENCODINGS.get(self.fields.get("evt", ""), self.fields.get("evt", ""))

    @property
    def is_dat(self) -> bool:
        """Whether it is that of a .dat file."""
        return "data" in self.fields and not self.encoding

    def size(self, name: str) -> tuple[int, int] | None:
        """Rows and columns of the sensor; None if it does not say them.

        Raises:
            DataError: They are absurd.
        """
        width, _, height = self.fields.get("geometry", "").lower().partition("x")
        for source in (self.options, self.fields):
            width, height = source.get("width", width), source.get("height", height)
        if not width and not height:
            return None
        sides = [int(side) if side.isascii() and side.isdigit() else 0 for side in (height, width)]
        if not all(1 <= side <= LARGEST for side in sides):
            raise DataError(f"{name}: its header says a sensor of {width}x{height}: replace it")
        return sides[0], sides[1]


def read_header(data: bytes, *, name: str) -> Header:
    """Read the lines at the beginning of a file.

    Raises:
        DataError: There are none, or the file ends within them.
    """
    fields: dict[str, str] = {}
    position = 0
    while data.startswith(b"%", position):
        end = data.find(b"\n", position, position + LONGEST_LINE) + 1
        if not _is_text(data[position : end or position + LONGEST_LINE]):
            break
        if not end:
            raise DataError(
                f"{name} ends within its text header, at byte {position}: it is cut off or "
                "damaged, replace it"
            )
        line = data[position + 1 : end].decode("ascii", "replace").strip()
        keyword, _, value = line.partition(" ")
        position = end
        if keyword.lower() == "end":
            break
        fields[keyword.lower()] = value.strip()
    if not position:
        raise DataError(f"{name} starts with {kind(data)}, expected lines that begin with %")
    return Header(fields, position)


def _is_text(line: bytes) -> bool:
    """Whether bytes that begin with % are a line, and not the first word of a file without an end.

    Prophesee's lines begin with "% ", what encodes a time does not; others' are taken if all of it
    is ASCII.
    """
    controls = any(byte < 32 for byte in line.rstrip(b"\r\n") if byte != ord("\t"))
    return not controls and (line.startswith(b"% ") or line.isascii())


def read_prophesee(
    source: Path | bytes,
    *,
    height: int | None = None,
    width: int | None = None,
    strict: bool = False,
    name: str = "",
) -> Events:
    """Read a recording: .raw in the encodings EVT2 and EVT3, or .dat.

    Args:
        source: A file, or its contents.
        height: Rows of the sensor, if the header does not say them; None takes what the events
            need, at least 1.
        width: Columns of the sensor, likewise.
        strict: Whether to raise where something would be dropped or repaired.
        name: How to call the source in messages; its path if empty.

    Raises:
        DataError: No such file, of another encoding, or damaged beyond repair (see
            `checked_events`).
    """
    data, name = load(source, name)
    header = read_header(data, name=name)
    size = header.size(name)
    if header.is_dat:
        fields, clauses = _dat(data, header, name=name)
    else:
        if header.encoding not in DECODERS:
            found = f"encoding {header.encoding}" if header.encoding else "no encoding"
            raise DataError(
                f"{name}: its header names {found}, expected EVT2 or EVT3 (or a .dat file): "
                "convert it with Prophesee's metavision_file_to_dat"
            )
        order = ">" if header.options.get("endianness") == "big" else "<"
        decode = DECODERS[header.encoding]
        fields, clauses = decode(data, header.end, order=order, name=name)
    size = size or size_of(fields[1], fields[2], height, width)
    return checked_events(fields, size, name=name, strict=strict, clauses=clauses)


def _dat(data: bytes, header: Header, *, name: str) -> tuple[Fields, list[str]]:
    begin = header.end + 2
    version = header.fields.get("version", "2")
    found = tuple(data[header.end : begin])
    if version != "2" or len(found) < 2 or found[0] not in PIXEL_TYPES or found[1] != BYTES:
        raise DataError(
            f"{name}: version {version}, and event type and size {list(found)} at byte "
            f"{header.end}; expected version 2, type 0 or 12 and size 8: it is damaged or of "
            "another kind, replace it"
        )
    count, lost = divmod(len(data) - begin, BYTES)
    words = np.frombuffer(data, "<u4", 2 * count, begin).reshape(count, 2)
    word = words[:, 1].astype(np.uint32)
    x = (word & 0x3FFF).astype(np.uint16)
    y = (word >> 14 & 0x3FFF).astype(np.uint16)
    p = (word >> 28 & 1).astype(np.uint8)
    clauses = [f"is cut off: the last {lost} bytes are no whole event, dropped"] if lost else []
    return (words[:, 0].astype(np.int64), x, y, p), clauses
