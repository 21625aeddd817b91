"""Methods side by side: accuracy and costs at every T."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tssd.errors import UsageError
from tssd.report.collect import Collection, Found
from tssd.report.comparison import EPOCHS, Comparison, Epoch
from tssd.report.html.elements import Html, details, element, note, together
from tssd.report.html.figures import figure, figures
from tssd.report.html.line_chart import Chart, Series
from tssd.report.html.located import (
    Form,
    Located,
    alike,
    digits,
    number,
    percent,
    shown,
    si,
    three,
    two,
)
from tssd.report.html.tables import facts, table
from tssd.report.plot import split_names

# More lines in one picture cannot be told apart.
DRAWN = 8
# More runs than this are not listed one by one: the file would be too large to open.
LISTED = 600

# What a run costs at each T, besides its accuracy: name, place below best, form.
COSTS: Mapping[str, tuple[tuple[str, ...], Form]] = {
    "SynOps a sample": (("operations", "acs"), si),
    "energy a sample, µJ": (("operations", "energy_uj"), digits),
    "spikes a neuron and timestep": (("mean_firing_rate",), three),
    "calibration error, %": (("calibration_error",), percent),
}


@dataclass(frozen=True)
class Methods:
    """What a comparison is about.

    Args:
        collection: the runs.
        comparison: their accuracies.
        reference: name of the method that the others are measured against.
    """

    collection: Collection
    comparison: Comparison
    reference: str

    @classmethod
    def of(cls, collection: Collection, *, reference: str | None, epoch: Epoch) -> "Methods":
        """Collect the accuracies.

        Args:
            collection: the runs.
            reference: a method's name or the end of it; None = the first "vanilla" one, or else
                the first.
            epoch: whose weights count.
        Raises: UsageError: no such method, or several.
        """
        runs = {
            name: [run.results or {} for run in group] for name, group in collection.methods.items()
        }
        names = list(runs)
        if reference is None:
            chosen = next((name for name in names if "vanilla" in name), names[0])
        else:
            whole = f"/{reference}"
            fitting = [n for n in names if n == reference] or [
                n for n in names if f"/{n}".endswith(whole)
            ]
            if len(fitting) != 1:
                problem = "fits several of" if fitting else "is none of"
                raise UsageError(
                    f"--reference: {reference!r} {problem} the methods {', '.join(names[:20])}"
                )
            (chosen,) = fitting
        return cls(collection, Comparison.of(runs, epoch=epoch), chosen)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Names without the folders that all have in common."""
        names = [row.name for row in self.comparison.rows]
        return dict(zip(names, split_names(names)[1], strict=True))

    @cached_property
    def drawn(self) -> list[str]:
        """Methods in the pictures: the reference, then the others, as many as can be told apart."""
        others = [row.name for row in self.comparison.rows if row.name != self.reference]
        return [self.reference, *others][:DRAWN]

    def best_other(self) -> list[str]:
        """The method, if any, that is best at the T that the reference is meant for."""
        rows = {row.name: row for row in self.comparison.rows}
        at = min(rows[self.reference].student, self.comparison.timesteps[-1])
        others = [name for name in rows if name != self.reference]
        return [max(others, key=lambda name: rows[name].mean(at))] if others else []

    def runs(self, name: str) -> list[Found]:
        """The runs of a method."""
        return self.collection.methods[name]


def overview(methods: Methods) -> Html:
    """What is compared."""
    comparison = methods.comparison
    counts = [len(row.seeds) for row in comparison.rows]
    few, most = min(counts), max(counts)
    each = f"{most} seed{'s' if most > 1 else ''}" if few == most else f"{few} to {most} seeds"
    reference = next(row for row in comparison.rows if row.name == methods.reference)
    at = min(reference.student, comparison.timesteps[-1])
    best = max(comparison.rows, key=lambda row: row.mean(at))
    cards = [
        ("methods", str(len(counts)), "reference: " + methods.labels[methods.reference]),
        ("runs counted", str(sum(counts)), f"{each} a method"),
        ("not counted", str(len(methods.collection.left_out)), "listed at the end, with reasons"),
        (
            f"highest mean at T = {at}, %",
            f"{best.mean(at):.2f}",
            f"{methods.labels[best.name]}, n = {len(best.seeds)}; the reference has "
            f"{reference.mean(at):.2f}",
        ),
    ]
    results = methods.runs(methods.reference)[0].results or {}
    known = [
        ("data set", str(results.get("dataset", "not recorded"))),
        ("split hash", element("code", None, comparison.split_hash)),
        ("test samples", str(comparison.samples)),
        ("weights", EPOCHS[comparison.epoch]),
    ]
    boxes = [
        element(
            "div",
            {"class": "card"},
            element("small", None, name),
            element("b", None, value),
            element("small", None, small),
        )
        for name, value, small in cards
    ]
    return together([element("div", {"class": "cards"}, *boxes), facts(known)])


