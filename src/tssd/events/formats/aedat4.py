"""AEDAT 4.0 through the optional package `aedat`, which decompresses and decodes it.

That package believes the numbers within a packet: a damaged body can end the process. The text
header and files that are cut off are checked here; read only files whose origin you trust.
"""

import struct
from pathlib import Path
from typing import Any

import numpy as np

from tssd.errors import DataError, UsageError
from tssd.events.formats.source import load, require_aedat
from tssd.events.order import checked_events
from tssd.events.stream import Events

_MAGIC_BYTES = 14
_LENGTH = struct.Struct("<I")
_PACKET = struct.Struct("<II")  # stream, bytes of the body


def read_aedat4(path: Path, *, strict: bool = False) -> Events:
    """Read the first stream of events of a recording.

    Args:
        path: The file.
        strict: Whether to raise where something would be dropped or repaired.

    Raises:
        UsageError: The package `aedat` is not installed.
        DataError: Not AEDAT 4.0, without events, or damaged beyond repair (see `checked_events`).
    """
    data, name = load(path)
    require_aedat(data, "4.0", name=name)
    try:
        import aedat
    except ImportError as error:
        raise UsageError(
            f"{name} is AEDAT 4.0, which needs the package aedat: pip install aedat"
        ) from error
    begin = _packets_begin(data, name=name)
    try:
        decoder = aedat.Decoder(path)
        streams = decoder.id_to_stream()
        wanted = [number for number, stream in streams.items() if stream["type"] == "events"]
        if not wanted:
            raise DataError(f"{name} holds no stream of events: record it with events switched on")
        parts, clauses = _packets(decoder, min(wanted), data, begin)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{name} is a damaged AEDAT 4.0 file ({reason}): replace it") from error
    size = streams[min(wanted)]["height"], streams[min(wanted)]["width"]
    fields = (_field(parts, "t", np.int64), _field(parts, "x", np.uint16),
              _field(parts, "y", np.uint16), _field(parts, "on", np.uint8))  # fmt: skip
    return checked_events(fields, size, name=name, strict=strict, clauses=clauses)


def _packets_begin(data: bytes, *, name: str) -> int:
    if len(data) >= _MAGIC_BYTES + _LENGTH.size:
        begin = _MAGIC_BYTES + _LENGTH.size + _LENGTH.unpack_from(data, _MAGIC_BYTES)[0]
        if begin <= len(data):
            return begin
    raise DataError(f"{name} ends within its header: it is cut off, replace it")


def _packets(decoder: Any, stream: int, data: bytes, position: int) -> tuple[list[Any], list[str]]:
    """Events of each packet of a stream, and whether the file ends too early.

    Raises:
        RuntimeError: A packet that is whole cannot be decoded.
    """
    parts = []
    while True:
        # Where the packet ends that the decoder takes next.
        end = len(data) + 1
        if position + _PACKET.size <= len(data):
            end = position + _PACKET.size + _PACKET.unpack_from(data, position)[1]
        lost = len(data) - position
        cut = [f"is cut off: its last {lost} bytes are no whole packet, dropped"]
        try:
            packet = next(decoder, None)
        except RuntimeError:
            if end <= len(data):
                raise
            return parts, cut
        if packet is None:
            # Behind the packets stands a table of them, except after an interrupted recording:
            # there the decoder takes a few stray bytes for the end.
            return parts, cut if 0 < lost < _PACKET.size else []
        if packet["stream_id"] == stream:
            parts.append(packet["events"])
        position = end


def _field(parts: list[Any], key: str, dtype: type[np.generic]) -> Any:
    return np.concatenate([part[key].astype(dtype) for part in parts] or [np.empty(0, dtype)])
