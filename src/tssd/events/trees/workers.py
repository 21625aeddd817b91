"""Many recordings at once, in processes, in order and with a progress bar."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from tssd.errors import UsageError

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
) -> Iterator[Result]:
    """Yield `work(task)` of every task, in order.

    Args:
        work: A function that processes can import.
        tasks: What to do, taken only a little ahead.
        total: Number of tasks, for the progress bar.
        title: Text of the progress bar.
        processes: How many; None for one a core, or none for a few tasks. 1 works in this process.

    Raises:
        UsageError: Fewer than one process.
    """
    if processes is not None and processes < 1:
        raise UsageError(
            f"processes is {processes}, expected 1 or more: leave it out for one a core"
        )
    if processes is None:
        processes = (os.cpu_count() or 1) if total >= PROCESSES_FROM else 1
    results = map(work, tasks) if processes == 1 else _in_processes(work, tasks, processes)
    console = Console(stderr=True)
    shown = track(
        results,
        title,
        total=total,
        console=console,
        transient=True,
        # Elsewhere a bar would leave empty lines.
        disable=not console.is_terminal,
    )
    yield from shown


def _in_processes(
    work: Callable[[Task], Result], tasks: Iterable[Task], processes: int
) -> Iterator[Result]:
    # Not forked: a copy of a process that runs threads, as torch does, may wait for ever.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                waiting.append(pool.submit(work, task))
                if len(waiting) >= AHEAD * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
