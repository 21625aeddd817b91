"""The note that says of a data set that it is simulated, and how."""

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tssd.atomic import PARTIAL, is_partial, replacing
from tssd.errors import DataError
from tssd.events.datasets.simulated import NOTE, SAYS
from tssd.lock import LOCK, Hold, locked

log = logging.getLogger("tssd")


def note(data_set: str, parameters: Mapping[str, Any]) -> str:
    """The text of the note, JSON."""
    return json.dumps({"note": SAYS, "data_set": data_set, **parameters}, indent=2) + "\n"


def mark(folder: Path, text: str) -> None:
    """Claim a folder for one simulated data set, or find it claimed for the same one.

    Args:
        folder: Where the data set is to lie; made if missing.
        text: What `note` gave.

    Raises:
        DataError: The folder holds something else: other recordings, or the same with other
            parameters. Nothing of it is touched.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = sorted(path.name for path in folder.iterdir())
        there = [name for name in names if not _is_leftover(name)]
    except OSError as error:
        raise DataError(
            f"{folder} cannot be made or read as a folder ({error.strerror}): choose another one"
        ) from error
    except ValueError as error:  # a NUL in the path
        raise DataError(f"{folder} is not a path ({error}): choose another one") from error
    path = folder / NOTE
    if not path.exists():
        if there:
            raise DataError(
                f"{folder} holds {there[0]} but no {NOTE}, expected an empty folder or one that "
                "this simulation began: choose another one, so that real and simulated recordings "
                "never mix"
            )
        with replacing(path) as file:
            file.write(text.encode())
        return
    try:
        old, new = json.loads(path.read_bytes()), json.loads(text)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} is not readable JSON ({error}): choose another folder, or delete this one"
        ) from error
    if not isinstance(old, dict):
        raise DataError(f"{path} is not a note of a simulation: choose another folder")
    for key in [*new, *old]:
        if old.get(key) != new.get(key):
            raise DataError(
                f"{path} was begun with {key} = {json.dumps(old.get(key))}, now it is "
                f"{json.dumps(new.get(key))}: use the same parameters, or another folder"
            )


@contextmanager
def claimed(folder: Path, text: str) -> Iterator[Path]:
    """Mark a folder and hold it while the block runs, free of what killed processes left in it.

    Yields a folder below it for files in between, which is made and removed.

    Args:
        folder: As `mark` takes it.
        text: What `note` gave.

    Raises:
        DataError: The folder holds something else.
        OSError: It cannot be written.
    """
    mark(folder, text)

    def tell() -> None:
        log.warning("%s: another process simulates into it; waiting for that one", folder)

    scratch = folder / f".{os.getpid()}{PARTIAL}"
    with locked(folder / LOCK, on_wait=tell) as hold:
        if hold is Hold.HELD:
            _clear(folder)
        scratch.mkdir()
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            if hold is Hold.HELD:
                _clear(folder)  # of processes that an error has ended in the middle of a file


def _is_leftover(name: str) -> bool:
    return name == LOCK or is_partial(name)


def _clear(folder: Path) -> None:
    for leftover in list(folder.rglob(f".*{PARTIAL}")):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
