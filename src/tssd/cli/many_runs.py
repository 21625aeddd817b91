"""What is printed while many runs are trained."""

import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import Progress

from tssd.many_runs import Failure, Outcome, PlannedRun, train_all
from tssd.runs.folder import RunFolder


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
    missing = [run for run in runs if not RunFolder(run.folder).results.exists()]
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

    sys.stdout.flush()  # a log shows what was planned before the hours that it takes
    # Elsewhere a bar would leave empty lines.
    drawn = together and console.is_terminal
    with Progress(console=console, transient=True, disable=not drawn) as progress:
        task = progress.add_task(f"{len(missing)} runs, {jobs} side by side", total=len(missing))
        return train_all(runs, jobs=jobs, begins=begins, ended=ended)
