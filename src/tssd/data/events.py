"""What all data modules of event recordings share: the frames, their cache and the timesteps."""

import hashlib
import logging
import sys
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tssd.data.base import DataModule, require
from tssd.data.event_augment import EventAugmentation
from tssd.data.event_samples import EventPart, EventSamples
from tssd.data.missing_classes import tell_of_missing_classes
from tssd.data.root import below_root
from tssd.data.slices import check_slices, slices_for
from tssd.data.splits import TEST_SEED, Indices, hold_out
from tssd.data.stored import Stored
from tssd.errors import UsageError
from tssd.events import Events
from tssd.events.binning import to_frames
from tssd.events.build import open_frames
from tssd.events.cache import FrameCache, cache_root
from tssd.events.cache_key import Recording
from tssd.events.datasets.base import EventFiles
from tssd.events.datasets.catalogue import Catalogue, Reading
from tssd.events.pooling import Size, cell_area
from tssd.events.slicing import FixedTime, Slicing

log = logging.getLogger("tssd")

Pool = Literal["sum", "mean"]

# Share of each class for testing where a data set has no split of its own.
TEST_SHARE = 0.1


@dataclass(eq=False)
class EventData(DataModule):
    """Base of the data modules of event recordings: frames of counts, one a timestep.

    A subclass gives the descriptor of its files, and the options that this has. Frames have two
    channels, 0 = OFF and 1 = ON events, and come from a cache that is built on first use.

    Args:
        folder: The data set's folder below the root, or an absolute path.
        slicing: How recordings are cut into timesteps; null: 10 ms each from the first event on.
        slices: Number of timesteps to cut; null: as many as the run needs.
        size: Side in cells of the square frames; null keeps the sensor's pixels.
        pool: Whether a cell counts the events of its pixels (sum) or averages over them (mean).
        bits: 8 or 16, of a count; a larger count stays at the largest.
        augment: Augmentations of the training recordings, in order; null: none, as in the paper.
        allow_incomplete: Whether a part of the data set's recordings will do.
        strict: Whether to refuse recordings that are damaged instead of reading what is sound.
        num_workers: Loading processes; 0, the best for a cache, loads in the training process.
    """

    folder: str = ""
    _: KW_ONLY
    slicing: Slicing | None = None
    slices: int | None = None
    size: int | None = None
    pool: Pool = "sum"
    bits: Literal[8, 16] = 8
    augment: list[EventAugmentation] | None = None
    allow_incomplete: bool = False
    strict: bool = False

    of_timesteps = ("stored", "cache")

    def __post_init__(self) -> None:
        super().__post_init__()
        size, largest = self.size, self.largest_size
        if self.slices is not None:
            check_slices(self.slices)
        fits = size is None or 1 <= size <= (largest or size)
        require(fits, "size", size, f"1 to {largest or 'as many as the sensor has'} cells")
        require(self.pool in ("sum", "mean"), "pool", self.pool, "sum or mean")
        require(self.bits in (8, 16), "bits", self.bits, "8 or 16")

    @property
    def event_files(self) -> EventFiles:
        """How the files of the data set are found and read."""
        raise NotImplementedError(f"{type(self).__name__} must give event_files")

    @property
    def largest_size(self) -> int | None:
        """Cells of a frame's side at most; None: only the files tell."""
        return min(self.event_files.sensor)

    @property
    def frame_size(self) -> Size:
        """Rows and columns of the frames in the cache."""
        return self.event_files.sensor if self.size is None else (self.size, self.size)

    @property
    def share_for_testing(self) -> float:
        """Share of each class that is held out where the data set has no split of its own."""
        return TEST_SHARE

    @property
    def caches_beside(self) -> Path:
        """The folder that the cache is kept in."""
        return self.path.parent

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
        self.slices = slices_for(
            self.cut, self.slices, student=student, teacher=teacher, longest=longest
        )

    @property
    def cut(self) -> Slicing:
        """How recordings are cut into timesteps."""
        return self.slicing or self.event_files.slicing

    @cached_property
    def path(self) -> Path:
        """The data set's folder."""
        return below_root(self.root, self.folder)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The recordings, looked for once."""
        return self.event_files.find(self.path, self._reading)

    @cached_property
    def official(self) -> dict[str, Indices]:
        """Numbers of the recordings in each part of the data set, ascending: train, test, val."""
        found = self.catalogue
        if found.test is None:
            train, test = hold_out(found.labels, self.share_for_testing, seed=TEST_SEED)
        else:
            train, test = np.setdiff1d(np.arange(len(found.labels)), found.test), found.test
        parts = {"train": train, "test": test}
        if found.val is not None:
            parts = {"train": np.setdiff1d(train, found.val), "test": test, "val": found.val}
        for name, index in parts.items():
            said = {"train": "training", "val": "validation"}.get(name, name)
            tell_of_missing_classes(self.path, said, found.labels[index], found.class_names)
        return parts

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
            cache_root(self.caches_beside),
            {"dataset": self.event_files.title, "strict": self.strict, **self.event_files.key()},
            self._recordings(self.slices),
            slicing=self.cut,
            slices=self.slices,
            size=None if self.size is None else self.frame_size,
            bits=self.bits,
            progress=sys.stderr.isatty(),
        )
        if empty := int(np.count_nonzero(cache.statistics["events"] == 0)):
            log.warning(
                "%s: %d of %d samples have no events in the time that is used; their frames are "
                "zero", self.event_files.title, empty, len(cache),
            )  # fmt: skip
        return cache

    def chosen(self, name: str) -> Indices:
        """Numbers of the recordings in set `name` (train, val or test), as in the cache."""
        # Where `val` is no part of its own, it is of the training part.
        return {"val": self.official["train"], **self.official}[name][self.part(name)[1]]

    def read(self) -> Stored:
        """List the recordings; no cache is opened yet."""
        return Stored(**{name: self._stored_part(index) for name, index in self.official.items()})

    @property
    def dataset_name(self) -> str:
        """Name with a hash of the recordings in each part: the id list behind every result."""
        simulated = " (simulated)" if self.catalogue.simulated else ""
        ids = self.catalogue.id_hash(self.official)
        return f"{self.event_files.title}{simulated} {ids}"

    @property
    def content_hash(self) -> str:
        """Fingerprint of the content of all recordings, and of the samples chosen of them.

        It stands in the cache, which is built for it if it is not there.
        """
        return hashlib.sha256(f"{self.split_hash} {self.cache.content}".encode()).hexdigest()[:12]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the labels."""
        return self.event_files.classes or self.catalogue.class_names

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
        height, width = self.frame_size
        return 2, height, width

    def dataset(self, name: str) -> EventSamples:
        """Return set `name` (train, val or test) as items of (x [T, 2, H, W], label)."""
        part, index = self.part(name)
        return EventSamples(
            self.samples(name),
            torch.from_numpy(part.labels[index]),
            augment=(self.augment or ()) if name == "train" else (),
            seed=self.seed,
            area=self._area if self.pool == "mean" else None,
        )

    def read_file(self, path: Path) -> Events:
        """Read a recording of the user's own, of this data set's kind and sensor.

        Raises:
            DataError: It is missing, damaged, or of no known format.
        """
        return self.event_files.read_own(path, self._reading)

    def frames(self, events: Events) -> Tensor:
        """Frames of a recording as the network is to see them, float32 [T, 2, H, W].

        Raises:
            UsageError: The number of slices is not known.
        """
        if self.slices is None:
            raise UsageError("data.slices: got null, expected the number of timesteps to cut")
        size = None if self.size is None else self.frame_size
        made = to_frames(events, self.cut, self.slices, size=size, bits=self.bits)
        counts = torch.from_numpy(made.counts).float()
        if self.pool == "sum":
            return counts
        area = cell_area((events.height, events.width), made.counts.shape[-2:])
        return counts / torch.from_numpy(area)

    @property
    def _reading(self) -> Reading:
        return Reading(allow_incomplete=self.allow_incomplete, strict=self.strict)

    def _recordings(self, slices: int) -> list[Recording]:
        # Only what the frames need is decoded: a tenth of a long recording for ten timesteps.
        start = self.cut.start if isinstance(self.cut, FixedTime) else "first"
        return self.catalogue.used(self.cut.needed(slices), start)

    def _open(self) -> FrameCache:
        return self.cache

    @cached_property
    def _area(self) -> NDArray[np.float32]:
        return cell_area(self.event_files.sensor, self.frame_size)

    def _stored_part(self, index: Indices) -> EventPart:
        labels = self.catalogue.labels[index]
        return EventPart(self._open, index, labels, self.sample_shape)
