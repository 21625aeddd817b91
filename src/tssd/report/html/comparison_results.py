"""Methods side by side: accuracy and costs at every T."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tssd.report.averages import deviation, mean
from tssd.report.comparison import OF_TEACHERS
from tssd.report.html.elements import Html, details, element, note, together
from tssd.report.html.figures import figures
from tssd.report.html.methods import Methods
from tssd.report.html.rounding import Form, alike, digits, percent, plain, si, three, two
from tssd.report.html.sourced import Sourced, number, shown
from tssd.report.html.tables import table
from tssd.runs.evaluation import PerT
from tssd.runs.results import Epoch, EpochEvaluation
from tssd.runs.state import FinishedRun
from tssd.runs.which_epoch import epochs_in_words

# More runs than this are not listed one by one: the file would be too large to open.
LISTED = 600

# What a run costs at each T, besides its accuracy; () = not recorded.
COSTS: Mapping[str, tuple[Callable[[EpochEvaluation], PerT], Form]] = {
    "SynOps a sample": (lambda e: e.operations.acs if e.operations else (), si),
    "graded SynOps, %": (lambda e: e.operations.graded_share if e.operations else (), percent),
    "energy a sample, µJ": (lambda e: e.operations.energy_uj if e.operations else (), digits),
    "energy, graded SynOps priced as MACs, µJ": (
        lambda e: e.operations.energy_graded_as_macs_uj if e.operations else (),
        digits,
    ),
    "spikes a neuron and timestep": (lambda e: e.mean_firing_rate or (), three),
}


def accuracy(methods: Methods) -> Html:
    """Mean and spread at every T, and the runs behind them."""
    comparison = methods.comparison
    header = ["method", "n", "T_s", *[f"T = {t}" for t in comparison.timesteps]]
    rows = []
    for row in comparison.rows:
        cells = [
            element("b", None, cell) if t == row.student else cell
            for t in comparison.timesteps
            for cell in [mean_std([run[t - 1] for run in row.accuracy], two)]
        ]
        heading = methods.headings[row.name]
        rows.append([heading, str(len(row.seeds)), str(row.student), *cells])
    caption = (
        "Test accuracy, %, mean ± standard deviation over n seeds; bold: the T that a method is "
        "meant for"
    )
    means = table(caption, header, rows, kind="methods")
    return together([means, details("Every run", _every_run(methods))])


def costs(methods: Methods) -> Html:
    """SynOps, energy and firing rate at every T, with the weights that count."""
    parts: list[Html] = []
    steps = methods.comparison.timesteps
    for name, (read, form) in COSTS.items():
        rows = []
        for method, heading in methods.headings.items():
            found = [read(evaluation_of(methods, run)) for run in methods.runs(method)]
            known = [values for values in found if len(values) >= steps[-1]]
            cells = [mean_std([values[t - 1] for values in known], form) for t in steps]
            rows.append([heading, str(len(known)), *cells])
        if any(row[1] != "0" for row in rows):
            caption = f"{name[0].upper()}{name[1:]}, mean ± standard deviation"
            header = ["method", "n", *[f"T = {t}" for t in steps]]
            parts.append(table(caption, header, rows, kind="methods"))
    if taught := _teachers(methods):
        parts.append(taught)
    constants = "Operations were not recorded."
    if operations := evaluation_of(methods, methods.runs(methods.reference)[0]).operations:
        model = operations.energy_model
        constants = (
            f"Energy from {model.mac_pj} pJ a multiply-accumulate and {model.ac_pj} pJ an "
            f"accumulate (SynOp): {model.source}. Computed from counted operations, not measured."
        )
    every = [run for name in methods.labels for run in methods.runs(name)]
    asked = methods.comparison.epoch
    # A run whose recipe says otherwise must not be called by its own word here.
    words = epochs_in_words(
        [replace(run.results, selected=epoch_of_costs(run, asked)) for run in every]
    )
    return together([note(f"Weights: {words}. {constants}"), figures(*parts)])


def _teachers(methods: Methods) -> Html | None:
    """What was spent on teachers that are runs of their own."""
    rows = []
    for row in methods.comparison.rows:
        if (took := row.of_teachers()) is not None and row.of is None:
            values = [took[name] for name in OF_TEACHERS]
            cells = [mean_std([] if value is None else [value], digits) for value in values]
            rows.append([methods.headings[row.name], *cells])
    caption = (
        "Teachers: what their training took, and their answers in that of their students; means"
    )
    names = ["network steps a sample", "training operations", "seconds", "operations for answers"]
    return table(caption, ["method", *names], rows, kind="methods") if rows else None


def _every_run(methods: Methods) -> Html:
    runs = [run for group in methods.collection.methods.values() for run in group]
    steps = methods.comparison.timesteps
    rows = []
    for run in runs[:LISTED]:
        found = Sourced(run.results, f"{run.name}/results.json#")
        values = found[methods.comparison.epoch or run.results.selected]["accuracy"]
        cells = [shown(values[t - 1], percent) for t in steps]
        rows.append([run.name, shown(found["seed"], plain), *cells])
    caption = "Test accuracy of each run, %"
    if len(runs) > LISTED:
        caption += f"; the first {LISTED} of {len(runs)}"
    return table(caption, ["run", "seed", *[f"T = {t}" for t in steps]], rows)


def epoch_of_costs(run: FinishedRun, asked: Epoch | None) -> Epoch:
    """The epoch of a run's costs: that of its accuracy, where it has kept them."""
    epoch = asked or run.results.selected
    # Older runs have kept no more of the last epoch than its accuracy.
    return epoch if run.results.evaluated(epoch).samples else "best"


def evaluation_of(methods: Methods, run: FinishedRun) -> EpochEvaluation:
    """What a run has recorded besides its accuracy."""
    return run.results.evaluated(epoch_of_costs(run, methods.comparison.epoch))


def mean_std(values: Sequence[float], form: Form) -> Html:
    """Mean and sample standard deviation; a dash without values, the value of a single one."""
    if not values:
        return element("span", {"class": "none", "title": "not recorded"}, "–")
    middle, spread = mean(values), deviation(values)
    if spread is None:
        return number(middle, form)
    like_mean, unit = alike(middle, form)
    return together([number(middle, like_mean), " ± ", number(spread, like_mean), unit])
