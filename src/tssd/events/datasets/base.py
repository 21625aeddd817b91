"""What an event data set is: how its files are found, and how one of them is read."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tssd.events.datasets.catalogue import (
    Catalogue,
    FileRecording,
    Reading,
    require_sensor,
)
from tssd.events.datasets.sources import Found
from tssd.events.files import File
from tssd.events.formats.detect import read_own_events
from tssd.events.formats.npz import read_npz
from tssd.events.slicing import FixedTime, Slicing
from tssd.events.stream import Events


@dataclass(frozen=True)
class EventFiles(ABC):
    """Base of the descriptors of event data sets; the options of one are fields of its dataclass.

    Attributes:
        title: Name of the data set.
        sensor: Rows and columns of the camera.
        classes: Name of each class, in the order of the labels; empty if only the files tell.
        slicing: How recordings are cut into timesteps unless told otherwise.
    """

    title: ClassVar[str]
    sensor: ClassVar[tuple[int, int]]
    classes: ClassVar[tuple[str, ...]] = ()
    slicing: ClassVar[Slicing] = FixedTime()

    @abstractmethod
    def find(self, folder: Path, reading: Reading) -> Catalogue:
        """Find the recordings in the data set's folder; cheap: none is read.

        Raises:
            DataError: They are missing or surplus; says what to get, from where.
        """

    def read(self, file: File, reading: Reading) -> Events:
        """Read one file of the data set, if each of its files is one sample.

        Raises:
            DataError: It is damaged, or of another camera.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement read()")

    def read_converted(self, file: File, reading: Reading) -> Events:
        """Read an .npz file of SpikingJelly's."""
        height, width = self.sensor
        return read_npz(
            file.content(), height=height, width=width, strict=reading.strict, name=file.place
        )

    def read_own(self, path: Path, reading: Reading) -> Events:
        """Read a recording of the user's own, of this data set's kind and sensor.

        Raises:
            UsageError: Neither content nor suffix tells its format.
            DataError: It is missing, damaged, or of another camera.
        """
        height, width = self.sensor
        events = read_own_events(path, height=height, width=width, strict=reading.strict)
        require_sensor(events, self.sensor, str(path))
        return events

    def key(self) -> Mapping[str, str | int]:
        """Options that change what is read, plain values; part of the cache's key."""
        return {}

    def recordings(self, found: Found, reading: Reading) -> list[FileRecording]:
        """Recordings of the files found, one sample each, with the reader of their format."""
        read = self.read_converted if found.converted else self.read
        return [
            FileRecording(name, file, read, reading)
            for name, file in zip(found.names, found.files, strict=True)
        ]
