"""NumPy's .npy files: a structured array with the fields t, x, y and p, as tonic has them, or rows.

Read without NumPy's loader, which takes the memory that an array's header says.
"""

import io
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.errors import DataError
from tssd.events.formats.columns import Columns, events_of_columns, named_columns, placed_columns
from tssd.events.formats.sensor import require_size
from tssd.events.formats.source import kind, load
from tssd.events.stream import Events
from tssd.npy_header import parsed

MAGIC = b"\x93NUMPY"
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npy(
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
        height: Rows of the sensor; None takes what the events need, at least 1.
        width: Columns of the sensor; None takes what the events need, at least 1.
        columns: What the columns of an array [E, n] are, and the unit of time.
        strict: Whether to raise where something would be dropped or repaired.
        name: How to call the source in messages; its path if empty.

    Raises:
        DataError: Another kind of array, of other size than its header says, or damaged beyond
            repair (see `checked_events`).
        UsageError: A size below 1.
    """
    require_size(height, width)
    data, name = load(source, name)
    if not data.startswith(MAGIC):
        raise DataError(f"{name} starts with {kind(data)}, expected NumPy's array (.npy)")
    array = _array(data, name)
    unit = columns.time_unit
    if array.dtype.names is not None and array.ndim == 1:
        places, unit = named_columns(array.dtype.names, columns, name=name)
        fields = {field: array[array.dtype.names[place]] for field, place in places.items()}
    elif array.dtype.names is None and array.ndim == 2:
        places = placed_columns(array.shape[1], columns, name=name)
        fields = {field: array[:, place] for field, place in places.items()}
    else:
        raise DataError(
            f"{name} has {array.dtype} of shape {list(array.shape)}, expected a structured array "
            "[E] with the fields t, x, y and p, or rows [E, columns]: convert it"
        )
    return events_of_columns(
        fields, unit=unit, height=height, width=width, name=name, strict=strict
    )


def _array(data: bytes, name: str) -> NDArray[Any]:
    """The array, a view of the bytes, after its header has been compared with their number."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers of Python 2
            shape, is_fortran, dtype, start = parsed(lambda: _header(data))
    except Exception as error:  # the text of a header is parsed as Python, which raises anything
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise DataError(f"{name} is a damaged .npy file ({reason}): replace it") from error
    if dtype.hasobject:
        raise DataError(f"{name} holds Python objects, expected numbers: save it as numbers")
    if dtype.itemsize == 0 or any(side < 0 for side in shape):
        raise DataError(
            f"{name} says {list(shape)} entries of {dtype}, which is nothing: replace it"
        )
    count = math.prod(shape)
    held, needed = len(data) - start, count * dtype.itemsize
    if held != needed:
        raise DataError(
            f"{name} says {list(shape)} entries of {dtype.itemsize} bytes, {needed} in all, but "
            f"has {held} from byte {start} on: it is damaged, replace it"
        )
    flat = np.frombuffer(data, dtype=dtype, count=count, offset=start)
    return flat.reshape(shape, order="F" if is_fortran else "C")


def _header(data: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether it is in Fortran's order, type, and the byte where the numbers start."""
    file = io.BytesIO(data)
    shape, is_fortran, dtype = _READERS[np.lib.format.read_magic(file)](file)
    return shape, is_fortran, dtype, file.tell()
