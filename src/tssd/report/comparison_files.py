"""The files of a comparison, beside its runs."""

from pathlib import Path
from typing import Any

from tssd.atomic import write_atomically
from tssd.report.differences import Differences
from tssd.report.plot import plot_comparison
from tssd.runs.folder import write_json, write_text


def content(differences: Differences) -> dict[str, Any]:
    """What comparison.json holds."""
    return differences.comparison.to_dict() | {"differences": differences.to_dict()}


def write_comparison(differences: Differences, folder: Path) -> None:
    """Write comparison.csv, .json, .md, .png and .svg, and comparison-differences.csv.

    Args:
        differences: methods side by side, and against one of them.
        folder: of the runs.
    Raises: DataError: the disk is full or cannot be written.
    """
    comparison = differences.comparison
    text = comparison.to_markdown()
    if differences.tests:
        text += f"\n{differences.to_markdown()}"
    write_text(folder / "comparison.csv", comparison.to_csv())
    write_text(folder / "comparison-differences.csv", differences.to_csv())
    write_json(folder / "comparison.json", content(differences))
    write_text(folder / "comparison.md", text)
    for suffix in ("png", "svg"):
        write_atomically(
            folder / f"comparison.{suffix}",
            lambda path, suffix=suffix: plot_comparison(comparison, path, format=suffix),
        )
