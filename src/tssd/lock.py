"""A lock between processes that a killed one cannot leave behind.

`filelock` locks. What it leaves to us is here: a file system without locks is said instead of
replaced by files that a killed process would leave; the lock's file goes with the lock; a folder
that is not there is not made; and who shares a folder may wait for another user's lock.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from filelock import FileLock, Timeout, has_fcntl

# Name of the lock file in a folder that only one process may work in. Folders themselves cannot be
# locked over a network; a file beside one needs a name that fits, and the right to write there.
LOCK = ".lock"

# By which file systems say that they have no locks, among them some of a network.
NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}


class Hold(Enum):
    """Outcome of asking for a lock."""

    HELD = "held"
    BUSY = "another process holds it"
    UNSUPPORTED = "the system or the file system has no such locks"


@contextmanager
def locked(
    path: Path, *, on_wait: Callable[[], object] | None = None, private: bool = False
) -> Iterator[Hold]:
    """Hold an exclusive lock while the block runs; the system frees it when the process ends.

    The file at `path` exists only as long as somebody holds or wants the lock, or until the next
    holder if the last one was killed.

    Args:
        path: of the lock file, in an existing folder.
        on_wait: called once before waiting for another process; None does not wait.
        private: whether the file has the rights of any new one, as one that is to be kept must.
            Else all users who can reach it may lock it.

    Yields: HELD, UNSUPPORTED, or without `on_wait` BUSY.
    Raises: OSError: the file cannot be made.
    """
    lock = FileLock(path, mode=-1 if private else 0o666, fallback_to_soft=False)
    hold = Hold.UNSUPPORTED
    if has_fcntl:  # not on Windows, where a file that is open cannot be renamed
        os.stat(os.path.join(path.parent, ""))  # raises where filelock would make the folder
        is_new = not path.exists()
        hold = _acquire(lock, on_wait)
        if hold is Hold.UNSUPPORTED and is_new:
            path.unlink(missing_ok=True)
    try:
        yield hold
    finally:
        if lock.is_locked:  # not in a forked child: the lock is its parent's
            try:
                # While it is still held: who waits for this file sees that it is gone.
                path.unlink(missing_ok=True)
            finally:
                lock.release()


def _acquire(lock: FileLock, on_wait: Callable[[], object] | None) -> Hold:
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            if on_wait is None:
                return Hold.BUSY
            on_wait()
            lock.acquire()
    except OSError as error:
        if error.errno in NO_LOCKS:
            return Hold.UNSUPPORTED
        raise
    return Hold.HELD
