"""What an event data set consists of: its recordings, their classes, and the official parts."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tssd.errors import DataError
from tssd.events.cache_key import Recording
from tssd.events.files import File
from tssd.events.slicing import Start
from tssd.events.stream import Events
from tssd.listed import and_more

Numbers = NDArray[np.int64]

log = logging.getLogger("tssd")

# Classes or parts with too few recordings that the log names.
SHOWN = 5


@dataclass(frozen=True)
class Reading:
    """How recordings are to be found and read.

    Args:
        allow_incomplete: Whether a part of the data set's recordings will do.
        strict: Whether to refuse a damaged recording instead of reading what is sound.
        duration: Microseconds from the start that will be used; None: all.
        start: What these count from: the first event, or time zero.
    """

    allow_incomplete: bool = False
    strict: bool = False
    duration: int | None = None
    start: Start = "first"


@dataclass(frozen=True)
class FileRecording:
    """A file that is one sample.

    Args:
        name: What it is called, the same wherever and in whatever format it lies.
        file: The file.
        reader: Turns the file into events.
        reading: How, and how much of it.
    """

    name: str
    file: File
    reader: Callable[[File, Reading], Events]
    reading: Reading = Reading()
    samples: int = 1

    @property
    def stamp(self) -> tuple[int, ...]:
        """What identifies the content."""
        return self.file.stamp

    @property
    def change(self) -> tuple[int, ...]:
        """What no writing leaves as it was."""
        return self.file.change

    def checksum(self) -> int:
        """CRC-32 of the content."""
        return self.file.checksum()

    def read(self) -> list[Events]:
        """Read the file."""
        return [self.reader(self.file, self.reading)]


@dataclass(frozen=True)
class Catalogue:
    """All samples of a data set, in an order that never changes.

    Args:
        recordings: Their files, in the order of the samples.
        labels: Class of each sample, [M].
        class_names: Name of each class, in the order of the labels.
        test: Numbers of the samples for testing, ascending; the others are for training. None for a
            data set without a split of its own: a fixed share of each class will be held out.
        simulated: Whether the recordings say of themselves that they were simulated.
        val: Numbers of the samples for validation, ascending; None if the data set has none.
    """

    recordings: Sequence[Recording]
    labels: Numbers
    class_names: tuple[str, ...]
    test: Numbers | None = None
    simulated: bool = False
    val: Numbers | None = None

    def id_hash(self, parts: Mapping[str, Numbers]) -> str:
        """Twelve hex digits of which sample is in which part, with what label.

        Args:
            parts: Sample numbers of each part, ascending.
        """
        names = [f"{r.name}#{n}" for r in self.recordings for n in range(r.samples)]
        digest = hashlib.sha256()
        for part, index in parts.items():
            digest.update(f"{part}\n".encode())
            for number in index.tolist():
                line = f"{self.labels[number]} {names[number]}\n"
                # Names of files need not be text.
                digest.update(line.encode(errors="surrogateescape"))
        return digest.hexdigest()[:12]

    def used(self, duration: int | None, start: Start) -> list[Recording]:
        """The recordings, to be read no further than will be used.

        Args:
            duration: Microseconds; None: all.
            start: What they count from.
        """
        return [
            replace(r, reading=replace(r.reading, duration=duration, start=start))
            if isinstance(r, FileRecording)
            else r
            for r in self.recordings
        ]


def check_counts(
    where: object,
    found: Mapping[str, int],
    expected: Mapping[str, int],
    *,
    allow_incomplete: bool,
) -> None:
    """Refuse a data set with missing or surplus recordings: they would shift every split.

    Args:
        where: The folder, for the message.
        found: Number of recordings of each class or part.
        expected: The same of the complete data set.
        allow_incomplete: Whether fewer are fine; more never are.

    Raises:
        DataError: Lists every class or part with a wrong number.
    """
    wrong = [
        f"{name}: {found.get(name, 0)} of {count}"
        for name, count in expected.items()
        if found.get(name, 0) > count or (found.get(name, 0) < count and not allow_incomplete)
    ]
    short = [name for name, count in expected.items() if found.get(name, 0) < count]
    unknown = [f"{name}: {count}, not part of it" for name, count in found.items()
               if name not in expected]  # fmt: skip
    if wrong or unknown:
        raise DataError(
            f"{where}: recordings are missing or surplus ({'; '.join([*wrong, *unknown])}); "
            "complete the download or remove what does not belong there"
            + ("" if allow_incomplete else ", or use what is there with "
               "--data.allow_incomplete true")
        )  # fmt: skip
    if short:
        counts = [f"{name}: {found.get(name, 0)} of {expected[name]}" for name in short]
        log.info("%s: incomplete, %s", where, and_more(counts, SHOWN))


def require_sensor(events: Events, size: tuple[int, int], place: str) -> None:
    """Refuse a recording of another sensor than the data set's.

    Args:
        events: The recording.
        size: Rows and columns of the data set's sensor.
        place: Where it lies, for the message.

    Raises:
        DataError: It has other pixels.
    """
    if (events.height, events.width) != size:
        raise DataError(
            f"{place} is of a camera with {events.width}x{events.height} pixels, expected "
            f"{size[1]}x{size[0]}: it is no recording of this data set, remove it"
        )


def numbered(members: ArrayLike) -> Numbers:
    """Numbers of the true entries, ascending."""
    return np.flatnonzero(np.asarray(members, dtype=bool)).astype(np.int64)
