"""Recordings of one's own: found as files by class, read whatever their format."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

import numpy as np

from tssd.data.listing import FileKind, FolderListing
from tssd.errors import DataError, UsageError
from tssd.events.crop import centre
from tssd.events.datasets.base import EventFiles
from tssd.events.datasets.catalogue import Catalogue, FileRecording, Reading
from tssd.events.datasets.simulated import is_simulated
from tssd.events.files import File, PlainFile
from tssd.events.formats.columns import Columns
from tssd.events.formats.detect import SUFFIXES, read_own_events, sensor_of
from tssd.events.stream import Events

log = logging.getLogger("tssd")

RECORDINGS = FileKind("recording", SUFFIXES)

# Suffixes of files that may say the size of their sensor.
SIZED = frozenset({".aedat", ".aedat4", ".raw", ".dat", ".h5", ".hdf5"})
# Files that are asked for it: one is enough, but a .raw or .h5 file need not say it.
ASKED = 8

GIVE = "give --data.height and --data.width, in pixels"


@dataclass(frozen=True)
class OwnRecordings(EventFiles):
    """Files of any known format, those of a folder or single ones.

    Args:
        camera: Rows and columns of the sensor; None takes what each file says.
        crop: Side of the square in the middle that is used, in pixels; None uses all.
        columns: What columns hold that do not say it, and the unit of time.
        listing: The files by class and part; None if only single files are read.
    """

    title = "event-folder"
    camera: tuple[int, int] | None = None
    crop: int | None = None
    columns: Columns = Columns()
    listing: FolderListing | None = None

    @property
    def sensor(self) -> tuple[int, int]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Rows and columns of what is used of the camera's picture."""
        if self.crop is not None:
            return self.crop, self.crop
        if self.camera is None:
            raise UsageError(f"data.height: the size of the sensor is not known; {GIVE}")
        return self.camera

    def find(self, folder: Path, reading: Reading) -> Catalogue:
        """The files of the listing, training part first."""
        listing = self.listing
        if listing is None:
            raise UsageError(f"{folder}: its files have not been listed")
        parts = [part for part in (listing.train, listing.test, listing.val) if part is not None]
        names = [path.relative_to(folder).as_posix() for part in parts for path in part.paths]
        _tell_of_two_formats(folder, names)
        ends = np.cumsum([len(part.paths) for part in parts])
        numbers = np.arange(len(names))
        return Catalogue(
            [FileRecording(name, PlainFile(folder, name), self.read, reading) for name in names],
            np.concatenate([part.labels for part in parts]),
            listing.class_names,
            test=None if not listing.has_parts else numbers[ends[0] : ends[1]],
            val=None if listing.val is None else numbers[ends[1] :],
            simulated=is_simulated(folder),
        )

    def read(self, file: File, reading: Reading) -> Events:
        """Read a file of the folder. Raises: DataError: damaged, or of another sensor."""
        return self._read(Path(file.place), reading, "; --data.skip_corrupt true leaves such out")

    def read_own(self, path: Path, reading: Reading) -> Events:
        """Read a single file."""
        if self.camera is None and sensor_of(path) is None:
            raise UsageError(f"{path} does not say the size of its sensor; train with it: {GIVE}")
        return self._read(path, reading, of="those of the training have")

    def key(self) -> Mapping[str, str | int]:
        """What changes how a file is read."""
        height, width = self.camera or (0, 0)
        return {
            "camera": f"{height}x{width}",
            "crop": self.crop or 0,
            "columns": " ".join(self.columns.order or ()),
            "time_unit": self.columns.time_unit,
        }

    def _read(
        self,
        path: Path,
        reading: Reading,
        advice: str = "",
        *,
        of: str = "the first says that does",
    ) -> Events:
        height, width = self.camera or (None, None)
        try:
            events = read_own_events(
                path, height=height, width=width, strict=reading.strict, columns=self.columns
            )
            if self.camera not in (None, (events.height, events.width)):
                raise DataError(
                    f"{path} is of a sensor of {events.width}x{events.height} pixels, expected "
                    f"{width}x{height} as {of}: leave it out, or convert it"
                )
        except DataError as error:
            raise DataError(f"{error}{advice}") from error
        return centre(events, self.crop)


def _tell_of_two_formats(folder: Path, names: Sequence[str]) -> None:
    """Warn of recordings that lie there twice, as programs leave them that convert."""
    first: dict[PurePosixPath, str] = {}
    both = [
        (known, name)
        for name in names
        if (known := first.setdefault(PurePosixPath(name).with_suffix(""), name)) != name
    ]
    if both:
        log.warning(
            "%s: %d recordings have the name of another one, but for the suffix (first: %s and "
            "%s): if they are the same, delete one", folder, len(both), *both[0],
        )  # fmt: skip


def find_camera(
    paths: Iterable[Path],
    where: Path,
    columns: Columns = Columns(),  # noqa: B008 - immutable
    *,
    is_sound: Callable[[Path], bool] = lambda path: True,
) -> tuple[int, int]:
    """Rows and columns of the sensor, as the first recording says them that does.

    Args:
        paths: The recordings.
        where: Their folder, for the message.
        columns: What columns hold that do not say it.
        is_sound: Which of them count; asked of as few as will do.

    Raises:
        DataError: None of those asked says them, or one is damaged.
    """
    paths = list(paths)
    sized = (path for path in paths if path.suffix.lower() in SIZED and is_sound(path))
    for path in islice(sized, ASKED):
        if (found := sensor_of(path)) is not None:
            return found
    first = next(filter(is_sound, paths), None)
    if first is None:
        raise DataError(f"{where} holds no readable recordings")
    events = read_own_events(first, columns=columns)
    raise DataError(
        f"{where}: no recording says the size of its sensor; {GIVE} "
        f"(the events of {first.name} reach column {events.width - 1}, row {events.height - 1})"
    )


def why_unreadable(
    path: Path,
    columns: Columns,
    *,
    sensor: tuple[int, int] | None = None,
    strict: bool = False,
) -> str:
    """Why a recording cannot be read, without its name; empty if it can.

    Args:
        path: The recording.
        columns: What columns hold that do not say it.
        sensor: Rows and columns that it must be of; None: any.
        strict: Whether what is tolerated and noted otherwise counts as a reason.
    """
    try:
        OwnRecordings(sensor, columns=columns)._read(path, Reading(strict=strict))
    except DataError as error:
        return str(error).removeprefix(str(path)).strip(" :")
    return ""
