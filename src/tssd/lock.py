"""A lock between processes that a killed one cannot leave behind."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


# Descriptors of lock files that this process has open. A forked child has copies, and would keep a
# lock as long as it lives, stopped ones for ever, after its parent was killed: it closes them.
_open: set[int] = set()


def _close_in_child() -> None:
    while _open:
        os.close(_open.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


class Hold(Enum):
    """Outcome of asking for a lock."""

    HELD = "held"
    BUSY = "another process holds it"
    UNSUPPORTED = "the system or the file system has no such locks"


@contextmanager
def locked(
    path: Path, *, on_wait: Callable[[], object] | None = None, folder: bool = False
) -> Iterator[Hold]:
    """Hold an exclusive lock while the block runs; the system frees it when the process ends.

    The file at `path` exists only as long as somebody holds or wants the lock, or until the next
    holder if the last one was killed.

    Args:
        path: of the lock file, in an existing folder.
        on_wait: called once before waiting for another process; None does not wait.
        folder: whether `path` is an existing folder instead, which stays.

    Yields: HELD, UNSUPPORTED, or without `on_wait` BUSY.
    Raises: OSError: the file cannot be made, or the folder not be opened.
    """
    descriptor, hold = _acquire(path, on_wait, 0 if folder else os.O_CREAT)
    if descriptor is None:
        yield hold
        return
    try:
        yield hold
    finally:
        if descriptor in _open:  # else this is a child, and the lock is its parent's
            # Removed while still held: who waits for this file sees below that it is gone.
            if not folder:
                path.unlink(missing_ok=True)
            _close(descriptor)


def _acquire(
    path: Path, on_wait: Callable[[], object] | None, creation: int
) -> tuple[int | None, Hold]:
    if fcntl is None:
        return None, Hold.UNSUPPORTED
    wait = on_wait
    while True:
        descriptor = os.open(path, os.O_RDONLY | creation, 0o666)
        _open.add(descriptor)
        try:
            hold = _flock(descriptor, wait=False)
            if hold is Hold.BUSY and on_wait is not None:
                if wait is not None:
                    wait()
                wait = None  # told once
                hold = _flock(descriptor, wait=True)
            if hold is Hold.HELD and _is_at(path, descriptor):
                return descriptor, hold
        except BaseException:
            _close(descriptor)
            raise
        _close(descriptor)
        if hold is not Hold.HELD:
            return None, hold
        # Else its last holder has removed the file meanwhile: again with the one that is there.


def _close(descriptor: int) -> None:
    _open.discard(descriptor)
    os.close(descriptor)


def _flock(descriptor: int, *, wait: bool) -> Hold:
    assert fcntl is not None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return Hold.BUSY
    except OSError:  # some network file systems
        return Hold.UNSUPPORTED
    return Hold.HELD


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
