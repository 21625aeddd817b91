"""What a table of `tssd reproduce` costs to train: a step of each network, over one row's.

    python -m benchmarks.table_costs results/leaderboard/leaderboard.json --over "vanilla at 4"

Reads the table, takes optimisation steps of its networks by turns on one thread, on random images
of their size, and writes NAME-costs.csv, .md, .png and .svg beside it. Steps of teachers that have
to be trained before take turns with the others.
"""

import argparse
import csv
import io
import json
import logging
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import torch

from benchmarks.parts import Step, measure, steps_of
from benchmarks.tables import markdown
from tssd.config import build
from tssd.config.options import in_yaml
from tssd.report.plot import COLOURS
from tssd.report.shown_names import in_plot
from tssd.reproduce.picture import dress, new_figure, put_title, save
from tssd.reproduce.plan import Variant
from tssd.runs.folder import write_text
from tssd.runs.processors import in_words
from tssd.training.processor import processor

HEADER = (
    "data", "row", "column", "steps", "time", "least", "most", "held", "teacher", "training", "T",
    "accuracy", "train",
)  # fmt: skip
# Where a name may stand beside its point: in points, and which of its ends is there.
PLACES = [
    (side * x, y, "left" if side > 0 else "right")
    for x, y in ((5, 0), (5, 7), (5, -7), (5, 14), (5, -14), (12, 21), (12, -21))
    for side in (1, -1)
]


@dataclass(frozen=True)
class Costs:
    """Of one network of a table.

    Args:
        data: see the table; row, column, steps and train as well.
        time: of a step, times that of the row that all are over.
        least: of the ratios, round by round.
        most: of them.
        held: for the backward pass at most, times that of the row that all are over.
        teacher: a step of its training, times the step of that row; 0 without one.
        at: the lowest T of the table.
        accuracy: at that T, per cent.
    """

    data: str
    row: str
    column: str
    steps: int | None
    time: float
    least: float
    most: float
    held: float
    teacher: float
    at: int
    accuracy: float
    train: str

    @property
    def training(self) -> float:
        """Time of all that is trained, for as many epochs, times that of that row."""
        return self.time + self.teacher

    @property
    def fields(self) -> tuple[Any, ...]:
        """In the order of the header."""
        return (
            self.data, self.row, self.column, self.steps, self.time, self.least, self.most,
            self.held, self.teacher, self.training, self.at, self.accuracy, self.train,
        )  # fmt: skip


