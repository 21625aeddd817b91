"""Processes that end with the one that started them, even after `kill -9`, and leave Ctrl-C to it.

The parent holds one end of a pipe, which the system closes when the parent ends, however it ends; a
thread of each child waits for that at the other end, and then ends the child whatever it does.
Nothing may be lost by it: files are written as `tssd.atomic` does.
"""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, current_process, forkserver, parent_process
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import Any

# Exit code of a process whose parent is gone: as after SIGTERM.
ORPHANED = 128 + signal.SIGTERM

# A terminal sends these to children, too; their parent decides. Windows knows no hang-up.
PARENTS = [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]

Submit = Callable[..., Future[Any]]


def follow_parent(*_: object) -> None:
    """End when the parent does; called in a process that `multiprocessing` has started.

    Takes any arguments, so that loaders can call it with the number of their process.
    """
    for number in PARENTS:
        signal.signal(number, signal.SIG_IGN)
    sys.excepthook = _told_unless_dropped
    if (parent := parent_process()) is not None:
        _end_after(lambda: connection.wait([parent.sentinel]))


def follow_input() -> None:
    """End when nobody can write to standard input any more; called in a child of `lifeline`."""
    # Not through sys.stdin: a thread that waits in there would hold its lock at the end.
    _end_after(lambda: os.read(0, 1))


def follow_starter() -> None:
    """End when the process that started this one has; for what has no pipe to it, on Unix."""
    starter = os.getppid()

    def wait() -> None:
        while os.getppid() == starter:
            time.sleep(0.2)

    _end_after(wait)


@contextmanager
def lifeline() -> Iterator[int]:
    """A descriptor to be the standard input of children that call `follow_input`.

    They end when the block does, or this process.
    """
    theirs, ours = os.pipe()
    try:
        yield theirs
    finally:
        os.close(theirs)
        os.close(ours)


@contextmanager
def process_pool(number: int, context: BaseContext) -> Iterator[Submit]:
    """Processes that work for this one; yields what `ProcessPoolExecutor.submit` is.

    They end when the block does: after their tasks, or at once when it is left by an exception.

    Args:
        number: how many.
        context: of `multiprocessing`, "spawn" or "forkserver": a fork would keep the pipe open.

    Raises: BrokenProcessPool: by the results, if a process was ended from outside.
    """
    with _starting():  # a tracker of what they share, at once
        theirs, ours = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(
            number, mp_context=context, initializer=_follow, initargs=(theirs,)
        )
        served = context.get_start_method() == "forkserver"
        if served:
            forkserver.ensure_running()

    def submit(work: Callable[..., Any], *given: Any) -> Future[Any]:
        if served:  # this waits for the server, which must not keep Ctrl-C from this process
            return pool.submit(work, *given)
        with _starting():  # more of them when they are needed
            return pool.submit(work, *given)

    try:
        yield submit
    except BaseException:
        ours.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        ours.close()
        theirs.close()


@contextmanager
def deaf_children() -> Iterator[None]:
    """Children that this thread starts in the block never hear Ctrl-C or a hang-up."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PARENTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _starting() -> Iterator[None]:
    # With -c, as multiprocessing starts it, Python looks for its own modules in the current folder
    # first: a file random.py there would be imported.
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        with deaf_children():
            yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _told_unless_dropped(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    # A parent that is interrupted while a batch is handed over leaves in the middle of a sentence.
    if not issubclass(kind, ConnectionError | EOFError):
        sys.__excepthook__(kind, error, trace)


def _follow(theirs: connection.Connection) -> None:
    _end_after(lambda: connection.wait([theirs]))


def _end_after(wait: Callable[[], object]) -> None:
    # A forked process knows its parent's until it needs one of its own.
    inherited = _folder_of_sockets()

    def follow() -> None:
        try:
            wait()
        finally:
            own = _folder_of_sockets()
            if own is not None and own != inherited:
                shutil.rmtree(own, ignore_errors=True)
            os._exit(ORPHANED)

    threading.Thread(target=follow, name="follows its parent", daemon=True).start()


def _folder_of_sockets() -> str | None:
    """The temporary folder that `multiprocessing` has made in this process, if it has."""
    # Not util.get_temp_dir(), which would make one.
    return getattr(current_process(), "_config", {}).get("tempdir")
