"""Which files `tssd predict` is given: named ones, and those that fit in folders."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tssd.errors import DataError, UsageError
from tssd.events.formats.detect import SUFFIXES

# Folders that hold these suffixes hold recordings of one sample each.
RECORDINGS = SUFFIXES


@dataclass
class Files:
    """What is to be classified.

    Args:
        named: by the user: what is wrong with one ends the command.
        found: in folders, each folder's sorted by name; unreadable ones are left out and counted.
        skipped: how many others lie in the folders, by reason.
    """

    named: list[Path] = field(default_factory=list)
    found: list[Path] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    def skipped_in_words(self) -> str:
        """For people; empty if nothing was skipped."""
        return ", ".join(f"{count} {reason}" for reason, count in self.skipped.most_common())


def collect_files(places: Sequence[str], suffixes: Iterable[str]) -> Files:
    """Files and folders as the user gives them; folders are searched to the bottom.

    Args:
        places: paths.
        suffixes: in lower case, of the files that count in folders.
    Raises: DataError: a folder without any of them, or nothing there. UsageError: an empty name,
        which the system takes for the current folder.
    """
    # Imported when it is needed: it takes seconds.
    from tssd.data.folder_walk import Skipped, files_below

    if "" in places:
        raise UsageError("predict: got an empty name, expected a file or folder (. is this one)")
    files, wanted = Files(), frozenset(suffixes)
    for place in map(Path, places):
        if not place.is_dir():
            files.named.append(place)
            continue
        skipped = Skipped()
        found = files_below(place, wanted, skipped)
        files.skipped += skipped
        if not found:
            reasons = files.skipped_in_words() or "it is empty"
            raise DataError(
                f"{place}: none of its files counts ({reasons}), expected files that end in "
                f"{', '.join(sorted(wanted))}"
            )
        files.found += found
    return files
