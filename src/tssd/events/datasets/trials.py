"""The trials of DVS-Gesture: long recordings of several gestures, and the lists that split them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tssd.errors import DataError
from tssd.events import Events
from tssd.events.datasets.catalogue import require_sensor
from tssd.events.files import PlainFile, list_folder
from tssd.events.formats.aedat3 import SIDE, last_time, read_aedat3
from tssd.events.formats.gesture_labels import GestureWindow, read_labels, recorded

# The data set's own lists of recordings, 98 of users 1 to 23 and 24 of users 24 to 29.
LISTS = {"train": "trials_to_train.txt", "test": "trials_to_test.txt"}


@dataclass(frozen=True)
class Trial:
    """A recording of several gestures, each a sample.

    Args:
        file: The recording, AEDAT 3.1.
        labels: Its table of labels.
        windows: Its gestures; times within a sample count from its window's start.
        strict: Whether to refuse a damaged recording.
    """

    file: PlainFile
    labels: PlainFile
    windows: Sequence[GestureWindow]
    strict: bool = False

    @property
    def name(self) -> str:
        """Path of the recording in the data set."""
        return self.file.name

    @property
    def stamp(self) -> tuple[int, ...]:
        """What identifies the content of both files."""
        return *self.file.stamp, *self.labels.stamp

    @property
    def change(self) -> tuple[int, ...]:
        """What no writing leaves as it was, of both files."""
        return *self.file.change, *self.labels.change

    def checksum(self) -> int:
        """CRC-32 of the content, both files in one number."""
        return self.file.checksum() << 32 | self.labels.checksum()

    @property
    def samples(self) -> int:
        """Number of gestures."""
        return len(self.windows)

    def read(self) -> list[Events]:
        """Read the recording once, and cut every window out of it on its own: they may overlap."""
        events = read_aedat3(self.file.content(), strict=self.strict, name=self.file.place)
        require_sensor(events, (SIDE, SIDE), self.file.place)
        cuts = [(window, events.between(window.start, window.end)) for window in self.windows]
        return [replace(cut, t=cut.t - window.start) for window, cut in cuts]


def find_trials(
    tree: Path, *, allow_incomplete: bool = False, strict: bool = False
) -> dict[str, list[Trial]]:
    """The listed recordings with their labels, by part.

    Windows that start after the last event, as in a recording that is cut off, are left out.

    Args:
        tree: The folder with the recordings, their labels and the lists.
        allow_incomplete: Whether listed files may be missing.
        strict: Whether to refuse a damaged recording.

    Raises:
        DataError: A list is missing or damaged, listed files are missing (all are named), a
            recording is in both lists, or a table of labels is wrong.
    """
    there = {file.name: file for file in list_folder(tree, (".aedat", ".csv"))}
    listed = {part: read_list(tree / name) for part, name in LISTS.items()}
    if both := sorted(set(listed["train"]) & set(listed["test"])):
        raise DataError(f"{tree}: {both[0]} is in both lists of trials; restore the lists")
    wanted = [
        file for part in LISTS for trial in listed[part] for file in (trial, labels_of(trial))
    ]
    gone = [file for file in wanted if file not in there]
    if gone and not allow_incomplete:
        raise DataError(
            f"{tree}: {len(gone)} listed files are missing ({', '.join(gone)}); unpack the archive "
            "again, or use what is there with --data.allow_incomplete true"
        )
    return {
        part: [
            _trial(there[trial], there[labels_of(trial)], strict)
            for trial in listed[part]
            if trial in there and labels_of(trial) in there
        ]
        for part in LISTS
    }


def labels_of(trial: str) -> str:
    """The name of a recording's table of labels."""
    return trial.removesuffix(".aedat") + "_labels.csv"


def read_list(path: Path) -> list[str]:
    """The names in a list of trials, sorted. Raises: DataError: missing or damaged."""
    try:
        names = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no readable list of recordings ({error})") from error
    if not names or not all(PurePosixPath(name).suffix == ".aedat" for name in names):
        raise DataError(f"{path}: expected the name of an .aedat file on each line; restore it")
    return sorted(dict.fromkeys(names))


def _trial(file: PlainFile, labels: PlainFile, strict: bool) -> Trial:
    windows = read_labels(labels.content(), name=labels.place)
    last = last_time(file.content())
    kept = recorded(windows, last, name=file.place)
    if strict and len(kept) < len(windows):
        raise DataError(
            f"{file.place} ends at {last} us, before {len(windows) - len(kept)} of its "
            f"{len(windows)} gestures start: get the recording again"
        )
    return Trial(file, labels, kept, strict)
