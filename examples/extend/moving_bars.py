"""A data set of event recordings: bars that move left, right, up or down."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import numpy as np

from tssd.data import EventData
from tssd.events import Events
from tssd.events.datasets import Catalogue, EventFiles, Reading, find_recordings
from tssd.events.files import File
from tssd.events.formats.five_byte import read_five_byte


@dataclass(frozen=True)
class MovingBarsFiles(EventFiles):
    """<class>/<number>.bin, five bytes an event."""

    title = "Moving bars"
    sensor = (32, 32)
    classes = ("left", "right", "up", "down")

    def find(self, folder: Path, reading: Reading) -> Catalogue:
        """Find the recordings; there is no official split, so a tenth of each class is held out."""
        names = "|".join(self.classes)
        found = find_recordings(
            folder, self.title, suffix=".bin", pattern=rf"(?P<label>{names})/(?P<id>[0-9]+)\.bin$"
        )
        labels = np.array([self.classes.index(fields["label"]) for fields in found.fields])
        return Catalogue(self.recordings(found, reading), labels, self.classes)

    def read(self, file: File, reading: Reading) -> Events:
        """Read a file of five bytes an event."""
        height, width = self.sensor
        return read_five_byte(
            file.content(), height=height, width=width, strict=reading.strict, name=file.place
        )


@dataclass(eq=False)
class MovingBars(EventData):
    """Moving bars: a bar crosses 32x32 pixels in one of four directions."""

    folder: str = "MovingBars"
    _: KW_ONLY
    size: int | None = 16

    @property
    def event_files(self) -> MovingBarsFiles:
        """How the files of the data set are found and read."""
        return MovingBarsFiles()
