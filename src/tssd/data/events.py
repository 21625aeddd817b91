"""What all data modules of event recordings share: the frames, their cache and the timesteps."""

import hashlib
import logging
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tssd.data.base import DataModule, require
from tssd.data.catalogue import Catalogue, FileRecording
from tssd.data.event_augment import EventAugmentation
from tssd.data.event_set import EventPart, EventSet
from tssd.data.event_sources import Found
from tssd.data.missing_classes import tell_of_missing_classes
from tssd.data.parts import Stored
from tssd.data.root import below_root
from tssd.data.splits import Indices
from tssd.errors import UsageError
from tssd.events import Events
from tssd.events.binning import to_frames
from tssd.events.build import open_frames
from tssd.events.cache import FrameCache, cache_root
from tssd.events.files import File
from tssd.events.formats.detect import read_events
from tssd.events.formats.npz import read_npz
from tssd.events.pooling import cell_area
from tssd.events.slicing import FixedTime, Slicing

log = logging.getLogger("tssd")

Pool = Literal["sum", "mean"]

# Timesteps; so many frames of the largest sensor fill 900 MB.
MOST_SLICES = 10_000
SLICES = f"1 to {MOST_SLICES} timesteps"


class EventData(DataModule):
    """Base of the data modules of event recordings: frames of counts, one a timestep.

    A subclass names the data set and its sensor and implements `find`. Frames have two channels,
    0 = OFF and 1 = ON events, and come from a cache that is built on first use.

    Args:
        root: Folder that holds the data sets; null takes the environment variable TSSD_DATA.
        folder: The data set's folder below the root, or an absolute path.
        batch_size: Recordings a batch.
        slicing: How recordings are cut into timesteps; null: 10 ms each from the first event on.
        slices: Number of timesteps to cut; null: as many as the run needs.
        size: Side in cells of the square frames; null keeps the sensor's pixels.
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

    title: ClassVar[str]
    classes: ClassVar[tuple[str, ...]]
    sensor: ClassVar[tuple[int, int]] = (128, 128)

    def __init__(
        self,
        root: str | None = None,
        folder: str = "",
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
            batch_size=batch_size,
            train_samples=train_samples,
            val_share=val_share,
            num_workers=num_workers,
            seed=seed,
        )
        require(slices is None or 1 <= slices <= MOST_SLICES, "slices", slices, SLICES)
        largest = min(self.sensor)
        require(size is None or 1 <= size <= largest, "size", size, f"1 to {largest} cells")
        require(pool in ("sum", "mean"), "pool", pool, "sum or mean")
        require(bits in (8, 16), "bits", bits, "8 or 16")
        self.folder = folder
        self.slicing = slicing if slicing is not None else FixedTime()
        self.slices = slices
        self.size = size
        self.pool: Pool = pool
        self.bits: Literal[8, 16] = bits
        self.augment: Sequence[EventAugmentation] = tuple(augment or ())
        self.allow_incomplete = allow_incomplete
        self.strict = strict

    def find(self) -> Catalogue:
        """Find the recordings; cheap: none is read."""
        raise NotImplementedError(f"{type(self).__name__} must implement find()")

    def read_original(self, file: File) -> Events:
        """Read one file of the original data set, if each of its files is one sample."""
        raise NotImplementedError(f"{type(self).__name__} must implement read_original()")

    def read_converted(self, file: File) -> Events:
        """Read an .npz file of SpikingJelly's."""
        height, width = self.sensor
        return read_npz(
            file.content(), height=height, width=width, strict=self.strict, name=file.place
        )

    def recordings(self, found: Found) -> list[FileRecording]:
        """Recordings of the files found, one sample each, with the reader of their format."""
        read = self.read_converted if found.converted else self.read_original
        return [FileRecording(*named, read) for named in zip(found.names, found.files, strict=True)]

    def connect(self, *, student: int, teacher: int, longest: int) -> None:
        """Learn for how many timesteps the network will run: that many slices are cut.

        Args:
            student: Timesteps T_s.
            teacher: Timesteps T_t in training.
            longest: The longest T at which it will be trained or evaluated.

        Raises:
            UsageError: Fewer slices than timesteps, or the student's input would not be a prefix of
                the teacher's.
        """
        if not self.slicing.is_prefix and student < teacher:
            raise UsageError(
                f"data.slicing: {self.slicing.why_not_prefix}; the student's {student} timesteps "
                f"must be the first of the teacher's {teacher}: use tssd.events.FixedTime"
            )
        cut = self.slices or longest
        if not self.slicing.is_prefix and student < cut:
            raise UsageError(
                f"data.slicing: {self.slicing.why_not_prefix}; the network is trained at {student} "
                f"timesteps but recordings are cut into {cut}: use tssd.events.FixedTime, or "
                f"evaluate at up to {student} (trainer.evaluate_timesteps) with data.slices null"
            )
        if cut < longest:
            raise UsageError(
                f"data.slices: got {self.slices}, but the network runs for up to {longest} "
                f"timesteps; give at least {longest}, or null for as many as are needed"
            )
        require(cut <= MOST_SLICES, "slices", cut, SLICES)
        self.slices = cut

    @cached_property
    def path(self) -> Path:
        """The data set's folder."""
        return below_root(self.root, self.folder)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The recordings, looked for once."""
        found = self.find()
        for name, index in (("training", found.train), ("test", found.test)):
            tell_of_missing_classes(self.path, name, found.labels[index], self.class_names)
        return found

    @cached_property
    def cache(self) -> FrameCache:
        """The frames of the whole data set, built if they are not there.

        Raises:
            UsageError: The number of slices is not known.
            DataError: A recording is damaged beyond repair, or the disk is full.
        """
        if self.slices is None:
            raise UsageError("data.slices: got null, expected the number of timesteps to cut")
        cache = open_frames(
            cache_root(self.path.parent),
            {"dataset": self.title, **self.options()},
            self.catalogue.recordings,
            slicing=self.slicing,
            slices=self.slices,
            size=None if self.size is None else (self.size, self.size),
            bits=self.bits,
            progress=sys.stderr.isatty(),
        )
        if empty := int(np.count_nonzero(cache.statistics["events"] == 0)):
            log.warning(
                "%s: %d of %d samples have no events in the time that is used; their frames are "
                "zero", self.title, empty, len(cache),
            )  # fmt: skip
        return cache

    def options(self) -> dict[str, object]:
        """Options of a subclass that change what is read; part of the cache's key."""
        return {"strict": self.strict}

    def read(self) -> Stored:
        """List the recordings; no cache is opened yet."""
        found = self.catalogue
        return Stored(train=self._stored_part(found.train), test=self._stored_part(found.test))

    @property
    def dataset_name(self) -> str:
        """Name with a hash of the recordings in each part: the id list behind every result."""
        simulated = " (simulated)" if self.catalogue.simulated else ""
        return f"{self.title}{simulated} {self.catalogue.id_hash}"

    @property
    def content_hash(self) -> str:
        """Fingerprint of the content of all recordings, and of the samples chosen of them.

        It stands in the cache, which is built for it if it is not there.
        """
        return hashlib.sha256(f"{self.split_hash} {self.cache.content}".encode()).hexdigest()[:12]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the labels."""
        return self.classes

    @property
    def mean(self) -> tuple[float, ...]:
        """Zero for both channels: counts are not normalised."""
        return 0.0, 0.0

    @property
    def std(self) -> tuple[float, ...]:
        """One for both channels: counts are not normalised."""
        return 1.0, 1.0

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a frame; known without the files."""
        height, width = self.sensor
        return 2, self.size or height, self.size or width

    def dataset(self, name: str) -> EventSet:
        """Return set `name` (train, val or test) as items of (x [T, 2, H, W], label)."""
        part, index = self.part(name)
        return EventSet(
            self.samples(name),
            torch.from_numpy(part.labels[index]),
            augment=self.augment if name == "train" else (),
            seed=self.seed,
            area=self._area if self.pool == "mean" else None,
        )

    def read_file(self, path: Path) -> Events:
        """Read a recording of the user's own, of this data set's kind and sensor.

        Raises:
            DataError: It is missing, damaged, or of no known format.
        """
        height, width = self.sensor
        return read_events(path, height=height, width=width, strict=self.strict)

    def frames(self, events: Events) -> Tensor:
        """Frames of a recording as the network is to see them, float32 [T, 2, H, W].

        Raises:
            UsageError: The number of slices is not known.
        """
        if self.slices is None:
            raise UsageError("data.slices: got null, expected the number of timesteps to cut")
        size = self.sample_shape[1:]
        made = to_frames(events, self.slicing, self.slices, size=size, bits=self.bits)
        counts = torch.from_numpy(made.counts).float()
        return counts if self.pool == "sum" else counts / torch.from_numpy(self._area)

    @cached_property
    def _area(self) -> NDArray[np.float32]:
        return cell_area(self.sensor, self.sample_shape[1:])

    def _stored_part(self, index: Indices) -> EventPart:
        labels = self.catalogue.labels[index]
        return EventPart(lambda: self.cache, index, labels, self.sample_shape)
