"""Runs of a table that was made before, here or elsewhere, which are not trained again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tssd.errors import DataError, UsageError
from tssd.reproduce.plan import Cell, Plan, Scale, Variant
from tssd.reproduce.record import FROM_RECORDS, Record, read_records
from tssd.reproduce.runs import Run
from tssd.runs.results import Epoch


def known_earlier(
    plan: Plan,
    cells: Sequence[Cell],
    runs: Sequence[Run],
    paths: Sequence[Path],
    scale: Scale,
    tell: Callable[[str], object] = print,
) -> tuple[dict[Run, Record], dict[Run, Record]]:
    """What files say of runs that are not finished here.

    Returns those of which everything is known that the cells show, and those of which recalibrated
    accuracy is not: they are trained if they can be, and count for the other cells if not.

    Args:
        plan: of the cells.
        cells: that are shown.
        runs: that were planned.
        paths: of files that stand beside earlier tables; the first counts that knows a run.
        scale: of the cells.
        tell: hears how many runs each file knows.
    Raises: UsageError: the plan shows more of its runs than accuracies. DataError: a file cannot be
        read.
    """
    if not paths:
        return {}, {}
    if plan.kind not in FROM_RECORDS:
        raise UsageError(
            f"--earlier: {plan.name} shows {plan.kind} of its networks, which are not in such a "
            "file; leave it out"
        )
    absent = [run for run in runs if not run.is_finished]
    every: list[Record] = []
    found: dict[Run, Record] = {}
    for path in paths:
        records = read_records(path)
        own = known(records, absent, cells, scale)
        tell(f"{len(own)} of the runs are in {path}")
        every += records
        found = own | found
    plainly = known_plainly(every, [run for run in absent if run not in found], cells, scale)
    if plainly:
        tell(f"{len(plainly)} more are there without the recalibrated accuracy that is wanted")
    return found, plainly


def known(
    records: Iterable[Record], runs: Sequence[Run], cells: Sequence[Cell], scale: Scale
) -> dict[Run, Record]:
    """The runs of a plan of which everything that its cells show is recorded; the first counts."""
    by_run: dict[tuple[Variant, int], list[Record]] = {}
    for record in records:
        by_run.setdefault((record.variant.composed, record.seed), []).append(record)
    wanted: dict[Variant, list[Cell]] = {}
    for cell in cells:
        wanted.setdefault(cell.runs[scale], []).append(cell)
    found: dict[Run, Record] = {}
    for run in runs:
        for record in by_run.get((run.variant.composed, run.seed), ()):
            if all(cell.at in record.curve(cell) for cell in wanted.get(run.variant, ())):
                found.setdefault(run, record)
    return found


def known_plainly(
    records: Iterable[Record], runs: Sequence[Run], cells: Sequence[Cell], scale: Scale
) -> dict[Run, Record]:
    """Those whose cells without recalibration are all recorded, if they have any; without more."""
    plain = [cell for cell in cells if not cell.recalibrated]
    variants = {cell.runs[scale] for cell in plain}
    own = known(records, [run for run in runs if run.variant in variants], plain, scale)
    return {run: replace(record, recalibrated={}) for run, record in own.items()}


def refuse_others(records: Iterable[Record], epoch: Epoch | None, options: str) -> None:
    """Refuse what stands for something else than the runs of a table.

    Args:
        records: that would be counted.
        epoch: whose weights count; None = those that the runs say.
        options: that runs are given besides those of the plan.

    Raises: DataError: another epoch, or other options beside those of the plan.
    """
    for record in records:
        who = f"{record.train}, seed {record.seed}, of --earlier"
        if epoch is not None and record.epoch != epoch:
            raise DataError(
                f"{who} is of the {record.epoch} epoch, this table of the {epoch} one; give "
                f"--epoch {record.epoch}, or leave --earlier out"
            )
        if record.options != options:
            raise DataError(
                f"{who} was given {record.options or 'no more options'}, this command gives "
                f"{options or 'none'}; give the same, or leave --earlier out"
            )
