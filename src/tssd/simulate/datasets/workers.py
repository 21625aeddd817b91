"""Many recordings at once, in processes, in order and with a progress bar."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from typing import TypeVar

from tssd.errors import TssdError, UsageError
from tssd.processes import process_pool
from tssd.tracked import tracked

# Below this many tasks, starting processes costs more than it saves.
PROCESSES_FROM = 64

# Tasks a process that are prepared ahead; more would only fill the memory with images.
AHEAD = 8

Task = TypeVar("Task")
Result = TypeVar("Result")


def run_all(
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    total: int,
    title: str,
    processes: int | None = None,
) -> Generator[Result, None, None]:
    """Yield `work(task)` of every task, in order.

    Args:
        work: A function that processes can import.
        tasks: What to do, taken only a little ahead.
        total: Number of tasks, for the progress bar.
        title: Text of the progress bar.
        processes: How many; None for one a core, or none for a few tasks. 1 works in this process.

    Raises:
        UsageError: Fewer than one process.
        TssdError: A process was ended from outside.
    """
    if processes is not None and processes < 1:
        raise UsageError(
            f"processes is {processes}, expected 1 or more: leave it out for one a core"
        )
    if processes is None:
        processes = (os.cpu_count() or 1) if total >= PROCESSES_FROM else 1
    results = (
        (work(task) for task in tasks) if processes == 1 else _in_processes(work, tasks, processes)
    )
    # Rich's own generator would not close ours.
    with closing(results):
        yield from tracked(results, title, total=total)


def _in_processes(
    work: Callable[[Task], Result], tasks: Iterable[Task], processes: int
) -> Generator[Result, None, None]:
    # Not forked: a copy of a process that runs threads, as torch does, may wait for ever.
    context = multiprocessing.get_context("spawn")
    waiting: deque[Future[Result]] = deque()
    try:
        with process_pool(processes, context) as submit:
            for task in tasks:
                waiting.append(submit(work, task))
                if len(waiting) >= AHEAD * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise TssdError(
            f"{processes} processes: one was ended from outside, most often because memory ran "
            "out; the same call goes on, best with fewer processes"
        ) from error
