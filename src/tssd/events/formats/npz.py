"""SpikingJelly's events_np layout: an .npz archive of four integer arrays t, x, y and p.

Read without NumPy's loader, which allocates what an array's header says, and evaluates it.
"""

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.atomic import replacing
from tssd.errors import DataError
from tssd.events.formats.limits import require_fits
from tssd.events.formats.sensor import LARGEST, require_size, size_of
from tssd.events.formats.source import kind, load
from tssd.events.order import checked_events
from tssd.events.stream import Events

KEYS = ("t", "x", "y", "p")

# An archive may unpack to this many bytes and this many times its own size. Events compress about
# tenfold; a zip bomb a thousandfold.
FREE_BYTES = 2**24
MOST_EXPANSION = 64

# What zipfile raises on damaged, encrypted and exotic archives.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    IndexError,
    KeyError,
    RuntimeError,  # includes NotImplementedError
)

# The start of a .npy file: a magic number, a version, the length of the text, the text.
_MAGIC = re.compile(rb"\x93NUMPY(?:\x01\x00(..)|[\x02\x03]\x00(....))", re.DOTALL)
_TEXT = re.compile(
    rb"\{\s*'descr':\s*'([<>|=]?(?:b1|[iu][1248]))',\s*'fortran_order':\s*(?:True|False),"
    rb"\s*'shape':\s*\(([0-9]{1,18}),\),?\s*\}\s*"
)


def read_npz(
    source: Path | bytes,
    *,
    height: int | None,
    width: int | None,
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
        DataError: No archive of these four arrays, one that unpacks to suspiciously much, or
            damaged beyond repair (see `checked_events`).
        UsageError: A size below 1.
    """
    require_size(height, width)
    data, name = load(source, name)
    if kind(data) != "a zip archive":
        raise DataError(f"{name} starts with {kind(data)}, expected a zip archive (.npz)")
    arrays = {key: _array(member, key, name) for key, member in _members(data, name).items()}
    lengths = {key: len(array) for key, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{name} has arrays of different length: {lengths}; replace it")
    t, x, y, p = (arrays[key] for key in KEYS)
    if len(t) and (p.min() < 0 or p.max() > 1):
        raise DataError(
            f"{name} has p from {int(p.min())} to {int(p.max())}, expected 0 and 1: convert it"
        )
    if len(t) and int(t.max()) > np.iinfo(np.int64).max:
        raise DataError(f"{name} has t up to {int(t.max())}, expected below 2^63: replace it")
    size = size_of(x, y, height, width)
    return checked_events((t.astype(np.int64), x, y, p), size, name=name, strict=strict)


def write_npz(path: Path, events: Events, *, compressed: bool = False) -> None:
    """Write a recording that `read_npz` with the same size reads back exactly.

    Raises:
        UsageError: Events that are no recording (see `require_fits`).
        DataError: The file cannot be written.
    """
    latest = int(np.iinfo(np.int64).max)
    require_fits(events, form="events_np (.npz)", latest=latest, size=(LARGEST, LARGEST))
    save = np.savez_compressed if compressed else np.savez
    with replacing(path) as file:
        save(file, t=events.t, x=events.x, y=events.y, p=events.p)


def _members(data: bytes, name: str) -> dict[str, bytes]:
    """Contents of the four members, unpacked only after their sizes have been checked."""
    limit = FREE_BYTES + MOST_EXPANSION * len(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            known = set(archive.namelist())
            missing = [key for key in KEYS if f"{key}.npy" not in known]
            if missing:
                raise DataError(
                    f"{name} has no {', '.join(missing)} among its members "
                    f"{sorted(known)[:8]}, expected t, x, y and p: it is no events_np file"
                )
            infos = {key: archive.getinfo(f"{key}.npy") for key in KEYS}
            unpacked = sum(info.file_size for info in infos.values())
            if unpacked > limit:
                raise DataError(
                    f"{name} of {len(data)} bytes would unpack to {unpacked}, expected at most "
                    f"{limit}: it is damaged or a zip bomb; unpack and check it yourself"
                )
            if any(
                i.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
                for i in infos.values()
            ):
                raise DataError(f"{name} is compressed otherwise than by deflate: convert it")
            return {key: archive.read(info) for key, info in infos.items()}
    except _UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{name} is a damaged zip archive ({reason}): replace it") from error


def _array(member: bytes, key: str, name: str) -> NDArray[np.integer[Any]]:
    """One-dimensional integer array of a .npy file, refused unless its text and its size agree."""
    if magic := _MAGIC.match(member):
        begin = magic.end()
        length = int.from_bytes(magic[1] or magic[2], "little")
        text = _TEXT.fullmatch(member[begin : begin + length])
        if text:
            dtype = np.dtype(text[1].decode("ascii"))
            count = int(text[2])
            begin += length
            if len(member) - begin != count * dtype.itemsize:
                raise DataError(
                    f"{name} says {count} entries of {dtype.itemsize} bytes in {key}, but has "
                    f"{len(member) - begin} bytes: it is damaged, replace it"
                )
            array = np.frombuffer(member, dtype=dtype, count=count, offset=begin)
            return array.astype(np.uint8) if dtype.kind == "b" else array
    start = member[:120].decode("ascii", "replace").replace("\n", " ")
    raise DataError(
        f"{name} has no one-dimensional integer array in {key} (starts with {start!r}): convert it"
    )
