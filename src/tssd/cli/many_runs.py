"""What is printed while many runs are trained, or evaluated once more."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tssd.many_runs import Failure, Outcome, PlannedRun, train_all
from tssd.many_runs.planned import Override
from tssd.runs.folder import RunFolder
from tssd.runs.recalibration import Recalibration
from tssd.runs.results import Epoch


def train_and_tell(
    runs: Sequence[PlannedRun], jobs: int, *, failed: Callable[[Failure], object]
) -> dict[PlannedRun, Outcome]:
    """Train runs, with a line for each; a bar where they are side by side.

    Args:
        runs: what to train.
        jobs: how many at a time.
        failed: told of each failure, whose details have been printed; what it raises stops all.
    Raises: as `train_all`.
    """
    missing = [run for run in runs if not RunFolder(run.folder).is_finished]
    together = jobs > 1 and len(missing) > 1
    console = Console(stderr=True)

    def begins(run: PlannedRun) -> None:
        state = "" if run in missing else " (trained already)"
        number = f"[{runs.index(run) + 1}/{len(runs)}]"
        print(f"{number} {run.recipe}, seed {run.seed}: {run.folder}{state}", flush=True)

    def ended(run: PlannedRun, outcome: Outcome) -> None:
        if isinstance(outcome, Failure):
            print(outcome.details, end="", file=sys.stderr)
            failed(outcome)
        if together and run in missing:
            progress.advance(task)
            if not isinstance(outcome, Failure):
                done = f"[{int(progress.tasks[task].completed)}/{len(missing)}]"
                line = f"{done} {run.folder}: trained in {outcome.train_seconds or 0.0:.0f} s"
                # Above the bar, or in a log instead of it.
                console.print(line, soft_wrap=True, markup=False, highlight=False)

    def said(_: PlannedRun, line: str) -> None:
        console.print(line, soft_wrap=True, markup=False, highlight=False)  # above the bar

    sys.stdout.flush()  # a log shows what was planned before the hours that it takes
    # Elsewhere a bar would leave empty lines.
    drawn = together and console.is_terminal
    with Progress(console=console, transient=True, disable=not drawn) as progress:
        task = progress.add_task(f"{len(missing)} runs, {jobs} side by side", total=len(missing))
        return train_all(runs, jobs=jobs, begins=begins, ended=ended, said=said)


def recalibrate_and_tell(
    folders: Sequence[Path], overrides: Sequence[Override], *, epoch: Epoch | None
) -> dict[Path, Recalibration]:
    """Finished runs with batch norm recalibrated at each T, with a line for each that is measured.

    Args:
        folders: of the runs.
        overrides: options of all; those of the data hold here, too.
        epoch: whose weights; None = those that count.
    Raises: as `recalibration_of`.
    """
    # Imported when it is needed: reopening runs takes more than reading their results.
    from tssd.reopened.recalibration import recalibration_of

    data_only = [(name, value) for name, value in overrides if name.startswith("data.")]
    found: dict[Path, Recalibration] = {}
    for folder in dict.fromkeys(folders):

        def measuring(folder: Path = folder) -> None:
            print(f"{folder}: recalibrating batch norm at each T", flush=True)

        found[folder] = recalibration_of(folder, data_only, epoch=epoch, measuring=measuring)
    return found
