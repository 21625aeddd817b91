"""Our numbers beside the paper's."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tssd.errors import DataError
from tssd.report.shown_names import in_csv, in_markdown
from tssd.reproduce.ablation import ablation_markdown
from tssd.reproduce.composition import composition_markdown
from tssd.reproduce.counted import Collected, refuse_other_splits
from tssd.reproduce.lines import Line, signed, spread, with_gains
from tssd.reproduce.plan import Cell, Plan, Scale
from tssd.reproduce.record import Record
from tssd.runs.processors import counted_processors, told
from tssd.runs.results import Epoch
from tssd.runs.which_epoch import EPOCHS, counted_words

COLUMNS = (
    "data", "row", "column", "T", "seeds", "mean", "std", "paper mean", "paper std", "difference",
    "gain", "gain std", "pairs", "p", "corrected p", "paper gain", "steps", "train",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """All cells of a plan at one scale.

    Args:
        plan: what was planned.
        scale: of the runs.
        epoch: whose weights count.
        seeds: that were planned.
        lines: one a cell.
        splits: split hash of each data set.
        listed: what is not counted, and why.
        weights: the epoch in words.
        records: of the runs that count.
    """

    plan: Plan
    scale: Scale
    epoch: Epoch
    seeds: tuple[int, ...]
    lines: tuple[Line, ...]
    splits: Mapping[str, str]
    listed: Sequence[str]
    weights: str
    records: Sequence[Record] = ()

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
        records = collected.records(epoch)
        splits = refuse_other_splits(cells, scale, records)
        lines = [_read(cell, scale, records.get(cell.runs[scale], {})) for cell in cells]
        lines = with_gains(lines, plan.text.get("baseline"))
        shown = dict.fromkeys(cell.runs[scale] for cell in cells)
        own = [record for v in shown for record in records.get(v, {}).values()]
        weights = counted_words(record.epoch_in_words for record in own) if own else EPOCHS[epoch]
        return cls(
            plan,
            scale,
            epoch,
            tuple(seeds),
            tuple(lines),
            splits,
            collected.listed,
            weights,
            own,
        )

    @property
    def processors(self) -> dict[str, int]:
        """How many of the runs come from each kind, as far as it was recorded."""
        return counted_processors(record.processor for record in self.records)

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
            "unit": "test accuracy, per cent; differences and gains in points; steps: timesteps of "
            "the whole network a training sample",
            "seeds": list(self.seeds),
            "splits": dict(self.splits),
            "processors": dict(self.processors),
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
            writer.writerow(map(_csv_cell, COLUMNS, _fields(line)))
        return text.getvalue()

    def to_markdown(self) -> str:
        """A table for a README, with what is not counted below it."""
        gains = any(line.gain is not None or line.paper_gain is not None for line in self.lines)
        if self.plan.kind == "ablation":
            text = self.plan.text
            rows = ablation_markdown(self.lines, text.get("baseline"), text.get("also_over") or ())
        elif self.plan.kind == "composition":
            rows = composition_markdown(self.lines)
        else:
            rows = self._rows(gains=gains)
        planned = f"seeds {', '.join(map(str, self.seeds))}"
        rows += ["", f"Test accuracy, mean ± std over n runs ({planned}); {self.weights}."]
        if gains:
            baseline = in_markdown(self.plan.text["baseline"])
            rows[-1] += f" Gains are over {baseline}, in points,"
            rows[-1] += (
                " ± std of the differences over the seeds that both have; p by a paired t test,"
            )
            rows[-1] += " corrected (Holm) for all that is compared with it at that T."
        if self.plan.kind == "composition":
            rows[-1] += " Differences are over the seeds that both have, in points, ± std; bold"
            rows[-1] += " where a paired t test, corrected (Holm) for the lines, tells them apart."
        rows[-1] += " Steps: timesteps of the whole network a training sample."
        rows[-1] += " Splits: " + (
            ", ".join(in_markdown(f"{data} {split}") for data, split in self.splits.items())
            or "none"
        )
        if note := told(self.processors):
            rows += ["", in_markdown(note)]
        for head, texts in (
            ("Not counted", list(map(in_markdown, self.listed))),
            ("Not here", self.plan.text.get("not_here") or []),
            ("Notes", self.plan.text.get("notes") or []),
        ):
            rows += ["", f"{head}:", "", *(f"- {text}" for text in texts)] if texts else []
        return "\n".join(rows) + "\n"

    def _rows(self, *, gains: bool) -> list[str]:
        """A row per cell."""
        tested = any(line.p is not None for line in self.lines)
        columns = _columns(theirs=self.has_paper, gains=gains, tested=tested)
        rows = [
            "| " + " | ".join(columns) + " |",
            "| --- | --- | --- |" + " ---: |" * (len(columns) - 3),
        ]
        for line in self.lines:
            cells = [in_markdown(shown(line)) for shown in columns.values()]
            rows.append("| " + " | ".join(cells) + " |")
        return rows


def _columns(*, theirs: bool, gains: bool, tested: bool) -> dict[str, Callable[[Line], str]]:
    """Heads of the table for people, with what stands below them; without what nobody has."""
    columns: dict[str, Callable[[Line], str]] = {
        "data": lambda line: line.cell.data,
        "method": lambda line: line.cell.row,
        "column": lambda line: line.cell.column,
        "T": lambda line: str(line.cell.at),
        "ours, %": lambda line: spread(line.mean, line.std),
        "n": lambda line: str(len(line.values)),
        "steps": lambda line: "-" if line.steps is None else str(line.steps),
    }
    if theirs:
        columns["paper, %"] = lambda line: spread(line.cell.paper, line.cell.std)
        columns["difference"] = lambda line: signed(line.difference)
    if gains:
        columns["gain, ours"] = lambda line: spread(line.gain, line.gain_std, "+")
    if tested:
        columns["p"] = lambda line: "-" if line.p is None else f"{line.p:.2g}"
        columns["corrected"] = lambda line: (
            "-" if line.corrected_p is None else f"{line.corrected_p:.2g}"
        )
    if gains and theirs:
        columns["gain, paper"] = lambda line: signed(line.paper_gain)
    return columns


def _csv_cell(column: str, value: Any) -> Any:
    """Four decimals, of p four digits, however small it is; names that are no formulas."""
    if not isinstance(value, float):
        return in_csv(value) if isinstance(value, str) else value
    # Adding 0 makes a rounded -0.0 a plain 0.
    return f"{value:.4g}" if column in ("p", "corrected p") else f"{round(value, 4) + 0.0:.4f}"


def _fields(line: Line) -> tuple[Any, ...]:
    cell = line.cell
    return (
        cell.data, cell.row, cell.column, cell.at, len(line.values), line.mean, line.std,
        cell.paper, cell.std, line.difference, line.gain, line.gain_std, line.pairs,
        line.p, line.corrected_p, line.paper_gain, line.steps, line.words,
    )  # fmt: skip


def _read(cell: Cell, scale: Scale, records: Mapping[int, Record]) -> Line:
    curves = {seed: record.curve(cell) for seed, record in records.items()}
    # A run that could not be recalibrated is listed elsewhere.
    values = {seed: _accuracy(curve, seed, cell) for seed, curve in curves.items() if curve}
    steps = {record.network_steps for record in records.values()}
    return Line(
        cell,
        cell.runs[scale].words,
        tuple(values.values()),
        tuple(values),
        steps=_counted(steps.pop(), cell.longer) if len(steps) == 1 else None,
    )


def _counted(steps: int | None, longer: int) -> int | None:
    return None if steps is None else steps * longer


def _accuracy(curve: Mapping[int, float], seed: int, cell: Cell) -> float:
    if cell.at not in curve:
        raise DataError(
            f"{cell.data}, {cell.row}: T = {cell.at} is wanted, seed {seed} was "
            f"evaluated at T = 1 to {max(curve)}; run again into another --output with "
            f"--trainer.evaluate_timesteps {cell.at}"
        )
    return 100 * curve[cell.at]
