"""A new folder that appears whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tssd.atomic import PARTIAL, is_partial
from tssd.errors import DataError
from tssd.reading import one_line


def check_free(folder: Path) -> None:
    """Refuse a folder that holds more than is being made in it, or was when its maker was killed.

    Raises: DataError: it is there already.
    """
    try:
        if folder.exists() and not (
            folder.is_dir() and all(is_partial(path.name) for path in folder.iterdir())
        ):
            raise DataError(
                f"{folder}: it is there already; give --output a new or empty folder, or remove it"
            )
    except OSError as error:
        raise _unwritable(folder, error) from error


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Inside, an empty folder beside `folder`, whose place it takes at the end.

    An empty one that is there already stays, and is filled at the end: it may be the current
    folder, a link or a disk of its own, whose place nothing can take. After an error nothing is
    left.

    Raises: DataError: something is there already, or it can't be written.
    """
    check_free(folder)
    try:
        is_there = folder.exists()
        folder.parent.mkdir(parents=True, exist_ok=True)
        where, prefix = folder if is_there else folder.parent, f".{folder.name[:100]}."
        with TemporaryDirectory(dir=where, prefix=prefix, suffix=PARTIAL) as made:
            whole = Path(made) / "whole"
            whole.mkdir()
            yield whole
            if is_there:
                check_free(folder)
                for inside in whole.iterdir():
                    inside.rename(folder / inside.name)
            else:
                os.replace(whole, folder)  # one that is empty gives way
    except OSError as error:
        raise _unwritable(folder, error) from error


def emptied(folder: Path) -> Path:
    """The folder without what is in it."""
    for inside in folder.iterdir():
        if inside.is_dir():
            shutil.rmtree(inside)
        else:
            inside.unlink()
    return folder


def _unwritable(folder: Path, error: OSError) -> DataError:
    reason = error.strerror or one_line(error)
    return DataError(f"{folder}: can't be written ({reason}); check its rights and the free space")
