"""Text of run folders, which may be anybody's: no more is read than a run writes."""

import csv
import io
import math
from pathlib import Path

from tssd.errors import DataError
from tssd.runs.typed_json import HUGE

# Bytes. A configuration has 3 kB, ten thousand epochs have 2 MB of metrics.
LARGEST = 16 << 20
# Numbers of a table.
MOST_NUMBERS = 2_000_000


def read_text(path: Path) -> str:
    """The text of a file, "" where there is none; what is no UTF-8 is replaced.

    Raises: DataError: it is no file, cannot be read, or is larger than 16 MiB.
    """
    try:
        # A pipe would make its reader wait, and a device has no end.
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: damaged (it is no file); restore it")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(content) > LARGEST:
        raise DataError(f"{path}: damaged (larger than {LARGEST >> 20} MiB); restore it")
    return content.decode("utf-8", "replace")


def read_metrics(path: Path) -> list[dict[str, float]]:
    """Rows of a table of metrics; none where there is no file. What is no number is NaN.

    An empty cell was not measured, as in an epoch without validation: its row has no such key.

    Raises: DataError: it is not a table, or too large for one of a run.
    """
    return metrics_of(read_text(path), path)


def metrics_of(text: str, path: Path) -> list[dict[str, float]]:
    """As `read_metrics`, of the text of a file that was read."""
    rows: list[dict[str, float]] = []
    count = 0
    try:
        reader = csv.reader(io.StringIO(text, newline=""))
        names = next(reader, [])
        for cells in reader:
            if not cells:
                continue
            count += len(names)
            if count > MOST_NUMBERS:
                raise DataError(f"{path}: damaged (more than {MOST_NUMBERS} numbers); restore it")
            pairs = zip(names, cells, strict=False)
            rows.append({name: _number(cell) for name, cell in pairs if cell})
    except csv.Error as error:
        raise DataError(f"{path}: damaged ({error}); restore it") from None
    return rows


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return math.copysign(math.inf, value) if abs(value) > HUGE else value
