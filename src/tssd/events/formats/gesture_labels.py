"""The label files of DVS-Gesture: which gesture was made when.

A line `class,startTime_usec,endTime_usec`, then a row a gesture: a class from 1 to 11 and its
window, in microseconds of the recording. The same class may come twice (class 8 always does, and
user26_fluorescent repeats others).

Known error of the data set: in user22_led_labels.csv class 9 ends after class 10 has started.
Overlapping windows are warned about and kept: each is cut out of the recording separately, so both
hold exactly the events of their own time, some in both.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tssd.atomic import replacing
from tssd.errors import DataError, UsageError
from tssd.events.formats.source import load

CLASSES = 11
COLUMNS = "class,startTime_usec,endTime_usec"

# At most 18 digits stay within int64.
_ROW = re.compile(r"\s*([0-9]{1,18})\s*,\s*([0-9]{1,18})\s*,\s*([0-9]{1,18})\s*", re.ASCII)


@dataclass(frozen=True)
class GestureWindow:
    """One gesture.

    Args:
        label: its class, 0 to 10 (the file's class less 1).
        start: first microsecond.
        end: first microsecond after it.
    """

    label: int
    start: int
    end: int


def read_labels(source: Path | bytes, *, name: str = "") -> tuple[GestureWindow, ...]:
    """Read the windows of a recording, in the order of the file.

    Args:
        source: A file, or its contents.
        name: How to call the source in messages; its path if empty.

    Raises:
        DataError: Missing or not such a table: other columns, no row, no number, a class out of
            1 to 11, a window that ends before it starts.
    """
    data, name = load(source, name)
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is no text, expected the line {COLUMNS}: replace it") from error
    first = lines[0].replace(" ", "") if lines else ""
    if first.strip() != COLUMNS:
        raise DataError(f"{name} starts with {first[:80]!r}, expected {COLUMNS}: replace it")
    windows = tuple(
        _window(line, number, name) for number, line in enumerate(lines[1:], 2) if line.strip()
    )
    if not windows:
        raise DataError(f"{name} has no row below {COLUMNS}, expected one a gesture: replace it")
    _warn_of_overlap(windows, name)
    return windows


def write_labels(path: Path, windows: Sequence[GestureWindow]) -> None:
    """Write windows that `read_labels` reads back exactly.

    Raises:
        UsageError: No window, or one that the table cannot hold.
        DataError: The file cannot be written.
    """
    if not windows:
        raise UsageError("no windows to write, expected one a gesture")
    for window in windows:
        if not (0 <= window.label < CLASSES and 0 <= window.start < window.end < 10**18):
            raise UsageError(
                f"{window} cannot be written, expected a label from 0 to {CLASSES - 1} and "
                "0 <= start < end"
            )
    rows = [f"{window.label + 1},{window.start},{window.end}" for window in windows]
    with replacing(path) as file:
        file.write("".join(f"{line}\n" for line in [COLUMNS, *rows]).encode("ascii"))


def recorded(
    windows: Sequence[GestureWindow], last: int, *, name: str
) -> tuple[GestureWindow, ...]:
    """Leave out, with a warning, the windows that start after the last event of a cut-off file.

    Args:
        windows: The windows of a recording.
        last: Time of its last event, microseconds.
        name: The recording, for the warning.
    """
    kept = tuple(window for window in windows if window.start <= last)
    if len(kept) < len(windows):
        logging.getLogger("tssd").warning(
            "%s ends at %d us, before %d of its %d gestures start: they are left out",
            name, last, len(windows) - len(kept), len(windows),
        )  # fmt: skip
    return kept


def _window(line: str, number: int, name: str) -> GestureWindow:
    match = _ROW.fullmatch(line)
    if not match:
        raise DataError(
            f"{name}, line {number}: {line[:80]!r} is no row of {COLUMNS}, expected three whole "
            "numbers with commas between: correct it"
        )
    gesture, start, end = (int(group) for group in match.groups())
    if not 1 <= gesture <= CLASSES:
        raise DataError(
            f"{name}, line {number}: class is {gesture}, expected 1 to {CLASSES}: correct it"
        )
    if start >= end:
        raise DataError(
            f"{name}, line {number}: starts at {start} and ends at {end}, expected start < end: "
            "correct it"
        )
    return GestureWindow(label=gesture - 1, start=start, end=end)


def _warn_of_overlap(windows: Sequence[GestureWindow], name: str) -> None:
    ordered = sorted(windows, key=lambda window: (window.start, window.end))
    pairs = zip(ordered, ordered[1:], strict=False)
    overlaps = [
        f"class {one.label + 1} ends at {one.end}, after the start of class {two.label + 1} at "
        f"{two.start}"
        for one, two in pairs
        if one.end > two.start
    ]
    if overlaps:
        logging.getLogger("tssd").warning(
            "%s: %s; each window is cut out separately", name, "; ".join(overlaps[:3])
        )
