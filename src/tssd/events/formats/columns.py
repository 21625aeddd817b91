"""Recordings as four columns of numbers, as people write them: units, signs and fractions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tssd.errors import DataError, UsageError
from tssd.events.formats.sensor import size_of
from tssd.events.order import checked_events
from tssd.events.stream import Events

FIELDS = ("t", "x", "y", "p")
TimeUnit = Literal["ns", "us", "ms", "s"]
# Microseconds of each unit.
MICROSECONDS: Mapping[str, float] = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
# Names that columns go by, in lower case, without a unit in brackets or behind a bar.
NAMES: Mapping[str, str] = {
    "t": "t", "ts": "t", "time": "t", "timestamp": "t", "timestamps": "t",
    "x": "x", "y": "y",
    "p": "p", "pol": "p", "polarity": "p", "polarities": "p",
}  # fmt: skip
# Units that a name may end in, such as t_us or "time [s]".
UNITS: Mapping[str, TimeUnit] = {unit: unit for unit in get_args(TimeUnit)}

# Time stamps in microseconds, far above the age of any recording; sums of two stay in int64.
LATEST = 2**61

# Different times within a microsecond, on average over a recording. More are of another unit: no
# camera sees 100 million changes a second, one after the other, as long as it records.
MOST_TIMES = 100

_NUMBERS = "buif"  # NumPy's kinds: boolean, unsigned, signed, floating point

# The second is for `predict`, which takes no options of the data.
ADVICE = (
    "give --data.columns, such as '[t, x, y, p]', in their order (other names are ignored), or "
    "name them so in the file"
)


@dataclass(frozen=True)
class Columns:
    """What the columns of a file are that does not say it itself, or not in full.

    Args:
        order: Names of the columns, among them t, x, y and p; None takes what the file says.
        time_unit: Of time stamps that name none.

    Raises:
        UsageError: t, x, y or p is missing or there twice, or an unknown unit.
    """

    order: tuple[str, ...] | None = None
    time_unit: TimeUnit = "us"

    def __post_init__(self) -> None:
        if self.order is not None and any(self.order.count(field) != 1 for field in FIELDS):
            raise UsageError(
                f"data.columns: got {list(self.order)}, expected each of t, x, y and p once"
            )
        if self.time_unit not in MICROSECONDS:
            raise UsageError(
                f"data.time_unit: got {self.time_unit!r}, expected {' or '.join(MICROSECONDS)}"
            )


def named_columns(
    found: Sequence[str], columns: Columns, *, name: str
) -> tuple[dict[str, int], TimeUnit]:
    """Which column holds what, by the names in a file, and the unit of time.

    Args:
        found: Names as they stand in the file.
        columns: What the user says; its order, if given, replaces the names.
        name: The file, for messages.

    Raises:
        DataError: t, x, y or p is not among them, or there twice.
    """
    if columns.order is not None:
        return placed_columns(len(found), columns, name=name), columns.time_unit
    places: dict[str, int] = {}
    unit = columns.time_unit
    for place, label in enumerate(found):
        word, own = _plain(label)
        field = NAMES.get(word)
        if field is None:
            continue
        if field in places:
            raise DataError(f"{name} has two columns for {field} in {list(found)[:9]}: {ADVICE}")
        places[field] = place
        if field == "t" and own is not None:
            unit = own
    if missing := [field for field in FIELDS if field not in places]:
        raise DataError(
            f"{name} has the columns {list(found)[:9]}, none of which is {missing[0]}: {ADVICE}"
        )
    return places, unit


def placed_columns(count: int, columns: Columns, *, name: str) -> dict[str, int]:
    """Which column holds what, by the order that the user gives.

    Raises:
        DataError: The file has another number of columns, or no order is given.
    """
    if columns.order is None:
        raise DataError(f"{name} does not say what its {count} columns are: {ADVICE}")
    if len(columns.order) != count:
        raise DataError(
            f"{name} has {count} columns, but data.columns names {len(columns.order)} "
            f"{list(columns.order)}: {ADVICE}"
        )
    return {field: columns.order.index(field) for field in FIELDS}


def _plain(label: str) -> tuple[str, TimeUnit | None]:
    """A column's name without decoration, and the unit that it names."""
    words = label.strip().strip("\"'").lower().replace("µ", "u")
    for mark in "[](){}":
        words = words.replace(mark, " ")
    parts = words.replace("_", " ").split()
    unit = UNITS.get(parts[-1]) if len(parts) > 1 else None
    return "".join(parts[:-1] if unit else parts), unit


