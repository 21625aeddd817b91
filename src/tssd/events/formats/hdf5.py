"""Recordings in HDF5 files, through the optional package h5py.

Looked for: a table CD/events or events with the fields t, x, y and p (Prophesee's), or four arrays
of these names in the groups events or CD, or right in the file (DSEC and many others).
"""

import importlib
import importlib.util
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.errors import DataError, UsageError
from tssd.events.formats.columns import (
    FIELDS,
    Columns,
    TimeUnit,
    events_of_columns,
    named_columns,
)
from tssd.events.formats.sensor import LARGEST, require_size
from tssd.events.formats.source import kind, load
from tssd.events.stream import Events

MAGIC = b"\x89HDF\r\n\x1a\n"
GROUPS = ("CD", "events", "")
# What arrays may unpack to: filters shrink events tenfold, and a file may say any size.
FREE_BYTES, MOST_EXPANSION = 2**26, 256
# The filter of Prophesee's own codec, which no Python package has.
ECF = 0x8ECF

NEEDED = "h5py, which reads HDF5, is not installed: pip install 'tssd[hdf5]'"


def read_hdf5(
    source: Path | bytes,
    *,
    height: int | None,
    width: int | None,
    columns: Columns = Columns(),  # noqa: B008 - immutable
    strict: bool = False,
    name: str = "",
) -> Events:
    """Read a recording.

    Args:
        source: A file, or its contents.
        height: Rows of the sensor, if the file does not say them; None takes what the events need.
        width: Columns of the sensor, likewise.
        columns: The unit of time, if it is not microseconds.
        strict: Whether to raise where something would be dropped or repaired.
        name: How to call the source in messages; its path if empty.

    Raises:
        UsageError: The package h5py is not installed, or a size below 1.
        DataError: No HDF5 file, without such arrays, packed by a filter that is not there, or
            damaged beyond repair (see `checked_events`).
    """
    require_size(height, width)
    data, name = load(source, name)
    if not data.startswith(MAGIC):
        raise DataError(f"{name} starts with {kind(data)}, expected HDF5")
    with opened(io.BytesIO(data), name=name) as file:
        found = _found(file, columns, name=name)
        fields, own = found.read(len(data), name=name), _size(file, found.holder)
    if own is not None:
        height, width = own
    return events_of_columns(
        fields, unit=found.unit, height=height, width=width, name=name, strict=strict
    )


def hdf5_sensor(data: bytes, *, name: str) -> tuple[int, int] | None:
    """Rows and columns of the sensor as a file says them; None if it does not.

    Raises:
        UsageError: The package h5py is not installed.
        DataError: The file is damaged, or holds no events.
    """
    with opened(io.BytesIO(data), name=name) as file:
        return _size(file, _found(file, Columns(), name=name).holder)


@contextmanager
def opened(source: io.BytesIO | Path, *, name: str) -> Iterator[Any]:
    """An open HDF5 file; what h5py raises inside becomes one line.

    Raises:
        UsageError: The package h5py is not installed.
        DataError: The file is damaged.
    """
    if importlib.util.find_spec("h5py") is None:
        raise UsageError(f"{name}: {NEEDED}")
    h5py = importlib.import_module("h5py")
    try:
        with h5py.File(source, "r") as file:
            yield file
    except (DataError, UsageError):
        raise
    except Exception as error:  # h5py raises anything on damaged files
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(f"{name} is a damaged HDF5 file ({reason}): replace it") from error


@dataclass(frozen=True)
class _Found:
    """Where the events of a file are.

    Args:
        holder: The group or table, which may say the sensor's size.
        arrays: An array for each of t, x, y and p, or one table for all.
        labels: The names of the table's fields for them; None: no table.
        unit: Of t.
    """

    holder: Any
    arrays: Mapping[str, Any]
    labels: Mapping[str, str] | None
    unit: TimeUnit

    def read(self, size: int, *, name: str) -> dict[str, NDArray[Any]]:
        """t, x, y and p of a file of so many bytes."""
        values = _values(self.arrays, size, name=name)
        if self.labels is None:
            return values
        return {field: values["events"][label] for field, label in self.labels.items()}


