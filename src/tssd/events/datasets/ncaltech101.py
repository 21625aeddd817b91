"""N-Caltech101: Caltech-101's pictures before a moving event camera (Orchard et al., 2015)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tssd.events.datasets.base import EventFiles
from tssd.events.datasets.catalogue import Catalogue, Reading, check_counts
from tssd.events.datasets.sources import Download, find_recordings
from tssd.events.files import File
from tssd.events.formats.five_byte import read_five_byte
from tssd.events.stream import Events

DOWNLOADS = (
    Download(
        "Caltech101.zip",
        "https://data.mendeley.com/datasets/cy6cvx3ryv",
        "about 3.5 GB",
        "66201824eabb0239c7ab992480b50ba3",
    ),
)
RECORDINGS, CLASSES = 8709, 101


@dataclass(frozen=True)
class NCaltech101Files(EventFiles):
    """<class>/image_<n>.bin (5 bytes an event), Caltech101.zip, or SpikingJelly's events_np/.

    Every recording lies on the sensor's whole pixels, whatever part of them it uses. The classes
    are the folders, sorted; the data set has no split of its own.
    """

    title = "N-Caltech101"
    sensor = (180, 240)

    def find(self, folder: Path, reading: Reading) -> Catalogue:
        """Find the recordings."""
        found = find_recordings(
            folder,
            self.title,
            suffix=".bin",
            pattern=r"(?P<label>[^/]+)/image_(?P<id>[0-9]+)\.bin$",
            converted=r"(?P<label>[^/]+)/image_(?P<id>[0-9]+)\.npz$",
            downloads=DOWNLOADS,
        )
        names = tuple(sorted({fields["label"] for fields in found.fields}))
        check_counts(
            folder,
            {"classes": len(names), "recordings": len(found.files)},
            {"classes": CLASSES, "recordings": RECORDINGS},
            allow_incomplete=reading.allow_incomplete,
        )
        labels = np.array([names.index(fields["label"]) for fields in found.fields], dtype=np.int64)
        return Catalogue(self.recordings(found, reading), labels, names, simulated=found.simulated)

    def read(self, file: File, reading: Reading) -> Events:
        """Read a file of five bytes an event."""
        height, width = self.sensor
        return read_five_byte(
            file.content(), height=height, width=width, strict=reading.strict, name=file.place
        )
