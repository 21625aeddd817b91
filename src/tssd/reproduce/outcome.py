"""What a reproduction leaves in its folder: the table, its plot, and what its kind has besides."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tssd.many_runs.planned import Override
from tssd.report.shown_names import in_markdown
from tssd.reproduce.ablation_plot import plot_ablation
from tssd.reproduce.composition_plot import plot_composition
from tssd.reproduce.counted import Collected, as_json
from tssd.reproduce.curves import (
    Finished,
    epoch_curves,
    exit_curves,
    stage_rates,
    timestep_curves,
)
from tssd.reproduce.maps import plot_maps, rate_maps
from tssd.reproduce.picture import heading, plot_lines, plot_sweep, plot_table
from tssd.reproduce.record import FROM_RECORDS, as_lines
from tssd.reproduce.risk_of_run import learned_risk
from tssd.reproduce.runs import Run
from tssd.reproduce.series import Series, series_csv, series_markdown
from tssd.reproduce.table import Table
from tssd.reproduce.theory import measure_mixture
from tssd.reproduce.theory_report import plot_theory, theory_csv, theory_dict, theory_markdown
from tssd.runs.folder import write_text
from tssd.runs.folder_names import file_name
from tssd.runs.results import Epoch

# Ends the name of the file that other tables take runs from.
RUNS = "-runs.jsonl"

# What is read off the runs for a kind, and how its file is called.
SERIES: dict[str, tuple[str, Callable[[Sequence[Finished], Epoch], list[Series]]]] = {
    "curves": ("epochs", lambda finished, _: epoch_curves(finished)),
    "rates": ("stages", stage_rates),
    "exits": ("exits", exit_curves),
}


def write_outcome(
    table: Table,
    collected: Collected,
    runs: Sequence[Run],
    output: Path,
    *,
    overrides: Sequence[Override] = (),
) -> str:
    """Write everything; the Markdown that was written.

    Args:
        table: ours beside the paper's.
        collected: its results.
        runs: that were planned.
        output: the folder; files are called by the plan's name.
        overrides: options of the data that differ here.
    Raises: DataError: a run is damaged, or the disk is full.
    """
    path = output / table.plan.name
    finished = _finished(table, collected, runs)
    data_only = [(name, value) for name, value in overrides if name.startswith("data.")]
    title, source = in_markdown(table.plan.title), in_markdown(table.plan.source)
    text = f"# {title}\n\n{source}; {table.scale} scale.\n\n"
    text += table.to_markdown()
    content = table.to_dict()
    if table.plan.kind == "sweep":
        plot_sweep(table, path)
    elif table.plan.kind == "ablation":
        plot_ablation(table.lines, path, title=heading(table))
    elif table.plan.kind == "composition":
        plot_composition(table.lines, path, title=heading(table))
    else:
        plot_table(table, path)
    if table.plan.kind == "timesteps" or table.plan.kind in SERIES:
        suffix, series = _series(table, collected, finished)
        beside = path.with_name(f"{path.name}-{suffix}")
        if series:
            _plot(series, beside, title=f"{table.plan.title} ({table.scale} scale)")
        write_text(_with(beside, "csv"), series_csv(series))
        text += "\n" + series_markdown(_few(series))
        content[suffix] = [vars(one) | {"mean": one.mean, "std": one.std} for one in series]
    if table.plan.kind == "rates":
        _maps(finished, path, data_only, table.epoch)
    if table.plan.kind == "theory":
        measured = measure_mixture()
        learned = [
            learned_risk(folder, cell.data, data_only, epoch=table.epoch)
            for cell, own in finished
            for _, folder in own
        ]
        beside = path.with_name(f"{path.name}-variance")
        plot_theory(measured, learned, beside)
        write_text(_with(beside, "csv"), theory_csv(measured, learned))
        text += "\n" + theory_markdown(measured, learned)
        content["variance"] = theory_dict(measured, learned)
    if table.plan.kind in FROM_RECORDS:
        write_text(path.with_name(f"{path.name}{RUNS}"), as_lines(table.records))
    write_text(_with(path, "csv"), table.to_csv())
    write_text(_with(path, "json"), as_json(content))
    write_text(_with(path, "md"), text)
    return text


def _finished(table: Table, collected: Collected, runs: Sequence[Run]) -> list[Finished]:
    """Every cell with its finished runs and their folders."""
    folders = {(run.variant, run.seed): run.folder for run in runs}
    found: list[Finished] = []
    for line in table.lines:
        variant = line.cell.runs[table.scale]
        own = collected.finished.get(variant, ())
        found.append((line.cell, [(r, folders[variant, r.seed]) for r in own]))
    return found


def _series(
    table: Table, collected: Collected, finished: Sequence[Finished]
) -> tuple[str, list[Series]]:
    """How the file of a kind's curves is called, and the curves."""
    if table.plan.kind == "timesteps":
        read = partial(collected.curves, scale=table.scale, epoch=table.epoch)
        return "timesteps", timestep_curves(finished, read)
    suffix, read_off = SERIES[table.plan.kind]
    return suffix, read_off(finished, table.epoch)


def _plot(series: Sequence[Series], path: Path, *, title: str) -> None:
    lines = [(one.group, one.name, one.x, one.mean, one.std) for one in series]
    first = series[0]
    plot_lines(path, lines, x_label=first.x_name, y_label=first.y_name, title=title)


def _few(series: Sequence[Series], most: int = 12) -> list[Series]:
    """The same curves, thinned to what a table can show; the CSV file has every point."""
    found: list[Series] = []
    for one in series:
        step = -(-len(one.x) // most)
        # Counted from the end, which is the point that matters.
        kept = range((len(one.x) - 1) % step, len(one.x), step)
        found.append(
            Series(
                one.group,
                one.name,
                one.x_name,
                one.y_name,
                tuple(one.x[n] for n in kept),
                tuple(one.runs[n] for n in kept),
                tuple(one.labels[n] for n in kept) if one.labels else (),
            )
        )
    return found


def _maps(
    finished: Sequence[Finished], path: Path, overrides: Sequence[Override], epoch: Epoch
) -> None:
    for data in dict.fromkeys(cell.data for cell, _ in finished):
        # The first seed's network of each row.
        own = [(cell, runs[0][1]) for cell, runs in finished if cell.data == data and runs]
        maps = [rate_maps(folder, cell.row, overrides, epoch=epoch) for cell, folder in own]
        if maps:
            file = path.with_name(f"{path.name}-maps-{file_name(data.lower())}")
            plot_maps(maps, file, title=f"{data}: spikes per neuron and timestep")


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}.{suffix}")
