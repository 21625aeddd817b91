"""Read a recording whatever its format: by its content first, then by its suffix."""

from pathlib import Path

from tssd.errors import DataError, UsageError
from tssd.events.formats.aedat2 import read_aedat2
from tssd.events.formats.aedat3 import read_aedat3
from tssd.events.formats.aedat4 import read_aedat4
from tssd.events.formats.five_byte import read_five_byte
from tssd.events.formats.npz import read_npz
from tssd.events.formats.source import aedat_version, kind, load
from tssd.events.stream import Events

FIVE_BYTE_SUFFIXES = (".bin", ".bs2")
AEDAT_SUFFIXES = (".aedat", ".aedat4")

KNOWN = "AEDAT 2.0, 3.1 and 4.0, five bytes an event (.bin, .bs2), SpikingJelly's events_np (.npz)"


def read_events(
    path: Path, *, height: int | None = None, width: int | None = None, strict: bool = False
) -> Events:
    """Read a recording of any known format.

    Args:
        path: The file.
        height: Rows of the sensor, for formats that do not hold them (five bytes, .npz); None
            takes what the events need.
        width: Columns of the sensor, likewise.
        strict: Whether to raise where something would be dropped or repaired.

    Raises:
        UsageError: Neither content nor suffix is known, or a size that is not the format's.
        DataError: The file is missing or damaged.
    """
    path = Path(path)
    data, name = load(path)
    version, suffix = aedat_version(data), path.suffix.lower()
    if version == "2.0":
        events = read_aedat2(data, strict=strict, name=name)
    elif version == "3.1":
        events = read_aedat3(data, strict=strict, name=name)
    elif version == "4.0":
        events = read_aedat4(path, strict=strict)
    elif kind(data) == "a zip archive" or suffix == ".npz":
        events = read_npz(data, height=height, width=width, strict=strict, name=name)
    elif version or suffix in AEDAT_SUFFIXES:
        raise DataError(f"{name} starts with {kind(data)}, expected one of: {KNOWN}")
    elif suffix in FIVE_BYTE_SUFFIXES:
        events = read_five_byte(data, height=height, width=width, strict=strict, name=name)
    else:
        raise UsageError(
            f"{name} starts with {kind(data)} and has the suffix {suffix!r}: neither tells its "
            f"format; known are {KNOWN}"
        )
    for side, given, own in (("height", height, events.height), ("width", width, events.width)):
        if given not in (None, own):
            raise UsageError(f"{side} is {given}, but {name} is of {own} pixels: leave it out")
    return events
