"""Train several runs, one after the other or side by side."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress

from tssd.cli.parser import Override
from tssd.config import build, load_recipe
from tssd.config.trust import trusted
from tssd.errors import DataError, TssdError, UsageError
from tssd.processes import deaf_children, lifeline
from tssd.runs.folder import RunFolder
from tssd.runs.folder_names import refuse_shared
from tssd.runs.results import Results
from tssd.training.fit import fit
from tssd.training.settings import TrainerSettings

# Seconds that runs have to end when another has failed or all are to stop: fewer than this process
# has itself after Ctrl-C, so that it sees the last of them.
PATIENCE = 5.0


class PlannedRun(NamedTuple):
    """A recipe, a seed, and the folder they are trained into."""

    recipe: str
    seed: int
    folder: Path


def train_all(
    runs: Sequence[PlannedRun], overrides: Sequence[Override], jobs: int
) -> dict[PlannedRun, Results]:
    """Train what is not trained yet; the results of all.

    Args:
        runs: what to train.
        overrides: options of the recipes, the same for all.
        jobs: how many at a time; more than one are processes of their own.
    Raises: UsageError: two runs that would share a folder. KeyboardInterrupt: Ctrl-C. TssdError:
        of the first run that fails, with its folder. Later runs do not begin then, and those that
        are under way stop and can be continued.
    """
    refuse_other_lengths(runs, overrides)
    refuse_shared((run.folder, f"{run.recipe}, seed {run.seed}") for run in runs)
    missing = [run for run in runs if not RunFolder(run.folder).results.exists()]
    found: dict[PlannedRun, Results] = {}
    sys.stdout.flush()  # a log shows what was planned before the hours that it takes
    if jobs > 1 and len(missing) > 1:
        found = _side_by_side(missing, overrides, jobs)
    for number, run in enumerate(runs, 1):
        if run not in found:
            state = "" if run in missing else " (trained already)"
            print(
                f"[{number}/{len(runs)}] {run.recipe}, seed {run.seed}: {run.folder}{state}",
                flush=True,
            )
            found[run] = _here(run, overrides)
    return found


def refuse_other_lengths(runs: Sequence[PlannedRun], overrides: Sequence[Override]) -> None:
    """Runs that are compared have one length; resumed alone, they could be given another.

    Raises: UsageError: a run that is there has another number of epochs than is asked for.
    """
    wanted = {
        recipe: load_recipe(recipe, overrides)["trainer"].get("epochs", TrainerSettings.epochs)
        for recipe in dict.fromkeys(run.recipe for run in runs)
    }
    for run in runs:
        folder = RunFolder(run.folder)
        if folder.config.exists():
            trainer = folder.read_config().get("trainer")
            found = trainer.get("epochs") if isinstance(trainer, dict) else None
            if found != wanted[run.recipe]:
                raise UsageError(
                    f"{run.folder}: the run has trainer.epochs = {found}, now it is "
                    f"{wanted[run.recipe]}; give the same, or choose another --output"
                )


def _here(run: PlannedRun, overrides: Sequence[Override]) -> Results:
    try:
        parts = build(load_recipe(run.recipe, [*overrides, ("seed", str(run.seed))]))
        return fit(parts, run.folder, resume=True)
    except TssdError as error:
        raise type(error)(_named(run, str(error))) from error


def _side_by_side(
    runs: Sequence[PlannedRun], overrides: Sequence[Override], jobs: int
) -> dict[PlannedRun, Results]:
    processes: list[subprocess.Popen[str]] = []
    stopping = Event()

    def train(run: PlannedRun, stdin: int) -> Results:
        with deaf_children():
            process = subprocess.Popen(
                command(run, overrides),
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=surroundings(jobs),
            )
        processes.append(process)
        if stopping.is_set():
            process.terminate()
        _, complaints = process.communicate()
        if process.returncode:
            raise _failure(run, process.returncode, complaints)
        return RunFolder(run.folder).read_results()

    console = Console(stderr=True)
    with (
        lifeline() as stdin,
        # Elsewhere a bar would leave empty lines.
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
        ThreadPoolExecutor(jobs) as pool,
    ):
        try:
            task = progress.add_task(f"{len(runs)} runs, {jobs} side by side", total=len(runs))
            futures = {pool.submit(train, run, stdin): run for run in runs}
            for done, future in enumerate(as_completed(futures), 1):
                seconds = future.result().train_seconds
                folder = futures[future].folder
                # Above the bar, or in a log instead of it.
                line = f"[{done}/{len(runs)}] {folder}: trained in {seconds:.0f} s"
                console.print(line, soft_wrap=True, markup=False, highlight=False)
                progress.advance(task)
        except BaseException:
            stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            _end(processes)
            raise
        return {run: future.result() for future, run in futures.items()}


def _end(processes: Sequence[subprocess.Popen[str]]) -> None:
    """End processes: what does not put its things away in time is killed."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + PATIENCE
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
        process.kill()  # nothing, if it has ended


def command(run: PlannedRun, overrides: Sequence[Override]) -> list[str]:
    """The command line of one run."""
    options = [f"--{name}={value}" for name, value in overrides]
    options += [f"--seed={run.seed}", "--trainer.progress=false"]
    options += [f"--trust={module}" for module in trusted()]
    train = [sys.executable, "-P", "-m", "tssd.many_runs.child", "train", run.recipe]
    return [*train, f"--output={run.folder}", "--resume", *options]


def _failure(run: PlannedRun, code: int, complaints: str) -> BaseException:
    if code == 128 + signal.SIGINT:
        return KeyboardInterrupt()
    lines = [line for line in complaints.splitlines() if line.strip()]
    # What is said last need not be what was wrong: warnings may follow as a process ends.
    told = [line for line in lines if line.startswith("tssd: ")] or lines
    reason = told[-1].removeprefix("tssd: ") if told else f"its process ended with code {code}"
    kind = UsageError if code == 2 else DataError
    return kind(_named(run, reason))


def _named(run: PlannedRun, message: str) -> str:
    folder = str(run.folder)
    return message if message.startswith(folder) else f"{folder}: {message}"


def surroundings(jobs: int) -> dict[str, str]:
    """The environment of a run beside others.

    A share of the processor, where the recipe leaves its use to torch; and the modules that this
    process finds, in the same order.
    """
    share = max(1, (os.cpu_count() or 1) // jobs)
    found = os.pathsep.join(path or os.getcwd() for path in sys.path)
    return {"OMP_NUM_THREADS": str(share)} | os.environ | {"PYTHONPATH": found}
