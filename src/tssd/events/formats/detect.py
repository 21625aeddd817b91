"""Read a recording whatever its format: by its content first, then by its suffix."""

from pathlib import Path
from typing import Any

from tssd.errors import DataError, UsageError
from tssd.events.formats.aedat2 import read_aedat2
from tssd.events.formats.aedat3 import read_aedat3
from tssd.events.formats.aedat4 import read_aedat4
from tssd.events.formats.columns import Columns
from tssd.events.formats.csv_table import read_csv
from tssd.events.formats.five_byte import read_five_byte
from tssd.events.formats.hdf5 import MAGIC as HDF5
from tssd.events.formats.hdf5 import hdf5_sensor, read_hdf5
from tssd.events.formats.npy import MAGIC as NPY
from tssd.events.formats.npy import read_npy
from tssd.events.formats.npz import read_npz
from tssd.events.formats.prophesee import read_header, read_prophesee
from tssd.events.formats.source import aedat_version, kind, load
from tssd.events.stream import Events

FIVE_BYTE_SUFFIXES = (".bin", ".bs2")
AEDAT_SUFFIXES = (".aedat", ".aedat4")
PROPHESEE_SUFFIXES = (".raw", ".dat")
HDF5_SUFFIXES = (".h5", ".hdf5")
TEXT_SUFFIXES = (".csv", ".tsv", ".txt")

# Those of recordings in folders, where a text file may be a note.
SUFFIXES = frozenset(
    {*FIVE_BYTE_SUFFIXES, *AEDAT_SUFFIXES, *PROPHESEE_SUFFIXES, *HDF5_SUFFIXES}
    | {".csv", ".tsv", ".npz", ".npy"}
)

KNOWN = (
    "AEDAT 2.0, 3.1 and 4.0, five bytes an event (.bin, .bs2), SpikingJelly's events_np (.npz), "
    "Prophesee's .raw and .dat, HDF5 (.h5), tonic's .npy, tables as text (.csv, .tsv, .txt)"
)

AS_THE_FILES = Columns()


def read_events(
    path: Path, *, height: int | None = None, width: int | None = None, strict: bool = False
) -> Events:
    """Read a recording of any known format.

    Args:
        path: The file.
        height: Rows of the sensor, for formats that do not hold them (five bytes, .npz, .npy,
            text); None takes what the events need.
        width: Columns of the sensor, likewise.
        strict: Whether to raise where something would be dropped or repaired.

    Raises:
        UsageError: Neither content nor suffix is known, or a size that is not the format's.
        DataError: The file is missing or damaged.
    """
    events = read_own_events(path, height=height, width=width, strict=strict)
    for side, given, own in (("height", height, events.height), ("width", width, events.width)):
        if given not in (None, own):
            raise UsageError(f"{side} is {given}, but {path} is of {own} pixels: leave it out")
    return events


def sensor_of(path: Path) -> tuple[int, int] | None:
    """Rows and columns of the sensor as a recording itself says them; None if it does not.

    Raises:
        UsageError: A package that reads its format is not installed.
        DataError: The file is missing or damaged.
    """
    path = Path(path)
    data, name = load(path)
    suffix = path.suffix.lower()
    if aedat_version(data) or suffix in AEDAT_SUFFIXES:
        events = read_own_events(path)
        return events.height, events.width
    if data.startswith(HDF5) or suffix in HDF5_SUFFIXES:
        return hdf5_sensor(data, name=name)
    if suffix in PROPHESEE_SUFFIXES:
        return read_header(data, name=name).size(name)
    return None


def read_own_events(
    path: Path,
    *,
    height: int | None = None,
    width: int | None = None,
    strict: bool = False,
    columns: Columns = AS_THE_FILES,
) -> Events:
    """The same of a recording that may be of another size, or a table of columns of any kind.

    Args:
        path: The file.
        height: Rows of the sensor, for files that do not say them; None takes what the events need.
        width: Columns of the sensor, likewise.
        strict: Whether to raise where something would be dropped or repaired.
        columns: What columns hold that do not say it, and the unit of time (.npy, text, HDF5).

    Raises:
        UsageError: Neither content nor suffix is known, or a package that reads it is missing.
        DataError: The file is missing or damaged.
    """
    path = Path(path)
    data, name = load(path)
    version, suffix = aedat_version(data), path.suffix.lower()
    options: dict[str, Any] = {"height": height, "width": width, "strict": strict, "name": name}
    if version == "2.0":
        events = read_aedat2(data, strict=strict, name=name)
    elif version == "3.1":
        events = read_aedat3(data, strict=strict, name=name)
    elif version == "4.0":
        events = read_aedat4(path, strict=strict)
    elif kind(data) == "a zip archive" or suffix == ".npz":
        events = read_npz(data, **options)
    elif data.startswith(NPY) or suffix == ".npy":
        events = read_npy(data, columns=columns, **options)
    elif data.startswith(HDF5) or suffix in HDF5_SUFFIXES:
        events = read_hdf5(data, columns=columns, **options)
    elif version or suffix in AEDAT_SUFFIXES:
        raise DataError(f"{name} starts with {kind(data)}, expected one of: {KNOWN}")
    elif suffix in TEXT_SUFFIXES:
        events = read_csv(data, columns=columns, **options)
    elif suffix in PROPHESEE_SUFFIXES:
        events = read_prophesee(data, **options)
    elif suffix in FIVE_BYTE_SUFFIXES:
        events = read_five_byte(data, **options)
    else:
        raise UsageError(
            f"{name} starts with {kind(data)} and has the suffix {suffix!r}: neither tells its "
            f"format; known are {KNOWN}"
        )
    return events
