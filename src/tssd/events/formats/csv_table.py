"""Tables of events as text: a line an event, columns between commas, semicolons, tabs or spaces.

The first line may name the columns. Lines that begin with # or % are comments.
"""

import io
import re
from pathlib import Path

import numpy as np

from tssd.errors import DataError
from tssd.events.formats.columns import (
    FIELDS,
    Columns,
    events_of_columns,
    named_columns,
    placed_columns,
)
from tssd.events.formats.sensor import require_size
from tssd.events.formats.source import load, refuse_other_format
from tssd.events.order import checked_events
from tssd.events.stream import Events

COMMENTS = ("#", "%")
DELIMITERS = (",", ";", "\t")

# Words for polarity that some programs write; looked for only where a file has letters.
_WORDS = {"true": "1", "on": "1", "false": "0", "off": "0"}
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
# Letters of numbers are those of exponents, nan and inf.
_LETTER = re.compile(r"[a-df-zA-DF-Z]")
_COMMENT = re.compile(r"^\s*%.*$", re.MULTILINE)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def read_csv(
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
        columns: What the columns are, and the unit of time, where the file does not say it.
        strict: Whether to raise where something would be dropped or repaired.
        name: How to call the source in messages; its path if empty.

    Raises:
        DataError: Not a table of numbers (says in which line), columns of unknown meaning, or
            damaged beyond repair (see `checked_events`).
        UsageError: A size below 1.
    """
    require_size(height, width)
    data, name = load(source, name)
    refuse_other_format(data, "a table of t, x, y and p as text", name=name)
    text = _text(data, name)
    begin, line = _first_line(text)
    if not line:
        nothing = np.empty(0, dtype=np.int64)
        size = height or 1, width or 1
        fields = nothing, nothing, nothing, nothing
        return checked_events(fields, size, name=name, strict=strict)
    delimiter = next((mark for mark in DELIMITERS if mark in line), None)
    entries = [entry.strip() for entry in line.split(delimiter)]
    unit = columns.time_unit
    if all(_is_number(entry) for entry in entries):
        places = placed_columns(len(entries), columns, name=name)
    else:
        places, unit = named_columns(entries, columns, name=name)
        begin += len(line)
    # Of the first row, counted from 1; a header ends before its line does.
    first = text.count("\n", 0, begin + 1) + 1
    body, clauses = _without_cut_end(text[begin:], delimiter, len(entries))
    table = _numbers(body, delimiter, places, first=first, name=name)
    held = {field: table[:, k] for k, field in enumerate(FIELDS)}
    return events_of_columns(
        held, unit=unit, height=height, width=width, name=name, strict=strict, clauses=clauses
    )


def _text(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name} is no text (byte {error.start} is {data[error.start]:#04x}), expected a table "
            "of t, x, y and p: use the suffix of its format, or save it as UTF-8"
        ) from error
    if (zero := text.find("\0")) >= 0:
        raise DataError(
            f"{name} is no text (a zero at {zero}), expected a table of t, x, y and p: use the "
            "suffix of its format, or save it as UTF-8"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _first_line(text: str) -> tuple[int, str]:
    """Where the first line begins that is neither empty nor a comment, and the line."""
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin)
        line = text[begin:] if end < 0 else text[begin:end]
        if _is_row(line):
            return begin, line
        begin += len(line) + 1
    return len(text), ""


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(COMMENTS)


def _is_number(entry: str) -> bool:
    return bool(_NUMBER.fullmatch(entry)) or entry.lower() in _WORDS


def _without_cut_end(text: str, delimiter: str | None, count: int) -> tuple[str, list[str]]:
    """Drop a last line that is no row, or ends early, as a writer leaves it that was killed."""
    begin = text.rfind("\n") + 1
    line = text[begin:]
    if not _is_row(line):
        return text[:begin], []
    held = len([entry for entry in line.split(delimiter) if entry.strip()])
    if held >= count:
        return text, []
    return text[:begin], [f"is cut off: its last line has {held} of {count} columns, dropped"]


def _numbers(
    text: str, delimiter: str | None, places: dict[str, int], *, first: int, name: str
) -> np.ndarray:
    """t, x, y and p as float64 [E, 4]; 53 bits hold microseconds for 285 years."""
    if _LETTER.search(text):
        text = _WORD.sub(lambda match: _WORDS[match[0].lower()], text)
    if "%" in text:  # NumPy reads slowly where there are two signs for comments
        text = _COMMENT.sub("", text)
    # It warns of tables without rows.
    if not _first_line(text)[1]:
        return np.empty((0, len(FIELDS)))
    try:
        return np.loadtxt(
            # Four times smaller than the text in a StringIO.
            io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"),
            dtype=np.float64,
            delimiter=delimiter,
            comments="#",
            usecols=[places[field] for field in FIELDS],
            ndmin=2,
        )
    except (ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{name} is a damaged table ({reason}; rows count from line {first}): correct the line"
        ) from error