def _found(file: Any, columns: Columns, *, name: str) -> _Found:
    # Names stand in the file; an order is for files without.
    columns = Columns(None, columns.time_unit)
    for place in GROUPS:
        holder = file.get(place) if place else file
        inside = holder.get("events") if hasattr(holder, "get") else None
        for table in (inside, holder):
            names = getattr(getattr(table, "dtype", None), "names", None)
            if names is not None and len(getattr(table, "shape", ())) == 1:
                places, unit = named_columns(names, columns, name=name)
                labels = {field: names[k] for field, k in places.items()}
                return _Found(table, {"events": table}, labels, unit)
        if not hasattr(holder, "keys"):
            continue
        names = [key for key in holder if len(getattr(holder[key], "shape", ())) == 1]
        with suppress(DataError):
            places, unit = named_columns(names, columns, name=name)
            arrays = {field: holder[names[k]] for field, k in places.items()}
            return _Found(holder, arrays, None, unit)
    held = ", ".join(list(file)[:9]) or "nothing"
    raise DataError(
        f"{name} has no events where they are looked for (it holds {held}); expected a table "
        f"CD/events or events with {', '.join(FIELDS)}, or four arrays of these names: convert it"
    )


def _values(arrays: Mapping[str, Any], size: int, *, name: str) -> dict[str, NDArray[Any]]:
    """What arrays hold, read after their size and their filters have been looked at."""
    limit = FREE_BYTES + MOST_EXPANSION * size
    needed = sum(array.size * array.dtype.itemsize for array in arrays.values())
    if needed > limit:
        raise DataError(
            f"{name} of {size} bytes would unpack to {needed}, expected at most {limit}: it is "
            "damaged, or made to fill the memory"
        )
    for array in arrays.values():
        _require_filters(array, name=name)
    return {key: np.asarray(array[()]) for key, array in arrays.items()}


def _require_filters(array: Any, *, name: str) -> None:
    h5z = importlib.import_module("h5py").h5z
    plan = array.id.get_create_plist()
    for index in range(plan.get_nfilters()):
        code, _, _, label = plan.get_filter(index)
        if h5z.filter_avail(code):
            continue
        if importlib.util.find_spec("hdf5plugin") is not None:
            importlib.import_module("hdf5plugin")  # which makes its filters known
            if h5z.filter_avail(code):
                continue
        packed = f"{name} is packed by the filter {label.decode('ascii', 'replace') or code}"
        if code == ECF:
            raise DataError(
                f"{packed}, Prophesee's own: build github.com/prophesee-ai/hdf5_ecf and set "
                "HDF5_PLUGIN_PATH to it, or keep the .raw file"
            )
        raise DataError(f"{packed}, which is not installed: pip install 'tssd[hdf5]'")


def _size(file: Any, holder: Any) -> tuple[int, int] | None:
    """Rows and columns of the sensor as a file says them, by attributes or numbers beside."""
    for said in (holder, file):
        found = {str(key).lower(): said.attrs[key] for key in said.attrs}
        width, _, height = _word(found.get("geometry", "")).lower().partition("x")
        sides = []
        for side, default in (("height", height), ("width", width)):
            value = found.get(side, default)
            beside = said.get(side) if hasattr(said, "get") else None
            if not _word(value) and beside is not None and getattr(beside, "shape", 0) == ():
                value = beside[()]
            sides.append(_word(value))
        if all(side.isascii() and side.isdigit() and 1 <= int(side) <= LARGEST for side in sides):
            return int(sides[0]), int(sides[1])
    return None


def _word(value: Any) -> str:
    value = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    return str(value.item() if isinstance(value, np.generic) else value).strip()
