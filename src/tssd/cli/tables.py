"""What commands print: tables of accuracies and costs."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from tssd.cli.console import console
from tssd.report import Comparison
from tssd.report.html.rounding import si
from tssd.report.method_labels import without_shared
from tssd.report.shown_names import printable
from tssd.runs.evaluation import EarlyExit, Evaluation, Operations
from tssd.runs.processors import told
from tssd.runs.recalibration import Recalibration
from tssd.runs.results import Results
from tssd.runs.training_cost import TeacherCost, TrainingCost

# Columns that a cell such as 90.44 ± 3.71* takes with its frame.
CELL = 16


def print_accuracy(results: Results, *, title: str) -> None:
    """Test accuracy at every T: of the epoch that counts, then of the other if there is one."""
    student = results.timesteps.student
    table = Table("test accuracy, %", title=plain(title), title_justify="left")
    rows = {"last epoch": results.last}
    if results.best.epoch != results.last.epoch:
        rows["best epoch on validation"] = results.best
        if results.selected == "best":
            rows = dict(reversed(rows.items()))
    for t in range(1, len(results.best.accuracy) + 1):
        table.add_column(f"T={t}" + ("*" if t == student else ""), justify="right")
    for name, row in rows.items():
        values = [f"{100 * a:.2f}" for a in row.accuracy]
        number = "unknown" if row.epoch is None else row.epoch + 1
        table.add_row(f"{name} (epoch {number})", *values)
    console().print(table)
    if len(rows) > 1:
        print(f"the first row counts: {results.selected_because or 'the best epoch'}")
    print(f"* the timesteps the network is meant for; {results.best.samples} test samples")
    if results.stopped:
        epochs = f"{results.epochs} of {results.stopped.planned} epochs"
        print(f"stopped after {epochs}: {results.stopped.reason}")
    for line in training_in_words(results.training):
        print(line)


def training_in_words(cost: TrainingCost) -> list[str]:
    """What a training took, and how soon it was how good; nothing of what was not recorded."""
    lines, told = [], []
    if cost.operations is not None:
        told.append(f"{cost.operations:.2g} operations (multiply-accumulates x 2, forward x 3)")
    if cost.network_steps is not None:
        told.append(f"{cost.network_steps} network steps a sample")
    if cost.seconds is not None:
        told.append(f"{cost.seconds:.0f} s without validation")
    if told:
        lines.append(f"training: {', '.join(told)}")
    if cost.seconds_to:
        reached = [f"{level} % after {spent:.0f} s" for level, spent in cost.seconds_to.items()]
        lines.append(f"accuracy on validation samples: {', '.join(reached)} of training")
    for name, teacher in cost.teachers.items():
        lines.append(printable(f"teacher {name}, {teacher.run}: {_teacher_in_words(teacher)}"))
    return lines


def _teacher_in_words(cost: TeacherCost) -> str:
    """Of one teacher; nothing of what was not recorded."""
    told = [] if cost.accuracy is None else [f"{100 * cost.accuracy:.2f} % on test samples"]
    took = _took(cost.operations, cost.network_steps, cost.seconds)
    told += [f"trained with {took}"] if took else []
    if cost.answers is not None:
        told.append(f"{cost.answers:.2g} operations for its answers")
    return "; ".join(told) or "nothing is recorded of its training"


def _took(operations: float | None, steps: float | None, seconds: float | None) -> str:
    told = [] if operations is None else [f"{operations:.2g} operations"]
    told += [] if steps is None else [f"{steps:g} network steps a sample"]
    told += [] if seconds is None else [f"{seconds:.0f} s"]
    return ", ".join(told)


def print_comparison(comparison: Comparison) -> None:
    """One row a method, one column a T."""
    # What all names share stands above them, once.
    names = [row.name for row in comparison.rows]
    shared, short = without_shared(names) if len(names) > 1 else ("", names)
    out, table = console(), Table(title=plain(shared), title_justify="left")
    # Where it is narrow, names go on in the next line (cut off, two of them may look alike), and
    # what is said of them is left out.
    longest = max(
        len(name) + len(row.label) for name, row in zip(short, comparison.rows, strict=True)
    )
    says = out.width >= longest + 7 + CELL * len(comparison.timesteps)
    for name in ("method", "trained as") if says else ("method",):
        table.add_column(name, overflow="fold")
    for t in comparison.timesteps:
        table.add_column(f"T={t}", justify="right", no_wrap=True)
    for name, row in zip(short, comparison.rows, strict=True):
        cells = [
            Text(f"{row.cell(t)}*", style="bold") if t == row.student else f"{row.cell(t)} "
            for t in comparison.timesteps
        ]
        named = [plain(name), *([plain(row.label)] if says else [])]
        table.add_row(*named, *cells)
    out.print(table)
    seeds = sorted({seed for row in comparison.rows for seed in row.seeds})
    spread = ", mean ± std over seeds" if len(seeds) > 1 else ", seed"
    print(f"* the timesteps a method is meant for; test accuracy, %{spread} ", end="")
    print(f"{', '.join(map(str, seeds))}")
    if costs := _training_steps(comparison, short):
        print(printable(f"network steps a training sample: {costs}"))
    for name, row in zip(short, comparison.rows, strict=True):
        if row.of is None and (of := row.of_teachers()):
            took = _took(of["operations"], of["network_steps"], of["seconds"])
            answers = "" if of["answers"] is None else f", {of['answers']:.2g} for answers"
            print(printable(f"teachers of {name}, besides: {took or 'not recorded'}{answers}"))
    if note := told(comparison.processors):
        print(printable(note))
    images = f"{comparison.samples} test samples, split {comparison.split_hash}"
    print(f"{comparison.weights}; {images}")


def print_evaluation(
    evaluation: Evaluation, *, title: str, recalibrated: Recalibration | None = None
) -> None:
    """Per T: accuracy, calibration, operations, energy. Then firing rates and early exit."""
    operations = evaluation.operations
    if operations is not None and not operations.macs:
        operations = None  # all that computes is among what is not counted
    _print_every_timestep(evaluation, title, recalibrated, operations)
    if operations is not None:
        _print_what_is_counted(operations)
    elif evaluation.operations is not None:
        print("no operations counted: the network has no layers, or none that tssd counts")
    if evaluation.firing_rates:
        rows = evaluation.firing_rates | {"all neurons": evaluation.mean_firing_rate or ()}
        _print_firing_rates(rows, evaluation.timesteps)
    elif evaluation.firing_rates is not None:
        print("no spikes counted: the network has no neurons, or none of a kind that tssd knows")
    if evaluation.uncounted:
        print(printable(f"not counted: {', '.join(evaluation.uncounted)}"))
    for tap, curve in evaluation.early_exit.items():
        _print_early_exit(curve, title=f"early exit at tap {tap}, T={evaluation.report_at}")


def _print_every_timestep(
    evaluation: Evaluation,
    title: str,
    recalibrated: Recalibration | None,
    operations: Operations | None,
) -> None:
    heading = plain(f"{title}: {evaluation.samples} test samples")
    table = Table(title=heading, title_justify="left")
    columns = ["T", "accuracy %", "nll", "calib. error %"]
    if recalibrated is not None:
        columns.insert(2, "recalibrated %")
    if operations is not None:
        columns += ["MACs", "SynOps", "graded %", "energy µJ", "graded as MACs µJ"]
    for name in columns:
        table.add_column(name, justify="right")
    for t in range(evaluation.timesteps):
        priced: list[str] = []
        if operations is not None:
            priced = [
                si(operations.macs[t]),
                si(operations.acs[t]),
                f"{100 * operations.graded_share[t]:.1f}",
                f"{operations.energy_uj[t]:.4g}",
                f"{operations.energy_graded_as_macs_uj[t]:.4g}",
            ]
        table.add_row(
            str(t + 1),
            f"{100 * evaluation.accuracy[t]:.2f}",
            *([] if recalibrated is None else [f"{100 * recalibrated.accuracy[t]:.2f}"]),
            f"{evaluation.nll[t]:.3f}",
            f"{100 * evaluation.calibration_error[t]:.2f}",
            *priced,
        )
    console().print(table)
    if recalibrated is not None:
        print(
            "recalibrated: accuracy with batch norm's statistics measured at each T, on "
            f"{recalibrated.training_samples} training samples; all else is of the run as it is"
        )


def _print_what_is_counted(operations: Operations) -> None:
    energy, bare = operations.energy_model, operations.unpadded
    print(
        f"per sample over T timesteps; energy from {energy.mac_pj} pJ a MAC and "
        f"{energy.ac_pj} pJ an accumulate (SynOp): {energy.source}"
    )
    print(
        "graded: SynOps of inputs other than 0 and 1 (average pools, sums, counts), which take "
        "a multiplication or several accumulates; the last column prices them as MACs"
    )
    print(
        f"without operations on zero padding: {bare.energy_uj[-1]:.4g} µJ at "
        f"T={len(bare.energy_uj)}, {bare.energy_graded_as_macs_uj[-1]:.4g} graded as MACs"
    )


def _print_firing_rates(layers: Mapping[str, Sequence[float]], timesteps: int) -> None:
    table = Table("layer", title="spikes per neuron and timestep", title_justify="left")
    for t in range(1, timesteps + 1):
        table.add_column(f"T={t}", justify="right")
    for name, rates in layers.items():
        table.add_row(plain(name), *[f"{rate:.3f}" for rate in rates])
    console().print(table)


def _print_early_exit(curve: EarlyExit, *, title: str) -> None:
    table, costs = Table(title=plain(title), title_justify="left"), curve.costs
    names = ["confidence above", "accuracy %", "leave early %"]
    if costs is not None:
        names += ["energy µJ", "graded as MACs µJ", "energy saved %"]
    for column in names:
        table.add_column(column, justify="right")
    for index, threshold in enumerate(curve.thresholds):
        row = [f"{threshold:g}", f"{100 * curve.accuracy[index]:.2f}"]
        row.append(f"{100 * curve.leaving[index]:.1f}")
        if costs is not None:
            row.append(f"{costs.energy_uj[index]:.4g}")
            row.append(f"{costs.energy_graded_as_macs_uj[index]:.4g}")
            row.append(f"{100 * costs.energy_saved[index]:.1f}")
        table.add_row(*row)
    console().print(table)
    if costs is not None:
        print(
            f"with {costs.weak_energy_uj:.4g} µJ for the exit, which runs for all; "
            "layers behind the tap at their mean over all samples"
        )


def _training_steps(comparison: Comparison, short: Sequence[str]) -> str:
    """`1 (vanilla_ts), 4 (tssd)`: what training costs, T for a vanilla network and T_t for others.

    Rows of the same networks are named once.
    """
    names: dict[int, list[str]] = {}
    for name, row in zip(short, comparison.rows, strict=True):
        if row.network_steps is not None and row.of is None:
            names.setdefault(row.network_steps, []).append(name)
    return ", ".join(f"{steps} ({', '.join(own)})" for steps, own in sorted(names.items()))


def plain(text: str) -> Text:
    """What others have named: brackets and colons in it are no markup, whatever they enclose."""
    return Text(printable(text))
