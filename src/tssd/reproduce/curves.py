"""Curves with their spread over the seeds, of what runs have recorded."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tssd.errors import DataError
from tssd.reproduce.plan import Cell
from tssd.reproduce.series import Series
from tssd.runs.evaluation import PerT
from tssd.runs.results import Epoch, EpochEvaluation, Results, TrainedSteps
from tssd.runs.text_files import read_metrics

# One cell with its finished runs.
Finished = tuple[Cell, Sequence[tuple[Results, Path]]]


def epoch_curves(finished: Sequence[Finished]) -> list[Series]:
    """Validation accuracy at T_s, per cent, of the epochs that all seeds have validated.

    Raises: DataError: a run has lost its metrics.csv.
    """
    found: list[Series] = []
    for cell, runs in finished:
        seen = [_validated(folder) for _, folder in runs]
        epochs = sorted(set.intersection(*map(set, seen))) if seen else []
        points = [(float(epoch), [values[epoch] for values in seen]) for epoch in epochs]
        if points:
            found.append(_series(cell, "epoch", "validation accuracy, %", points))
    return found


def timestep_curves(
    finished: Sequence[Finished], curves_of: Callable[[Cell], Mapping[int, PerT]]
) -> list[Series]:
    """Test accuracy at every T that all seeds were evaluated at, one curve a network.

    Args:
        finished: cells with their runs.
        curves_of: accuracy at every T of a cell's runs, by seed.
    """
    found: list[Series] = []
    seen: set[tuple[str, str]] = set()
    for cell, runs in finished:
        curves = list(curves_of(cell).values())
        if not curves:
            continue
        points = [
            (float(t), [100 * curve[t - 1] for curve in curves])
            for t in range(1, min(map(len, curves)) + 1)
        ]
        # Several cells read one network at different T.
        group = f"{cell.data}, {cell.column.partition(',')[0]}"
        name = _trained(cell, runs[0][0].timesteps)
        if (group, name) not in seen:
            seen.add((group, name))
            found.append(
                _series(cell, "timesteps T", "test accuracy, %", points, group=group, name=name)
            )
    return found


def exit_curves(finished: Sequence[Finished], epoch: Epoch) -> list[Series]:
    """Accuracy against the share of samples that leave early, one point a threshold.

    Raises: DataError: a run has no such numbers of this epoch.
    """
    found: list[Series] = []
    for cell, runs in finished:
        exits = [_whole(run, epoch).early_exit for run in runs]
        # The taps that all runs have.
        for tap in [tap for tap in next(iter(exits), {}) if all(tap in own for own in exits)]:
            curves = [own[tap] for own in exits]
            # All runs have the thresholds of the package.
            points = [
                (
                    100 * statistics.mean(curve.leaving[n] for curve in curves),
                    [100 * curve.accuracy[n] for curve in curves],
                )
                for n in range(len(curves[0].thresholds))
            ]
            name = "samples that leave early, %"
            thresholds = [f"{value:g}" for value in curves[0].thresholds]
            one = _series(cell, name, "test accuracy, %", points, labels=thresholds)
            found.append(one)
    return found


def stage_rates(finished: Sequence[Finished], epoch: Epoch) -> list[Series]:
    """Mean firing rate of each stage's spiking layers, spikes per neuron and step over T_s.

    Raises: DataError: a run has no such numbers of this epoch.
    """
    found: list[Series] = []
    for cell, runs in finished:
        rates = [_by_stage(_whole(run, epoch).firing_rates or {}, cell.at) for run in runs]
        stages = sorted(set.intersection(*(set(r) for r in rates))) if rates else []
        points = [(float(stage), [r[stage] for r in rates]) for stage in stages]
        if points:
            found.append(_series(cell, "stage", "spikes per neuron and timestep", points))
    return found


def _validated(folder: Path) -> dict[int, float]:
    """By the number of the epoch, from 1."""
    rows = read_metrics(folder / "metrics.csv")
    if not rows:
        raise DataError(f"{folder}: metrics.csv is missing or empty; train the run again")
    found = {n: 100 * row.get("val/accuracy", math.nan) for n, row in enumerate(rows, 1)}
    return {n: value for n, value in found.items() if math.isfinite(value)}


def _trained(cell: Cell, timesteps: TrainedSteps) -> str:
    student, teacher = timesteps.student, timesteps.teacher
    if teacher in (None, student):
        return f"{cell.row}, trained at T = {student}"
    return f"{cell.row}, T_s = {student}, T_t = {teacher}"


def _by_stage(rates: Mapping[str, PerT], t: int) -> dict[int, float]:
    grouped: dict[int, list[float]] = {}
    for name, values in rates.items():
        first, _, rest = name.partition(".")
        stage = rest.split(".")[0]
        if first == "stages" and stage.isdecimal() and len(values) >= t:
            grouped.setdefault(int(stage), []).append(values[t - 1])
    return {stage: statistics.mean(values) for stage, values in grouped.items()}


def _whole(run: tuple[Results, Path], epoch: Epoch) -> EpochEvaluation:
    results, folder = run
    found = results.evaluated(epoch)
    if not found.samples:
        raise DataError(
            f"{folder}: results.json has no more than the accuracy of the {epoch} epoch; give "
            "another --epoch, or delete results.json, and the run is evaluated again"
        )
    return found


def _series(
    cell: Cell,
    x_name: str,
    y_name: str,
    points: Sequence[tuple[float, Sequence[float]]],
    *,
    labels: Sequence[str] = (),
    group: str = "",
    name: str = "",
) -> Series:
    return Series(
        group=group or cell.data,
        name=name or f"{cell.row}, T = {cell.at}",
        x_name=x_name,
        y_name=y_name,
        x=tuple(x for x, _ in points),
        runs=tuple(tuple(values) for _, values in points),
        labels=tuple(labels),
    )