def events_of_columns(
    fields: Mapping[str, NDArray[Any]],
    *,
    unit: TimeUnit,
    height: int | None,
    width: int | None,
    name: str,
    strict: bool,
    clauses: Sequence[str] = (),
) -> Events:
    """Make a recording of columns of any number type.

    Args:
        fields: t, x, y and p, each [E]. p is 0 and 1, -1 and 1, or truth values.
        unit: Of t.
        height: Rows of the sensor; None takes what the events need, at least 1.
        width: Columns of the sensor, likewise.
        name: The file, for messages.
        strict: Whether to raise where something would be dropped or repaired.
        clauses: What the reader itself has found already.

    Raises:
        DataError: Not numbers, not of the same length, fractions of pixels, other polarities,
            absurd times, or damaged beyond repair (see `checked_events`).
    """
    lengths = {field: len(values) for field, values in fields.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{name} has columns of different length: {lengths}; replace it")
    for field, values in fields.items():
        _require_numbers(values, field, name)
    x, y = (_whole(fields[field], field, name) for field in ("x", "y"))
    p = _polarity(fields["p"], name)
    t = _microseconds(fields["t"], unit, name)
    size = size_of(x, y, height, width)
    return checked_events((t, x, y, p), size, name=name, strict=strict, clauses=clauses)


def _require_numbers(values: NDArray[Any], field: str, name: str) -> None:
    if values.ndim != 1 or values.dtype.kind not in _NUMBERS:
        raise DataError(
            f"{name} has {values.dtype} of shape {list(values.shape)} in {field}, expected one "
            "number an event: convert it"
        )
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        first = int(np.argmin(np.isfinite(values)))
        raise DataError(
            f"{name} has {values[first]} in {field} at event {first}, expected a number: replace it"
        )


def _whole(values: NDArray[Any], field: str, name: str) -> NDArray[Any]:
    if values.dtype.kind != "f":
        return values.astype(np.uint8) if values.dtype.kind == "b" else values
    rounded = np.rint(values)
    if (wrong := values != rounded).any():
        first = int(np.argmax(wrong))
        raise DataError(
            f"{name} has {field} {values[first]:g} at event {first}, expected whole pixels: is it "
            f"another column ({ADVICE}), or are the coordinates rectified? Round them"
        )
    # What is far off any sensor stays so, and is told with the sensor's size.
    return np.clip(rounded, -1, 2**31).astype(np.int64)


def _polarity(values: NDArray[Any], name: str) -> NDArray[Any]:
    if values.dtype.kind == "b" or not len(values):
        return values.astype(np.uint8)
    low, high = values.min(), values.max()
    if low == -1 and high <= 1 and not (values == 0).any():
        values = values > 0
    known = (values == 0) | (values == 1)
    if not known.all():
        raise DataError(
            f"{name} has p from {low:g} to {high:g}, expected 0 and 1, or -1 and 1: is it another "
            f"column? {ADVICE}"
        )
    return values.astype(np.uint8)


def _microseconds(values: NDArray[Any], unit: TimeUnit, name: str) -> NDArray[np.int64]:
    if not len(values):
        return np.empty(0, dtype=np.int64)
    factor = MICROSECONDS[unit]
    low, high = (float(value) * factor for value in (values.min(), values.max()))
    if not -LATEST < low <= high < LATEST:
        raise DataError(
            f"{name} has times from {low:g} to {high:g} us, expected below 2^61: it is damaged, or "
            "they are in another unit (--data.time_unit)"
        )
    if values.dtype.kind != "f" and factor >= 1:
        return values.astype(np.int64) * round(factor)
    if values.dtype.kind != "f":  # nanoseconds since 1970 are more than a float holds exactly
        return values.astype(np.int64) // 1000
    t = np.rint(values.astype(np.float64) * factor).astype(np.int64)
    if unit != "s":
        _require_apart(values, t, unit, name)
    return t


def _require_apart(values: NDArray[Any], t: NDArray[np.int64], unit: TimeUnit, name: str) -> None:
    """Refuse times with fractions that rounding makes one, as it does of seconds read as us.

    Different times are counted, not events: many at one time may be sound, and so are fractions
    that are nothing but a float's.
    """
    most = MOST_TIMES * (int(t.max()) - int(t.min()) + 1)
    if len(values) > most and (found := len(np.unique(values))) > most:
        raise DataError(
            f"{name} has {found} different times from {values.min():g} to {values.max():g} in t, "
            f"expected fewer within so few {unit}: give the unit that they are in, such as "
            "--data.time_unit s"
        )
