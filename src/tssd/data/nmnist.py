"""N-MNIST: MNIST's digits, seen by an event camera that moves (Orchard et al., 2015)."""

from typing import ClassVar, Literal

import numpy as np

from tssd.data.catalogue import Catalogue, check_counts, numbered
from tssd.data.event_augment import EventAugmentation
from tssd.data.event_sources import Download, find_recordings
from tssd.data.events import EventData, Pool
from tssd.events import Events
from tssd.events.files import File
from tssd.events.formats.five_byte import read_five_byte
from tssd.events.slicing import Slicing

_URL = "https://data.mendeley.com/datasets/468j46mzdv"
DOWNLOADS = (
    Download("Train.zip", _URL, "about 1 GB", "20959b8e626244a1b502305a9e6e2031"),
    Download("Test.zip", _URL, "about 170 MB", "69ca8762b2fe404d9b9bad1103e97832"),
)

# MNIST's own.
TRAIN_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)


class NMNIST(EventData):
    """N-MNIST: 60,000 training and 10,000 test recordings of 0.3 s, 34x34 pixels, 10 classes.

    Read from Train/ and Test/ (5 bytes an event), from Train.zip and Test.zip as downloaded, or
    from SpikingJelly's events_np/.

    Args:
        root: Folder that holds the data sets; null takes the environment variable TSSD_DATA.
        folder: The data set's folder below the root, or an absolute path.
        batch_size: Recordings a batch.
        slicing: How recordings are cut into timesteps; null: 10 ms each from the first event on.
        slices: Number of timesteps to cut; null: as many as the run needs.
        size: Side in cells of the square frames; null keeps 34 pixels.
        pool: Whether a cell counts the events of its pixels (sum) or averages over them (mean).
        bits: 8 or 16, of a count; a larger count stays at the largest.
        augment: Augmentations of the training recordings, in order; null: none, as in the paper.
        train_samples: Number of training samples, classes even, the same for all seeds; null: all.
        val_share: Share of each class of the training part kept for validation, 0 to below 1.
        allow_incomplete: Whether a part of the data set's recordings will do.
        strict: Whether to refuse recordings that are damaged instead of reading what is sound.
        num_workers: Loading processes; 0, the best for a cache, loads in the training process.
        seed: Seed of the order and the augmentation. The split does not depend on it.
    """

    title = "N-MNIST"
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")
    sensor: ClassVar[tuple[int, int]] = (34, 34)

    def __init__(
        self,
        root: str | None = None,
        folder: str = "NMNIST",
        *,
        batch_size: int = 64,
        slicing: Slicing | None = None,
        slices: int | None = None,
        size: int | None = None,
        pool: Pool = "sum",
        bits: Literal[8, 16] = 8,
        augment: list[EventAugmentation] | None = None,
        train_samples: int | None = None,
        val_share: float = 0.1,
        allow_incomplete: bool = False,
        strict: bool = False,
        num_workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            root,
            folder,
            batch_size=batch_size,
            slicing=slicing,
            slices=slices,
            size=size,
            pool=pool,
            bits=bits,
            augment=augment,
            train_samples=train_samples,
            val_share=val_share,
            allow_incomplete=allow_incomplete,
            strict=strict,
            num_workers=num_workers,
            seed=seed,
        )

    def find(self) -> Catalogue:
        """Find the recordings of both parts."""
        found = find_recordings(
            self.path,
            self.title,
            suffix=".bin",
            pattern=r"(?P<part>train|test)/(?P<label>[0-9])/(?P<id>[0-9]+)\.bin$",
            converted=r"(?P<part>train|test)/(?P<label>[0-9])/(?P<id>[^/]+)\.npz$",
            downloads=DOWNLOADS,
            archives=("train.zip", "test.zip"),
        )
        parts = [fields["part"].lower() for fields in found.fields]
        labels = np.array([int(fields["label"]) for fields in found.fields], dtype=np.int64)
        counts = {
            f"{part}/{label}": sum((labels == label) & (np.array(parts) == part))
            for part in ("train", "test")
            for label in range(10)
        }
        expected = [*TRAIN_COUNTS, *TEST_COUNTS]
        check_counts(
            self.path,
            counts,
            dict(zip(counts, expected, strict=True)),
            allow_incomplete=self.allow_incomplete,
        )
        return Catalogue(
            self.recordings(found),
            labels,
            train=numbered([part == "train" for part in parts]),
            test=numbered([part == "test" for part in parts]),
            simulated=found.simulated,
        )

    def read_original(self, file: File) -> Events:
        """Read a file of five bytes an event."""
        return read_five_byte(file.content(), strict=self.strict, name=file.place)
