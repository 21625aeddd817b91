"""AEDAT 4.0 through the optional package `aedat`, which decompresses and decodes it.

That package believes the numbers within a file, so it runs in a process of its own, with limits to
memory and time: what a damaged or hostile file does to it becomes one line here.
"""

import importlib.util
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.errors import DataError, UsageError
from tssd.events.formats import aedat4_worker
from tssd.events.formats.sensor import LARGEST
from tssd.events.formats.source import load, require_aedat
from tssd.events.order import checked_events
from tssd.events.stream import Events
from tssd.processes import lifeline

_MAGIC_BYTES = 14
_LENGTH = struct.Struct("<I")

# What decoding may take: events take 16 bytes there and are compressed at most tenfold.
FREE_BYTES, PER_BYTE = 512 << 20, 256
SECONDS, BYTES_A_SECOND = 30, 10**6

# Bytes of t, x, y and p of one event.
FIELDS = (("<i8", 8), ("<u2", 2), ("<u2", 2), ("u1", 1))


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
    if importlib.util.find_spec("aedat") is None:
        raise UsageError(f"{name} is AEDAT 4.0, which needs the package aedat: pip install aedat")
    begin = _packets_begin(data, name=name)
    head, fields = _decode(path, begin, len(data), name=name)
    t, x, y, p = fields
    if len(p) and p.max() > 1:
        raise DataError(f"{name} has a polarity of {int(p.max())}, expected 0 and 1: replace it")
    height, width = head["size"]
    if not (1 <= height <= LARGEST and 1 <= width <= LARGEST):
        raise _damaged(name, f"its header says a sensor of {width}x{height} pixels")
    return checked_events(
        (t, x, y, p), (height, width), name=name, strict=strict, clauses=head["clauses"]
    )


def _packets_begin(data: bytes, *, name: str) -> int:
    if len(data) >= _MAGIC_BYTES + _LENGTH.size:
        begin = _MAGIC_BYTES + _LENGTH.size + _LENGTH.unpack_from(data, _MAGIC_BYTES)[0]
        if begin <= len(data):
            return begin
    raise DataError(f"{name} ends within its header: it is cut off, replace it")


def _decode(
    path: Path, begin: int, size: int, *, name: str
) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    memory, seconds = FREE_BYTES + PER_BYTE * size, SECONDS + size // BYTES_A_SECOND
    # -P: the folder of the worker does not come before the standard library.
    # Of processor time a little more: who waits here is told why, and the clock comes first.
    limits = [str(begin), str(memory), str(seconds + 1)]
    command = [sys.executable, "-P", aedat4_worker.__file__, path, *limits]
    try:
        with lifeline() as end:
            done = subprocess.run(
                command, stdin=end, capture_output=True, timeout=seconds, check=False
            )
    except subprocess.TimeoutExpired as error:
        raise _damaged(name, f"it takes longer than {seconds} s to decode") from error
    line, _, body = done.stdout.partition(b"\n")
    if not line.startswith(b"{"):
        raise _damaged(name, f"the decoder ended with exit code {done.returncode}")
    head = json.loads(line)
    if head.get("kind") == "none":
        raise DataError(f"{name} {head['error']}")
    if "error" in head:
        raise _damaged(name, head["error"])
    count, fields, position = head["count"], [], 0
    if len(body) != count * sum(width for _, width in FIELDS):
        raise _damaged(name, "the decoder was interrupted")
    for dtype, width in FIELDS:
        fields.append(np.frombuffer(body, dtype, count, position))
        position += width * count
    return head, fields


def _damaged(name: str, reason: str) -> DataError:
    return DataError(f"{name} is a damaged AEDAT 4.0 file ({reason}): replace it")
