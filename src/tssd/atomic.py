"""Files that appear whole or not at all: written under a temporary name, then renamed."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tssd.errors import DataError

# What a killed process may leave behind ends in this; nothing reads it.
PARTIAL = ".partial"


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it there, on the disk.

    Missing folders are made.

    Raises: DataError: the disk is full or cannot be written; what was at `path` is untouched.
    """
    with _renamed(path, make_folder=True) as temporary:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes the place of `path` at the end; after an error nothing is left.

    For many files in a row: the folder must be there, and the system may write later.

    Raises: DataError: the folder is missing, or cannot be written, or the disk is full.
    """
    with _renamed(Path(path), make_folder=False) as temporary, open(temporary, "xb") as file:
        yield file


@contextmanager
def _renamed(path: Path, *, make_folder: bool) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        # torch.save hides the reason of a failed write behind a RuntimeError.
        reason = error.__context__ if isinstance(error, RuntimeError) else error
        if not isinstance(reason, OSError):
            raise
        raise DataError(
            f"{path}: cannot be written ({reason.strerror or reason}); the previous file, if any, "
            "is intact; check the folder, its rights and the free space, then try again"
        ) from error