def cheapest_cells(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cell at the lowest T of every network that has values, as it was trained."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for cell in table["cells"]:
        if cell["runs"] and not cell["recalibrated"]:
            place = cell["data"], cell["row"], cell["column"]
            if place not in found or cell["T"] < found[place]["T"]:
                found[place] = cell
    return list(found.values())


def measured(cells: Sequence[Mapping[str, Any]], over: str, *, rounds: int) -> list[Costs]:
    """Costs of every cell's network, over the row of that name with the same data."""
    recipes = {cell["train"]: Variant.parse(cell["train"]) for cell in cells}
    made = steps_of(
        {words: (variant.recipe, variant.options) for words, variant in recipes.items()},
        announce=_announce,
    )
    # Students of one teacher share it.
    teachers = {in_yaml(own): Step(build(own)) for step in made.values() for own in step.taught_by}
    measure(made | teachers, rounds=rounds)
    base = {cell["data"]: made[cell["train"]] for cell in reversed(cells) if cell["row"] == over}
    return [
        _costs(
            cell,
            (own := made[cell["train"]]),
            base[cell["data"]],
            [teachers[in_yaml(teacher)] for teacher in own.taught_by],
        )
        for cell in cells
        if cell["train"] in made and cell["data"] in base
    ]


def as_csv(found: Sequence[Costs]) -> str:
    """A line a network."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for own in found:
        writer.writerow(f"{v:.4f}" if isinstance(v, float) else v for v in own.fields)
    return text.getvalue()


def as_markdown(found: Sequence[Costs], over: str) -> str:
    """A row a network: what it costs, and what it comes to."""
    rows = [
        (
            _named(own, found),
            "-" if own.steps is None else str(own.steps),
            f"{own.time:.2f}",
            f"{own.least:.2f} to {own.most:.2f}",
            f"{own.held:.2f}",
            f"{own.teacher:.2f}" if own.teacher else "",
            f"{own.training:.2f}",
            f"{own.accuracy:.2f}",
        )
        for own in found
    ]
    at = ", ".join(sorted({f"T = {own.at}" for own in found}))
    header = ("", "steps a sample", "step", "rounds", "held", "teacher", "training", f"%, {at}")
    return (
        f"{markdown(header, rows)}\n\n"
        f"All are times {over}: the processor's time of an optimisation step, median, with the "
        "smallest and largest ratio of a round; the bytes that autograd holds at most for the "
        "backward pass; a step of the training of a teacher, which all students of a seed share; "
        "and both trainings, for as many epochs. Measured "
        f"by `python -m benchmarks.table_costs` on {date.today()}: {in_words(processor())}; "
        f"torch {torch.__version__}, one thread.\n"
    )


def _named(own: Costs, found: Sequence[Costs]) -> str:
    """By all that tells it from the others."""
    parts = [own.data] if len({one.data for one in found}) > 1 else []
    parts += [own.column] if _has_columns(found) else []
    return ", ".join([*parts, own.row])


def plot(found: Sequence[Costs], path: Path, *, over: str) -> None:
    """Accuracy at the lowest T against the time of training, a plot a data set.

    A point bears its row's name; where there are several columns its column's, and rows have
    colours.
    """
    by_data: dict[str, list[Costs]] = {}
    for one in found:
        by_data.setdefault(one.data, []).append(one)
    several = _has_columns(found)
    rows = list(dict.fromkeys(own.row for own in found))
    figure = new_figure(9.5 * max(1, len(by_data)), 8.5)
    grid = figure.subplots(1, max(1, len(by_data)), squeeze=False)[0]
    for axes, (name, own) in zip(grid, by_data.items(), strict=False):
        for index, row in enumerate(rows):
            points = [(one.training, one.accuracy) for one in own if one.row == row]
            if points:
                colour = COLOURS[index % len(COLOURS)] if several else COLOURS[0]
                axes.scatter(*zip(*points, strict=True), s=18, color=colour, label=in_plot(row))
        if several:
            axes.legend(frameon=False, fontsize=8)
        axes.set_xlabel(in_plot(f"training time, times {over}"))
        axes.set_ylabel(f"test accuracy at T = {own[0].at}, %")
        dress(axes, name)
    put_title(figure, "Accuracy against the cost of training")
    figure.draw_without_rendering()  # only then is it known where a point is
    for axes, own in zip(grid, by_data.values(), strict=False):
        names = [in_plot(one.column if several else one.row) for one in own]
        put_names(axes, names, [(one.training, one.accuracy) for one in own])
    save(figure, path)


def put_names(axes: Any, names: Sequence[str], points: Sequence[tuple[float, float]]) -> None:
    """Beside each point its name, where no other name and no point is; else where least is."""
    spots = [axes.transData.transform(point) for point in points]
    boxes: list[Any] = []
    for name, point in zip(names, points, strict=True):
        texts = [
            axes.annotate(
                name, point, (x, y), textcoords="offset points", ha=side, va="center", fontsize=7
            )
            for x, y, side in PLACES
        ]
        found = [text.get_window_extent() for text in texts]
        hits = [
            sum(map(box.overlaps, boxes)) + sum(box.contains(*spot) for spot in spots)
            for box in found
        ]
        best = hits.index(min(hits))
        boxes.append(found[best])
        for text in texts[:best] + texts[best + 1 :]:
            text.remove()


def main(words: Sequence[str]) -> None:
    """Read a table, measure, and write what it costs beside it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table_costs", description=__doc__)
    parser.add_argument("table", type=Path, help="NAME.json of tssd reproduce")
    parser.add_argument("--over", required=True, metavar="ROW", help="the row that all are over")
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    options = parser.parse_args(words)
    cells = cheapest_cells(json.loads(options.table.read_text(encoding="utf-8")))
    if options.over not in (rows := {cell["row"] for cell in cells}):
        parser.error(f"--over: got {options.over!r}, expected one of {', '.join(sorted(rows))}")
    path = options.table.with_name(f"{options.table.stem}-costs")
    torch.set_num_threads(1)
    logging.getLogger("tssd").setLevel(logging.WARNING)
    found = measured(cells, options.over, rounds=options.rounds)
    write_text(path.with_name(f"{path.name}.csv"), as_csv(found))
    text = as_markdown(found, options.over)
    write_text(path.with_name(f"{path.name}.md"), text)
    plot(found, path, over=options.over)
    print(text)


def _costs(cell: Mapping[str, Any], own: Step, base: Step, teachers: Sequence[Step]) -> Costs:
    ratios = [a / b for a, b in zip(own.seconds, base.seconds, strict=True)]
    unit = statistics.median(base.seconds)
    return Costs(
        cell["data"],
        cell["row"],
        cell["column"],
        cell["steps"],
        statistics.median(own.seconds) / unit,
        min(ratios),
        max(ratios),
        own.held / base.held,
        sum(statistics.median(teacher.seconds) for teacher in teachers) / unit,
        cell["T"],
        cell["mean"],
        cell["train"],
    )


def _has_columns(found: Sequence[Costs]) -> bool:
    """Whether a row's name alone does not say which network it is."""
    return len({own.column for own in found}) > 1


def _announce(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
