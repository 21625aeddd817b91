"""Folders that hold runs, wherever below a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from tssd.errors import DataError

# A disk has more; a folder of runs does not.
MOST = 200_000


def run_folders(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Every folder at or below this one that holds a run or looks like it, by name.

    Yields path, name relative to the folder, and why it could not be entered, if so.

    Raises: DataError: more than 200,000 folders.
    """
    seen: set[tuple[int, int]] = set()
    waiting = [(folder, "")]
    while waiting:
        path, name = waiting.pop()
        try:
            here = path.stat()
            if (here.st_dev, here.st_ino) in seen:  # links can lead in circles
                continue
            seen.add((here.st_dev, here.st_ino))
            with os.scandir(path) as entries:
                inside = {e.name: _is_folder(e) for e in entries if not e.name.startswith(".")}
        except OSError as error:
            yield path, name or path.name, error.strerror or str(error)
            continue
        if len(seen) > MOST:
            raise DataError(f"{folder}: more than {MOST} folders in it; name one with runs only")
        is_run = inside.get("config.yaml") is False
        if is_run or inside.get("results.json") is False:
            yield path, name or path.name, ""
        if not is_run:
            below = sorted((n for n, is_dir in inside.items() if is_dir), reverse=True)
            waiting += [(path / n, f"{name}/{n}".lstrip("/")) for n in below]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself; the others here are none the worse
        return False
