"""How a run was trained: curves, configuration, machine, command."""

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tssd.listed import and_more
from tssd.report.html.elements import Html, details, element, note, paragraph, together
from tssd.report.html.figures import figure, figures
from tssd.report.html.line_chart import Chart, Series
from tssd.report.html.rounding import digits, from_one, percent
from tssd.report.html.sourced import Sourced, shown
from tssd.report.html.tables import facts, table
from tssd.runs.files import is_of_objects
from tssd.runs.later_evaluation import LaterEvaluation

Rows = Sequence[Mapping[str, float]]


def curves(rows: Rows) -> Html:
    """The loss's terms and the accuracy on the validation samples, by epoch and by seconds."""
    if not rows:
        return paragraph("metrics.csv is not there, or holds no epoch.")
    keys = list(dict.fromkeys(key for row in rows for key in row if key != "epoch"))
    terms = {key.partition("/")[2]: key for key in keys if key.startswith("train/")}
    # T = 10 comes after T = 9.
    timed = sorted((k for k in keys if k.startswith("val/accuracy_t")), key=lambda k: (len(k), k))
    accuracy = {_timestep(key): key for key in timed}
    if not accuracy and "val/accuracy" in keys:
        accuracy = {"accuracy": "val/accuracy"}
    bad = [(i, k) for i, row in enumerate(rows, 1) for k in keys if not _is_sound(row, k)]
    parts: list[Html] = []
    if bad:
        named = and_more([f"{key} in epoch {epoch}" for epoch, key in bad], 5)
        parts.append(element("p", {"class": "warning"}, f"Not finite: {named}."))
    numbers = _numbers(rows, keys)
    pictures = [
        _figure("terms", "Terms of the training loss, unweighted", "loss", terms, rows, numbers),
        _figure(
            "validation",
            "Accuracy on the validation samples",
            "accuracy, %",
            accuracy,
            rows,
            numbers,
            factor=100,
        ),
        _against_time(accuracy, rows, numbers),
    ]
    return together([*parts, figures(*pictures)])


def _against_time(lines: Mapping[str, str], rows: Rows, numbers: Html) -> Html | None:
    timed = [row for row in rows if math.isfinite(row.get("seconds", math.nan))]
    return _figure(
        "time",
        "Accuracy on the validation samples against time",
        "accuracy, %",
        lines,
        timed,
        numbers,
        factor=100,
        x="seconds of training, without validation",
    )


def _figure(
    id: str,
    caption: str,
    y: str,
    lines: Mapping[str, str],
    rows: Rows,
    numbers: Html,
    *,
    factor: float = 1,
    x: str = "epoch",
) -> Html | None:
    # Three digits of a time are enough for an axis.
    at = [
        n if x == "epoch" else float(f"{row['seconds']:.3g}") for n, row in enumerate(rows, start=1)
    ]
    # An epoch that was not validated has no point: the line goes on to the next that was.
    points = {
        name: [(at, factor * row[key]) for at, row in zip(at, rows, strict=True) if key in row]
        for name, key in lines.items()
    }
    series = [Series(name, known) for name, known in points.items() if known]
    if not series:
        return None
    drawn = Chart(f"{id}-chart", caption, x, y, series, log=factor == 1).draw()
    return figure(caption, drawn, numbers)


def _numbers(rows: Rows, keys: Sequence[str]) -> Html:
    body = [
        [
            str(index + 1),
            *[shown(Sourced(row.get(key), f"metrics.csv#/{index}/{key}"), digits) for key in keys],
        ]
        for index, row in enumerate(rows)
    ]
    return table("metrics.csv: means over each epoch; shares are 0 to 1", ["epoch", *keys], body)


def _timestep(key: str) -> str:
    return f"T = {key.removeprefix('val/accuracy_t')}"


def _is_sound(row: Mapping[str, float], key: str) -> bool:
    """Whether a number is finite; what was not measured is not there."""
    return key not in row or math.isfinite(row[key])


def setting(config: str, environment: Mapping[str, Any], name: str) -> Html:
    """Configuration, environment, and the command that makes the run."""
    return together(
        [
            element("h3", None, "Command"),
            *_command(environment, name, config),
            element("h3", None, "Environment"),
            facts(_flat(environment)) if environment else paragraph("Not recorded."),
            element("h3", None, "Configuration"),
            details(
                "config.yaml, complete",
                element(
                    "pre",
                    {"tabindex": "0", "role": "group", "aria-label": "config.yaml"},
                    config or "config.yaml is not there",
                ),
            ),
        ]
    )


def later_evaluation(evaluation: LaterEvaluation) -> Html:
    """What `tssd evaluate` found later."""
    found = Sourced(evaluation, "evaluation.json#")
    rows = [
        [str(t), shown(found["accuracy"][t - 1], percent), shown(found["nll"][t - 1], digits)]
        for t in range(1, len(found["accuracy"]) + 1)
    ]
    split = shown(found["split_hash"], digits)
    beside = "" if evaluation.data_of_training is not False else "; not the data of training"
    if evaluation.unfinished is not None:
        beside += f"; of an unfinished run, {evaluation.unfinished}"
    caption = together(["evaluation.json, on split ", split])
    return together(
        [
            paragraph(
                "`tssd evaluate` has evaluated this run again, on test samples; weights of epoch ",
                shown(found["epoch"], from_one),
                f"{beside}.",
            ),
            table(caption, ["T", "accuracy, %", "cross entropy, nats"], rows),
        ]
    )


def _command(environment: Mapping[str, Any], name: str, config: str) -> list[Html]:
    recorded = environment.get("command")
    if recorded and isinstance(recorded, str | list):
        words = recorded if isinstance(recorded, str) else shlex.join(map(str, recorded))
        return [note("As it was given."), element("pre", {"class": "command"}, words)]
    if is_of_objects(config):
        return [
            note(
                "Trained from Python by tssd.fit, on parts that were given as objects: config.yaml "
                "names them, and the script that made them trains the run again."
            )
        ]
    place = name.rstrip("/")
    words = ["tssd", "train", f"{place}/config.yaml", "--output", f"{place}-again"]
    return [
        note(
            "The run did not record its command line. config.yaml holds every option, defaults "
            "included, so this trains the same run again:"
        ),
        element("pre", {"class": "command"}, shlex.join(words)),
    ]


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, Html | str]]:
    found: list[tuple[str, Html | str]] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{before}{key} ")
        elif key != "command":
            found.append((f"{before}{key}", "none" if value is None else str(value)))
    return found
