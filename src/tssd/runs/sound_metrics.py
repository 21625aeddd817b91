"""Whether a table of metrics is one that a training has written, and all of it."""

import csv
import io
import logging
from pathlib import Path

from tssd.errors import DataError
from tssd.runs.text_files import metrics_of, read_text

log = logging.getLogger("tssd")


def sound_metrics(path: Path, *, epochs: int | None = None) -> list[dict[str, float]]:
    """Rows of metrics.csv, as `read_metrics`, of a table in which nothing is missing or odd.

    Args:
        path: of the file.
        epochs: that were trained; None = not known.
    Raises: DataError: what is wrong with it.
    """
    text = read_text(path)
    rows = metrics_of(text, path)
    if path.exists() and (found := _fault(text, epochs)) is not None:
        raise DataError(f"{path}: damaged ({found}); restore it")
    return rows


def metrics_or_none(path: Path, *, epochs: int | None, lacks: str) -> list[dict[str, float]]:
    """The same, and no rows of a damaged table, with a warning: the rest is none the worse.

    Args:
        path: of the file.
        epochs: that were trained; None = not known.
        lacks: what there is not without it, in words.
    """
    try:
        return sound_metrics(path, epochs=epochs)
    except DataError as error:
        log.warning("%s; without it there %s", error, lacks)
        return []


def _fault(text: str, epochs: int | None) -> str | None:
    names, *table = [cells for cells in csv.reader(io.StringIO(text, newline="")) if cells] or [[]]
    if names[:1] != ["epoch"]:
        return "its first column is not epoch"
    for number, cells in enumerate(table):
        if len(cells) != len(names):
            return f"row {number + 1} has {len(cells)} cells, expected {len(names)}"
        odd = [(name, cell) for name, cell in zip(names, cells, strict=True) if not _is_one(cell)]
        for name, cell in odd:
            return f"row {number + 1}: {name} is {cell!r:.40}, expected a number"
        if float(cells[0] or "nan") != number:
            return f"row {number + 1} is of epoch {cells[0]!r:.40}, expected {number}"
    if epochs is not None and len(table) < epochs:
        return f"it ends after {len(table)} of {epochs} epochs"
    return None if text.endswith("\n") else "its last row is cut off"


def _is_one(cell: str) -> bool:
    """Whether a cell is a number, or empty, as where nothing was measured."""
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True
