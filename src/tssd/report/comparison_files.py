"""The files of a comparison, beside its runs."""

from pathlib import Path

from tssd.atomic import write_atomically
from tssd.report.comparison import Comparison
from tssd.report.plot import plot_comparison
from tssd.runs.folder import write_json, write_text


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Write comparison.csv, .json, .md, .png and .svg.

    Args:
        comparison: methods side by side.
        folder: of the runs.
    Raises: DataError: the disk is full or cannot be written.
    """
    write_text(folder / "comparison.csv", comparison.to_csv())
    write_json(folder / "comparison.json", comparison.to_dict())
    write_text(folder / "comparison.md", comparison.to_markdown())
    for suffix in ("png", "svg"):
        write_atomically(
            folder / f"comparison.{suffix}",
            lambda path, suffix=suffix: plot_comparison(comparison, path, format=suffix),
        )