def accuracy(methods: Methods) -> Html:
    """Mean and spread at every T, and the runs behind them."""
    comparison, labels = methods.comparison, methods.labels
    header = ["method", "n", "T_s", *[f"T = {t}" for t in comparison.timesteps]]
    rows = []
    for row in comparison.rows:
        cells = [
            element("b", None, cell) if t == row.student else cell
            for t in comparison.timesteps
            for cell in [_mean_std([run[t - 1] for run in row.accuracy], two)]
        ]
        rows.append([labels[row.name], str(len(row.seeds)), str(row.student), *cells])
    caption = (
        "Test accuracy, %, mean ± standard deviation over n seeds; bold: the T that a method is "
        "meant for"
    )
    means = table(caption, header, rows)
    by_name = {row.name: row for row in comparison.rows}
    series = [
        Series(
            labels[name],
            [(t, by_name[name].mean(t)) for t in comparison.timesteps],
            [by_name[name].std(t) for t in comparison.timesteps],
            by_name[name].student,
        )
        for name in methods.drawn
    ]
    title = "Accuracy against T"
    drawn = Chart(
        "accuracy-chart", title, "timesteps T at inference", "test accuracy, %", series
    ).draw()
    left = len(comparison.rows) - len(series)
    fewer = f" The first {len(series)} methods; {left} more in the table." if left else ""
    small = f"Bars: ± one standard deviation. Rings: the T that a method is meant for.{fewer}"
    picture = figure(title, drawn, means, small=small)
    return together([means, figures(picture), details("Every run", _every_run(methods))])


def costs(methods: Methods) -> Html:
    """SynOps, energy, firing rate and calibration at every T, with the weights that count."""
    parts: list[Html] = []
    every = [run.results or {} for name in methods.labels for run in methods.runs(name)]
    epoch = methods.comparison.epoch
    if any("operations" not in results[epoch] for results in every):
        epoch = "best"  # older runs have kept no more of the last epoch than its accuracy
    steps = methods.comparison.timesteps
    for name, (place, form) in COSTS.items():
        rows = []
        for method, label in methods.labels.items():
            found = [_below(run, epoch, place) for run in methods.runs(method)]
            known = [values for values in found if len(values) >= steps[-1]]
            cells = [_mean_std([values[t - 1].number() for values in known], form) for t in steps]
            rows.append([label, str(len(known)), *cells])
        if any(row[1] != "0" for row in rows):
            caption = f"{name[0].upper()}{name[1:]}, mean ± standard deviation"
            parts.append(table(caption, ["method", "n", *[f"T = {t}" for t in steps]], rows))
    first = Located(methods.runs(methods.reference)[0].results, "")[epoch]["operations"]
    model = first["energy_model"].value or {}
    constants = (
        f"Energy from {model.get('mac_pj')} pJ a multiply-accumulate and {model.get('ac_pj')} pJ "
        f"an accumulate (SynOp): {model.get('source')}. Computed from counted operations, not "
        "measured."
        if model
        else "Operations were not recorded."
    )
    return together([note(f"Weights: {EPOCHS[epoch]}. {constants}"), figures(*parts)])


def _every_run(methods: Methods) -> Html:
    runs = [run for group in methods.collection.methods.values() for run in group]
    steps = methods.comparison.timesteps
    rows = []
    for run in runs[:LISTED]:
        found = Located(run.results, f"{run.name}/results.json#")
        values = found[methods.comparison.epoch]["accuracy"]
        cells = [shown(values[t - 1], percent) for t in steps]
        rows.append([run.name, shown(found["seed"], digits), *cells])
    caption = "Test accuracy of each run, %"
    if len(runs) > LISTED:
        caption += f"; the first {LISTED} of {len(runs)}"
    return table(caption, ["run", "seed", *[f"T = {t}" for t in steps]], rows)


def _below(run: Found, epoch: Epoch, place: Sequence[str]) -> Located:
    node = Located(run.results, "")[epoch]
    for key in place:
        node = node[key]
    return node


def _mean_std(values: Sequence[float], form: Form) -> Html:
    if not values:
        return element("span", {"class": "none", "title": "not recorded"}, "–")
    mean = statistics.fmean(values)
    if len(values) < 2:
        return number(mean, form)
    like_mean, unit = alike(mean, form)
    spread = number(statistics.stdev(values), like_mean)
    return together([number(mean, like_mean), " ± ", spread, unit])
