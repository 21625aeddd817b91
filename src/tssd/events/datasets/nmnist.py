"""N-MNIST: MNIST's digits before a moving event camera (Orchard et al., 2015)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tssd.events.datasets.base import EventFiles
from tssd.events.datasets.catalogue import Catalogue, Reading, check_counts, numbered
from tssd.events.datasets.sources import Download, find_recordings
from tssd.events.files import File
from tssd.events.formats.five_byte import read_five_byte
from tssd.events.stream import Events

_URL = "https://data.mendeley.com/datasets/468j46mzdv"
DOWNLOADS = (
    Download("Train.zip", _URL, "about 1 GB", "20959b8e626244a1b502305a9e6e2031"),
    Download("Test.zip", _URL, "about 170 MB", "69ca8762b2fe404d9b9bad1103e97832"),
)

# MNIST's own.
TRAIN_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)


@dataclass(frozen=True)
class NMNISTFiles(EventFiles):
    """Train/ and Test/ (5 bytes an event), Train.zip and Test.zip, or SpikingJelly's events_np/."""

    title = "N-MNIST"
    sensor = (34, 34)
    classes = tuple("0123456789")

    def find(self, folder: Path, reading: Reading) -> Catalogue:
        """Find the recordings of both parts."""
        found = find_recordings(
            folder,
            self.title,
            suffix=".bin",
            pattern=r"(?P<part>train|test)/(?P<label>[0-9])/(?P<id>[0-9]+)\.bin$",
            converted=r"(?P<part>train|test)/(?P<label>[0-9])/(?P<id>[^/]+)\.npz$",
            downloads=DOWNLOADS,
            archives=("train.zip", "test.zip"),
        )
        parts = np.array([fields["part"].lower() for fields in found.fields])
        labels = np.array([int(fields["label"]) for fields in found.fields], dtype=np.int64)
        counts = {
            f"{part}/{label}": sum((labels == label) & (parts == part))
            for part in ("train", "test")
            for label in range(10)
        }
        expected = [*TRAIN_COUNTS, *TEST_COUNTS]
        check_counts(
            folder,
            counts,
            dict(zip(counts, expected, strict=True)),
            allow_incomplete=reading.allow_incomplete,
        )
        return Catalogue(
            self.recordings(found, reading),
            labels,
            self.classes,
            test=numbered(parts == "test"),
            simulated=found.simulated,
        )

    def read(self, file: File, reading: Reading) -> Events:
        """Read a file of five bytes an event."""
        return read_five_byte(file.content(), strict=reading.strict, name=file.place)
