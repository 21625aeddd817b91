"""The page of a comparison."""

import shlex
from collections.abc import Mapping, Sequence

from tssd.report.averages import mean
from tssd.report.html.comparison_answer import answer
from tssd.report.html.comparison_calibration import calibration
from tssd.report.html.comparison_differences import differences
from tssd.report.html.comparison_results import LISTED, accuracy, costs
from tssd.report.html.elements import Html, details, element, note, paragraph, together
from tssd.report.html.figures import figure, figures
from tssd.report.html.line_chart import Chart, Series
from tssd.report.html.methods import Methods
from tssd.report.html.page import Section, page
from tssd.report.html.rounding import two
from tssd.report.html.samples import Samples, firing_maps
from tssd.report.html.sourced import number
from tssd.report.html.tables import table
from tssd.runs.files import is_of_objects
from tssd.runs.text_files import read_text

# Rows of metrics.csv of each run of a method.
Metrics = Mapping[str, Sequence[Sequence[Mapping[str, float]]]]


def comparison_page(
    methods: Methods,
    metrics: Metrics,
    samples: Mapping[str, Samples | str] | str,
    *,
    title: str,
    command: str,
) -> str:
    """One HTML file about several runs.

    Args:
        methods: what is compared.
        metrics: by method, of those in the pictures (`Methods.drawn`).
        samples: what some networks did with the same inputs, or why there are none.
        title: of the page.
        command: that makes the page.
    """
    if isinstance(samples, str):
        maps = paragraph(f"Not shown: {samples}")
    else:
        missing = methods.undrawn
        maps = together([firing_maps(samples), note(missing) if missing else None])
    sections = [
        Section("answer", "Answer", answer(methods)),
        Section("accuracy", "Accuracy against T", accuracy(methods)),
        Section("differences", "Differences", differences(methods)),
        Section("costs", "Costs", costs(methods)),
        Section("calibration", "Calibration", calibration(methods)),
        Section("curves", "Learning curves", validation(methods, metrics)),
        Section("maps", "Firing maps", maps),
        Section("runs", "Runs", listed(methods)),
    ]
    count = len(methods.labels)
    return page(title, sections, kicker=f"{count} method{'s' * (count != 1)}", command=command)


def validation(methods: Methods, metrics: Metrics) -> Html:
    """Mean accuracy on the validation samples by epoch, of those that all seeds have."""
    series: list[Series] = []
    for name in methods.drawn:
        curves = [
            {n: 100 * row["val/accuracy"] for n, row in enumerate(rows, 1) if "val/accuracy" in row}
            for rows in metrics.get(name, ())
            if rows
        ]
        shared = sorted(set.intersection(*map(set, curves))) if curves else []
        means = [(float(n), mean([curve[n] for curve in curves])) for n in shared]
        if means:
            series.append(Series(methods.labels[name], means))
    if not series:
        return paragraph("No validation accuracies were recorded.")
    y = "validation accuracy, %"
    title = "Accuracy on the validation samples at T_s, mean over the seeds"
    drawn = Chart("validation-chart", title, "epoch", y, series).draw()
    columns = [dict(line.points) for line in series]
    rows = [
        [f"{n:.0f}", *[number(means[n], two) if n in means else "–" for means in columns]]
        for n in sorted(set().union(*columns))
    ]
    numbers = table(y, ["epoch", *[line.name for line in series]], rows)
    shown = {line.name for line in series}
    without = [methods.labels[name] for name in methods.drawn if methods.labels[name] not in shown]
    small = methods.undrawn
    if without:
        small += f" Without recorded validation accuracies: {'; '.join(without)}."
    return figures(figure(title, drawn, numbers, small=small.strip()))


def listed(methods: Methods) -> Html:
    """The runs that were not counted, and where the others are."""
    left_out = methods.collection.left_out
    if left_out:
        states = sorted({run.state for run in left_out})
        counts = ", ".join(f"{sum(r.state == s for r in left_out)} {s}" for s in states)
        rows = [[run.name, run.state, run.reason] for run in left_out[:LISTED]]
        caption = f"Not counted: {counts}"
        if len(left_out) > LISTED:
            caption += f"; the first {LISTED} of {len(left_out)}"
        missing = table(caption, ["folder", "state", "reason"], rows, kind="words")
    else:
        missing = paragraph("Every run that was found counts.")
    seeds = [
        [methods.headings[name], str(len(runs)), ", ".join(str(run.seed) for run in runs)]
        for name, runs in methods.collection.methods.items()
    ]
    most = max(len(runs) for runs in methods.collection.methods.values())
    short = [row for row in seeds if int(str(row[1])) < most]
    thin = (
        note(f"{len(short)} of {len(seeds)} methods have fewer seeds than the {most} of others.")
        if short
        else None
    )
    counted = table("Seeds of each method", ["method", "n", "seeds"], seeds, kind="words")
    return together([missing, thin, details("Seeds", counted), *_commands(methods)])


def _commands(methods: Methods) -> list[Html]:
    runs = methods.runs(methods.reference)
    first, seed = runs[0], max(run.seed for run in runs) + 1
    if is_of_objects(read_text(first.path / "config.yaml")):
        told = (
            "The runs of the reference were trained from Python by tssd.fit, on parts that were "
            "given as objects: the script that made them trains a further seed, with another "
            "seed=."
        )
        return [element("h3", None, "Command"), note(told)]
    beside = first.path.with_name(f"seed{seed}")
    words = ["tssd", "train", f"{first.path}/config.yaml", "--seed", str(seed)]
    words += ["--data.seed", str(seed)]  # config.yaml has the data's own, too
    again = shlex.join([*words, "--output", str(beside)])
    return [
        element("h3", None, "Command"),
        note(
            "Each run's config.yaml holds every option, defaults included. A further seed of the "
            "reference, for example:"
        ),
        element("pre", {"class": "command"}, again),
    ]
