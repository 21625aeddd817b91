"""Walking through folders of files: links followed, copies left out, and all of it counted."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tssd.errors import DataError

# What systems and programs leave in folders, in lower case: copies, thumbnails, deleted files.
FOREIGN = frozenset(
    {"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"}
)
# What this library itself leaves beside data: neither entered nor counted.
OWN = ".tssd-cache"
# Within a class folder also these; a class may well have such a name.
THUMBNAILS = frozenset({"thumbs", "thumbnails"})


# Reasons that a message gives before it says how many more there are.
SHOWN = 6


class Skipped(Counter[str]):
    """What was left out of a listing: how many entries, by reason."""

    def __str__(self) -> str:
        """The reasons on one line, most frequent first."""
        shown = [f"{count} {reason}" for reason, count in self.most_common(SHOWN)]
        rest = self.total() - sum(count for _, count in self.most_common(SHOWN))
        return ", ".join([*shown, *([f"{rest} others"] if rest else [])]) or "nothing"


def subfolders(folder: Path, skipped: Skipped) -> list[str]:
    """Names of the folders in a folder, sorted, links to folders among them.

    Hidden ones and what systems leave behind are counted in `skipped`, as is what is no folder.

    Raises:
        DataError: The folder cannot be read.
    """
    found = []
    for entry in _entries(folder):
        if entry.name == OWN:
            continue
        if not _is_folder(entry):
            skipped[_what(entry)] += 1
        elif entry.name.startswith("."):
            skipped["hidden folders"] += 1
        elif entry.name.lower() in FOREIGN:
            skipped["folders of the system's"] += 1
        else:
            found.append(entry.name)
    return sorted(found)


def files_below(folder: Path, suffixes: Iterable[str], skipped: Skipped) -> list[Path]:
    """Regular files below a folder with one of these (lower-case) suffixes, sorted.

    Links are followed, each real folder only once. What is left out is counted in `skipped`.

    Raises:
        DataError: A folder cannot be read.
    """
    return sorted(_walk(folder, frozenset(suffixes), skipped))


def _walk(folder: Path, wanted: frozenset[str], skipped: Skipped) -> Iterator[Path]:
    # Real folders before links, so that of two ways to a file the one without a link counts.
    folders, links = [folder], list[Path]()
    seen: set[tuple[int, int]] = set()
    while folders or links:
        place = (folders or links).pop()
        entries = _entries(place)
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in seen:
            skipped["links to folders that are listed already"] += 1
            continue
        seen.add((status.st_dev, status.st_ino))
        for entry in entries:
            if not _is_folder(entry):
                if reason := _why_not(entry, wanted):
                    skipped[reason] += 1
                else:
                    yield place / entry.name
            elif entry.name.startswith("."):
                skipped["hidden folders"] += 1
            elif entry.name.lower() in FOREIGN | THUMBNAILS:
                skipped["folders of thumbnails or of the system's"] += 1
            else:
                (links if entry.is_symlink() else folders).append(place / entry.name)


def _why_not(entry: os.DirEntry[str], wanted: frozenset[str]) -> str:
    """Why a file is left out; empty if it is not."""
    suffix = os.path.splitext(entry.name.lower())[1]
    if entry.name.startswith("."):
        return "hidden files"
    if not _is_file(entry):
        return _what(entry)
    if suffix in wanted:
        return ""
    # A suffix of somebody else's may hold anything; what is shown are letters and digits.
    return f"files with the suffix {suffix}" if suffix[1:].isalnum() else "files of another kind"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            # Backwards, since the last is taken first: of two links to a folder the first by name.
            return sorted(entries, key=lambda entry: entry.name, reverse=True)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be listed ({error.strerror or error}): check its rights"
        ) from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _what(entry: os.DirEntry[str]) -> str:
    if _is_file(entry):
        return "files outside of class folders"
    return "broken links" if entry.is_symlink() else "pipes, devices or sockets"
