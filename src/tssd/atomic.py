"""Files that appear whole or not at all: written under a temporary name, then renamed."""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from filelock import Timeout

from tssd.errors import DataError
from tssd.lock import locked

# What a killed process may leave behind ends in this; nothing reads it. A file of this kind is in
# use as long as it is locked.
PARTIAL = ".partial"

# Bytes of a name that fit into a temporary file's, with the rest of it: file systems take 255.
LONGEST = 200


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it there, on the disk.

    Missing folders are made; what a killed process has left of the same file is removed.

    Raises: DataError: the disk is full or cannot be written; what was at `path` is untouched.
    """
    with _renamed(path, make_folder=True) as temporary:
        remove_leftovers(path.parent, path.name)
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes the place of `path` at the end; after an error nothing is left.

    For many files in a row: the folder must be there, the system may write later, and leftovers
    stay until `remove_leftovers`.

    Raises: DataError: the folder is missing, or cannot be written, or the disk is full.
    """
    with _renamed(Path(path), make_folder=False) as temporary, open(temporary, "wb") as file:
        yield file


def remove_leftovers(folder: Path, name: str = "") -> None:
    """Remove temporary files of killed processes in a folder, of one file's name or of all.

    Files that a living process writes stay, and where a system has no locks all do.
    """
    prefix = f".{_short(name)}." if name else "."
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            # To open anything else than a file can wait for ever.
            ours = entry.name.startswith(prefix) and is_partial(entry.name)
            if ours and entry.is_file(follow_symlinks=False):
                with locked(Path(entry.path)):  # removes it, if nobody holds it
                    pass


def is_partial(name: str) -> bool:
    """Whether a name is one of what is being written, or was when its writer was killed."""
    return name.startswith(".") and name.endswith(PARTIAL)


@contextmanager
def _renamed(path: Path, *, make_folder: bool) -> Iterator[Path]:
    unique = f"{os.getpid()}.{secrets.token_hex(4)}{PARTIAL}"
    temporary = path.with_name(f".{_short(path.name)}.{unique}")
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        # The lock makes the file and removes it if it is still there afterwards. Before it is held,
        # another process may take the new file for a leftover: the next one is waited for.
        with locked(temporary, on_wait=lambda: None, private=True):
            yield temporary
            temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        # torch.save hides the reason of a failed write, and Ctrl-C, behind a RuntimeError.
        reason = error.__context__ if isinstance(error, RuntimeError) else error
        if isinstance(reason, KeyboardInterrupt) and reason is not error:
            raise reason from None
        # What a signal's handler raises while a lock is asked for has that lock for its context.
        is_the_locks = isinstance(reason, Timeout) and reason is not error
        if is_the_locks or not isinstance(reason, OSError):
            raise
        raise DataError(
            f"{path}: cannot be written ({reason.strerror or reason}); the previous file, if any, "
            "is intact; check the folder, its rights and the free space, then try again"
        ) from error


def _short(name: str) -> str:
    """A name, or if it is long a name of its own in its place."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= LONGEST else hashlib.sha256(encoded).hexdigest()[:32]
