"""Several runs at a time, each in a process of its own that ends with this one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from threading import Event

from tssd.config.trust import trusted
from tssd.errors import DataError, printable
from tssd.many_runs.failure import Failure, named
from tssd.many_runs.planned import TRUST, PlannedRun
from tssd.processes import deaf_children, lifeline
from tssd.runs.folder import RunFolder
from tssd.runs.results import Results

# Seconds that runs have to end when all are to stop: fewer than this process has itself after
# Ctrl-C, so that it sees the last of them.
PATIENCE = 5.0
# What says how many threads torch begins with.
THREADS = "OMP_NUM_THREADS"

Outcome = Results | Failure


def side_by_side(
    runs: Sequence[PlannedRun],
    jobs: int,
    ended: Callable[[PlannedRun, Outcome], object],
    said: Callable[[PlannedRun, str], object] = lambda run, line: None,
) -> dict[PlannedRun, Outcome]:
    """Train runs; the results of each, or why it has none.

    Args:
        runs: what to train.
        jobs: how many at a time.
        ended: told of each as it ends; what it raises stops all others.
        said: told, before, of each line that it has left on standard error, such as a warning; the
            run's folder is in front. Not of those in the details of a failure.
    Raises: KeyboardInterrupt: Ctrl-C, here or in a process.
    """
    processes: list[subprocess.Popen[str]] = []
    stopping = Event()

    def train(run: PlannedRun, stdin: int) -> tuple[Outcome, str]:
        try:
            process = _started(run, stdin, surroundings(jobs))
        except OSError as error:  # no memory for one more, or too many
            return Failure.of(run, error), ""
        processes.append(process)
        if stopping.is_set():
            process.terminate()
        answer, complaints = process.communicate()
        if process.returncode == 128 + signal.SIGINT:
            raise KeyboardInterrupt
        if process.returncode:
            failure = Failure.of_process(run, process.returncode, answer, complaints)
            return failure, complaints if answer else ""
        try:
            return RunFolder(run.folder).read_results(), complaints
        except DataError as error:  # of code that has ended the process as if all were well
            return Failure.of(run, error), complaints

    found: dict[PlannedRun, Outcome] = {}
    with lifeline() as stdin, ThreadPoolExecutor(jobs) as pool:
        try:
            futures = {pool.submit(train, run, stdin): run for run in runs}
            for future in as_completed(futures):
                run = futures[future]
                found[run], complaints = future.result()
                for line in filter(str.strip, complaints.splitlines()):
                    said(run, printable(named(run, line)))
                ended(run, found[run])
        except BaseException:
            stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            _end(processes)
            raise
    return found


def _started(run: PlannedRun, stdin: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    with deaf_children():
        return subprocess.Popen(
            command(run),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
        )


def command(run: PlannedRun) -> list[str]:
    """The command line of one run, which shows no progress."""
    quiet = run._replace(options=(*run.options, ("trainer.progress", "false")))
    trust = [f"{TRUST}{module}" for module in trusted()]
    return [sys.executable, "-P", "-m", "tssd.many_runs.child", *quiet.words(), *trust]


def surroundings(jobs: int) -> dict[str, str]:
    """The environment of a run beside others.

    A share of the processor, where the recipe leaves its use to torch; and the modules that this
    process finds, in the same order.
    """
    found = os.pathsep.join(path or os.getcwd() for path in sys.path)
    return {THREADS: str(share_of_cores(jobs))} | os.environ | {"PYTHONPATH": found}


def share_of_cores(jobs: int) -> int:
    """CPU threads of each of several runs, unless the environment or the recipe says how many."""
    return max(1, (os.cpu_count() or 1) // jobs)


def _end(processes: Sequence[subprocess.Popen[str]]) -> None:
    """End processes: what does not put its things away in time is killed."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + PATIENCE
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
        process.kill()  # nothing, if it has ended
