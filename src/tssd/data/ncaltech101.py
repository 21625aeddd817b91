"""N-Caltech101: Caltech-101's pictures before a moving event camera (Orchard et al., 2015)."""

from functools import cached_property
from typing import ClassVar, Literal

import numpy as np

from tssd.data.catalogue import Catalogue, check_counts
from tssd.data.event_augment import EventAugmentation
from tssd.data.event_sources import Download, Found, find_recordings
from tssd.data.events import EventData, Pool
from tssd.data.splits import TEST_SEED, hold_out
from tssd.events import Events
from tssd.events.files import File
from tssd.events.formats.five_byte import read_five_byte
from tssd.events.slicing import Slicing

DOWNLOADS = (
    Download(
        "Caltech101.zip",
        "https://data.mendeley.com/datasets/cy6cvx3ryv",
        "about 3.5 GB",
        "66201824eabb0239c7ab992480b50ba3",
    ),
)
RECORDINGS, CLASSES = 8709, 101

# The data set has no split of its own: a fixed tenth of each class, chosen at random, is for tests.
TEST_SHARE = 0.1


class NCaltech101(EventData):
    """N-Caltech101: 8,709 recordings of 0.3 s, up to 240x180 pixels, 101 classes.

    Read from Caltech101/<class>/image_<n>.bin (5 bytes an event), from Caltech101.zip as
    downloaded, or from SpikingJelly's events_np/. Every recording lies on the sensor's whole
    180x240 pixels, whatever part of them it uses; the frames are square.

    Args:
        root: Folder that holds the data sets; null takes the environment variable TSSD_DATA.
        folder: The data set's folder below the root, or an absolute path.
        batch_size: Recordings a batch.
        slicing: How recordings are cut into timesteps; null: 10 ms each from the first event on.
        slices: Number of timesteps to cut; null: as many as the run needs.
        size: Side in cells of the square frames; null keeps all 180x240 pixels.
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

    title = "N-Caltech101"
    sensor: ClassVar[tuple[int, int]] = (180, 240)

    def __init__(
        self,
        root: str | None = None,
        folder: str = "NCaltech101",
        *,
        batch_size: int = 64,
        slicing: Slicing | None = None,
        slices: int | None = None,
        size: int | None = 48,
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

    @cached_property
    def class_names(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Names of the folders, sorted."""
        return tuple(sorted({fields["label"] for fields in self._found.fields}))

    def find(self) -> Catalogue:
        """Find the recordings and split them."""
        found, names = self._found, self.class_names
        check_counts(
            self.path,
            {"classes": len(names), "recordings": len(found.files)},
            {"classes": CLASSES, "recordings": RECORDINGS},
            allow_incomplete=self.allow_incomplete,
        )
        labels = np.array([names.index(fields["label"]) for fields in found.fields], dtype=np.int64)
        train, test = hold_out(labels, TEST_SHARE, seed=TEST_SEED)
        return Catalogue(
            self.recordings(found),
            labels,
            train=train,
            test=test,
            simulated=found.simulated,
        )

    @cached_property
    def _found(self) -> Found:
        return find_recordings(
            self.path,
            self.title,
            suffix=".bin",
            pattern=r"(?P<label>[^/]+)/image_(?P<id>[0-9]+)\.bin$",
            converted=r"(?P<label>[^/]+)/image_(?P<id>[0-9]+)\.npz$",
            downloads=DOWNLOADS,
        )

    def read_original(self, file: File) -> Events:
        """Read a file of five bytes an event."""
        height, width = self.sensor
        return read_five_byte(
            file.content(), height=height, width=width, strict=self.strict, name=file.place
        )
