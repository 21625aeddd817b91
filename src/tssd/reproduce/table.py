"""Our numbers beside the paper's."""

import csv
import io
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from tssd.errors import DataError
from tssd.report.shown_names import in_csv, in_markdown
from tssd.reproduce.counted import Collected, refuse_other_splits
from tssd.reproduce.plan import Cell, Plan, Scale
from tssd.runs.evaluation import PerT
from tssd.runs.results import Epoch
from tssd.runs.which_epoch import EPOCHS, epochs_in_words

COLUMNS = (
    "data", "row", "column", "T", "seeds", "mean", "std", "paper mean", "paper std", "difference",
    "gain", "gain std", "paper gain", "train",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One cell with our values.

    Args:
        cell: the paper's side.
        words: what was trained, as after `tssd train`.
        values: test accuracy in per cent at the cell's T, one a seed.
        seeds: of the values.
        gain: mean over that of the baseline, in points; None without a baseline.
        gain_std: sample standard deviation of the differences, seed by seed; None where the seeds
            are not the same or fewer than two.
        paper_gain: the gain of the paper.
    """

    cell: Cell
    words: str
    values: tuple[float, ...]
    seeds: tuple[int, ...] = ()
    gain: float | None = None
    gain_std: float | None = None
    paper_gain: float | None = None

    @property
    def mean(self) -> float | None:
        """Mean over the seeds; None without any."""
        return statistics.mean(self.values) if self.values else None

    @property
    def std(self) -> float | None:
        """Sample standard deviation over the seeds; None for fewer than two."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def difference(self) -> float | None:
        """Our mean minus the paper's, in points; None where either is missing."""
        return _minus(self.mean, self.cell.paper)


@dataclass(frozen=True)
class Table:
    """All cells of a plan at one scale.

    Args:
        plan: what was planned.
        scale: paper or small.
        epoch: whose weights count.
        seeds: that were planned.
        lines: one a cell.
        splits: split hash of each data set.
        listed: what is not counted, and why.
        weights: the epoch in words.
    """

    plan: Plan
    scale: Scale
    epoch: Epoch
    seeds: tuple[int, ...]
    lines: tuple[Line, ...]
    splits: Mapping[str, str]
    listed: Sequence[str]
    weights: str

    @classmethod
    def of(
        cls,
        plan: Plan,
        cells: Sequence[Cell],
        collected: Collected,
        *,
        scale: Scale,
        seeds: Sequence[int],
        epoch: Epoch,
    ) -> Self:
        """Read every cell off the results of its runs.

        Raises: DataError: runs of one data set saw different samples, or were not evaluated at T.
        """
        finished = collected.finished
        splits = refuse_other_splits(cells, scale, finished)
        lines = [_read(cell, scale, epoch, collected) for cell in cells]
        lines = [_with_gain(line, lines, plan.text.get("baseline")) for line in lines]
        every = [results for cell in cells for results in finished.get(cell.runs[scale], ())]
        weights = epochs_in_words(every, epoch) if every else EPOCHS[epoch]
        return cls(
            plan, scale, epoch, tuple(seeds), tuple(lines), splits, collected.listed, weights
        )

    @property
    def has_paper(self) -> bool:
        """Whether the paper has a number for any of its cells."""
        return any(line.cell.paper is not None for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything, per seed too."""
        return {
            "name": self.plan.name,
            "title": self.plan.title,
            "source": self.plan.source,
            "scale": self.scale,
            "epoch": self.weights,
            "unit": "test accuracy, per cent; differences and gains in points",
            "seeds": list(self.seeds),
            "splits": dict(self.splits),
            "cells": [
                dict(zip(COLUMNS, _fields(line), strict=True))
                | {"recalibrated": line.cell.recalibrated, "runs": list(line.values)}
                for line in self.lines
            ],
            "not_counted": list(self.listed),
            "not_here": self.plan.text.get("not_here") or [],
            "notes": self.plan.text.get("notes") or [],
        }

    def to_csv(self) -> str:
        """A line per cell; empty where there is no number."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line in self.lines:
            fields = _fields(line)
            names_safe = [in_csv(v) if isinstance(v, str) else v for v in fields]
            writer.writerow(f"{v:.4f}" if isinstance(v, float) else v for v in names_safe)
        return text.getvalue()

    def to_markdown(self) -> str:
        """A table for a README, with what is not counted below it."""
        gains = any(line.gain is not None or line.paper_gain is not None for line in self.lines)
        columns = _columns(theirs=self.has_paper, gains=gains)
        rows = [
            "| " + " | ".join(columns) + " |",
            "| --- | --- | --- |" + " ---: |" * (len(columns) - 3),
        ]
        for line in self.lines:
            cells = [in_markdown(shown(line)) for shown in columns.values()]
            rows.append("| " + " | ".join(cells) + " |")
        planned = f"seeds {', '.join(map(str, self.seeds))}"
        rows += ["", f"Test accuracy, mean ± std over n runs ({planned}); {self.weights}."]
        if gains:
            baseline = in_markdown(self.plan.text["baseline"])
            rows[-1] += f" Gains are over {baseline}, in points,"
            rows[-1] += " ± std of the differences seed by seed."
        rows[-1] += " Splits: " + (
            ", ".join(in_markdown(f"{data} {split}") for data, split in self.splits.items())
            or "none"
        )
        for head, texts in (
            ("Not counted", list(map(in_markdown, self.listed))),
            ("Not here", self.plan.text.get("not_here") or []),
            ("Notes", self.plan.text.get("notes") or []),
        ):
            rows += ["", f"{head}:", "", *(f"- {text}" for text in texts)] if texts else []
        return "\n".join(rows) + "\n"


def spread(mean: float | None, std: float | None, sign: str = "") -> str:
    """`mean ± std` with two decimals, or a dash; sign "+" for a difference."""
    return "-" if mean is None else f"{mean:{sign}.2f}" + ("" if std is None else f" ± {std:.2f}")


def signed(value: float | None) -> str:
    """A difference with its sign, or a dash."""
    return spread(value, None, "+")


def _columns(*, theirs: bool, gains: bool) -> dict[str, Callable[[Line], str]]:
    """Heads of the table for people, with what stands below them; without what nobody has."""
    columns: dict[str, Callable[[Line], str]] = {
        "data": lambda line: line.cell.data,
        "method": lambda line: line.cell.row,
        "column": lambda line: line.cell.column,
        "T": lambda line: str(line.cell.at),
        "ours, %": lambda line: spread(line.mean, line.std),
        "n": lambda line: str(len(line.values)),
    }
    if theirs:
        columns["paper, %"] = lambda line: spread(line.cell.paper, line.cell.std)
        columns["difference"] = lambda line: signed(line.difference)
    if gains:
        columns["gain, ours"] = lambda line: spread(line.gain, line.gain_std, "+")
    if gains and theirs:
        columns["gain, paper"] = lambda line: signed(line.paper_gain)
    return columns


def _fields(line: Line) -> tuple[Any, ...]:
    cell = line.cell
    return (
        cell.data, cell.row, cell.column, cell.at, len(line.values), line.mean, line.std,
        cell.paper, cell.std, line.difference, line.gain, line.gain_std, line.paper_gain,
        line.words,
    )  # fmt: skip


def _read(cell: Cell, scale: Scale, epoch: Epoch, collected: Collected) -> Line:
    curves = collected.curves(cell, scale, epoch)
    values = tuple(_accuracy(curve, seed, cell) for seed, curve in curves.items())
    return Line(cell, cell.runs[scale].words, values, tuple(curves))


def _accuracy(curve: PerT, seed: int, cell: Cell) -> float:
    if cell.at > len(curve):
        raise DataError(
            f"{cell.data}, {cell.row}: T = {cell.at} is wanted, seed {seed} was "
            f"evaluated at T = 1 to {len(curve)}; run again into another --output with "
            f"--trainer.evaluate_timesteps {cell.at}"
        )
    return 100 * curve[cell.at - 1]


def _with_gain(line: Line, lines: Sequence[Line], baseline: str | None) -> Line:
    own = line.cell
    rows = [o for o in lines if (o.cell.row, o.cell.data) == (baseline, own.data)]
    # Of the same column if there is one; a sweep has one baseline for all its points.
    beside = [other for other in rows if other.cell.column == own.column]
    beside = beside or (rows if len(rows) == 1 else [])
    if not beside or own.row == baseline:
        return line
    other = beside[0]
    gain_std = None
    if line.seeds == other.seeds and len(line.seeds) > 1:
        gain_std = statistics.stdev(a - b for a, b in zip(line.values, other.values, strict=True))
    gain, paper_gain = _minus(line.mean, other.mean), _minus(own.paper, other.cell.paper)
    return replace(line, gain=gain, gain_std=gain_std, paper_gain=paper_gain)


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
