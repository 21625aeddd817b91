"""Any data set of image files: one folder a part, in it one folder a class."""

import hashlib
import logging
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch

from tssd.data.base import require
from tssd.data.contents import FileSet, file_digest, same_files
from tssd.data.decoded import KEPT_FROM, DecodedImages
from tssd.data.decoding import LazyImages, decode, decode_all, for_each
from tssd.data.image_samples import ImageSamples
from tssd.data.images import ImageData
from tssd.data.listing import (
    FolderListing,
    Listing,
    keep_readable,
    list_parts,
    require_every_class,
)
from tssd.data.loading import Source
from tssd.data.missing_classes import tell_of_missing_classes
from tssd.data.random_resized_crop import CroppedFiles
from tssd.data.root import below_root
from tssd.data.splits import Indices
from tssd.data.statistics import channel_statistics
from tssd.data.stored import MEMORY_LIMIT, Stored
from tssd.errors import DataError, UsageError
from tssd.events.cache import cache_root
from tssd.image_size import ImageSize, height_width

log = logging.getLogger("tssd")

# How many training images give mean and std when they do not all fit in memory.
STATISTICS_SAMPLES = 2000

# A standard deviation, of 0 to 1, below which hardly anything is left to see.
FLAT = 0.03


@dataclass(frozen=True)
class FilePart:
    """A part made of image files.

    Args:
        listing: The files and their classes.
        image_size: Side of a square, or height and width, to scale and crop to; None keeps it.
        shape_of: The image whose size all must have when `image_size` is None.
        caches_in: The folder in or beside which decoded images are kept; None keeps none.
        crop_share: Share of the largest part of that shape that is kept.
    """

    listing: Listing
    image_size: ImageSize | None
    shape_of: Path
    caches_in: Path | None = None
    crop_share: float = 1.0
    # By number, of the whole content: the cache and the fingerprint both need them.
    _digests: dict[int, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def labels(self) -> Indices:
        """Class of each image, [M]."""
        return self.listing.labels

    def shape(self) -> tuple[int, int, int]:
        """Channels (3: grey images become colour ones), height and width."""
        if self.image_size is not None:
            return 3, *height_width(self.image_size)
        _, height, width = decode(self.shape_of, None).shape
        return 3, height, width

    def select(self, index: Indices) -> Source:
        """Decode the images of these numbers, or prepare to if they do not fit in memory."""
        paths, shape = self.paths(index), self.shape()
        fits, side, share = self._fit_in_memory(len(paths)), self.image_size, self.crop_share
        # The cache holds the largest parts.
        if fits and self.caches_in is not None and share == 1 and len(paths) >= KEPT_FROM:
            folder = cache_root(self.caches_in)
            return DecodedImages(paths, self.digests(index), shape, side, folder).load()
        made = decode_all if fits else LazyImages
        return made(paths, shape, image_size=side, crop_share=share)

    def paths(self, index: Indices) -> list[Path]:
        """The files of these numbers."""
        return [self.listing.paths[i] for i in index.tolist()]

    def digests(self, index: Indices) -> list[bytes]:
        """Of the content of each file: in full if they are decoded at once, else of its ends."""
        if not self._fit_in_memory(len(index)):
            ends = partial(file_digest, whole=False)
            return list(for_each(ends, self.paths(index), title="Comparing images"))
        new = np.array([i for i in index.tolist() if i not in self._digests], dtype=np.int64)
        read = partial(file_digest, whole=True)
        found = for_each(read, self.paths(new), title="Comparing images")
        self._digests.update(zip(new.tolist(), found, strict=True))
        return [self._digests[i] for i in index.tolist()]

    def _fit_in_memory(self, count: int) -> bool:
        return count * int(np.prod(self.shape())) <= MEMORY_LIMIT


@dataclass(eq=False)
class ImageFolder(ImageData):
    """Colour images in train/<class>/ and test/<class>/, or val/<class>/ in place of test/.

    With both test/ and val/, val/ is used for validation and `val_share` has no effect. Images are
    normalised with the mean and std of the chosen training images.

    Args:
        folder: The image folder below the root, or an absolute path; empty: the root itself.
        image_size: Side in pixels of the square, or [height, width], to scale and centre-crop to,
            the aspect kept; null keeps the size.
        skip_corrupt: Whether to leave unreadable images out; reads each image once at the start.
        cache: Whether to keep decoded images on the disk, as long as they fit in memory, so that
            the next start need not decode them: in TSSD_CACHE, else in .tssd-cache beside the
            folder.
        random_resized_crop: Whether training images are random parts of 8 to 100 per cent of the
            picture, scaled to image_size and half of them mirrored, in place of shift and flip.
        crop_share: Share of the shorter side (of the largest part of the shape of image_size) that
            the centre crop keeps; 0.875 is what a scale to 256 and a crop of 224 pixels keep.
    """

    folder: str = ""
    _: KW_ONLY
    skip_corrupt: bool = False
    cache: bool = True
    random_resized_crop: bool = False
    crop_share: float = 1.0

    # A network that is trained already is evaluated on test images alone.
    train_is_needed = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 < self.crop_share <= 1, "crop_share", self.crop_share, "above 0, at most 1")
        for name, asked in (
            ("random_resized_crop", self.random_resized_crop),
            ("crop_share", self.crop_share != 1),
        ):
            if asked and self.image_size is None:
                raise UsageError(
                    f"data.{name}: needs a size to scale to; give --data.image_size <pixels>"
                )
        others = {"translate": self.translate, "flip": self.flip, "cutout": self.cutout}
        for name, value in others.items():
            if self.random_resized_crop and value is not None:
                raise UsageError(
                    f"data.{name}: got {value}, but data.random_resized_crop augments in its "
                    "place; leave one of both out"
                )

    def dataset(self, name: str) -> ImageSamples:
        """Return set `name` (train, val or test) as items of (x [C, H, W], label)."""
        if not (self.random_resized_crop and self.augment and name == "train"):
            return super().dataset(name)
        part, index = self.part(name)
        assert isinstance(part, FilePart)
        return CroppedFiles(
            part.paths(index),
            torch.from_numpy(part.labels[index]),
            size=self.sample_shape[1:],
            flip=self.flips,
            seed=self.seed,
            mean=self.mean,
            std=self.std,
            transforms=self._transforms(),
        )

    @property
    def placeable_bytes(self) -> int | None:
        """Memory that all samples would take on a device; None: parts are decoded anew."""
        return None if self.random_resized_crop else super().placeable_bytes

    @cached_property
    def path(self) -> Path:
        """The image folder."""
        return below_root(self.root, self.folder)

    @cached_property
    def listing(self) -> FolderListing:
        """The files, without the unreadable ones if those are to be left out."""
        listing = self._readable(list_parts(self.path, train_is_needed=self.train_is_needed))
        for name, part in (("test", listing.test), ("validation", listing.val)):
            if part is not None:
                tell_of_missing_classes(self.path, name, part.labels, listing.class_names)
        return listing

    def _readable(self, listing: FolderListing) -> FolderListing:
        if not self.skip_corrupt:
            return listing
        train, lost = keep_readable(listing.train)
        test, lost_test = keep_readable(listing.test)
        val, lost_val = (None, {}) if listing.val is None else keep_readable(listing.val)
        lost.update(lost_test)
        lost.update(lost_val)
        if lost:
            log.warning("%s: left out: %s", self.path, lost)
        if listing.train.paths:
            require_every_class(self.path / "train", listing.class_names, train)
        if not len(test.paths):
            raise DataError(f"{self.path}: no test image is readable: replace them")
        lost.update(listing.skipped)
        return replace(listing, train=train, test=test, val=val, skipped=lost)

    @property
    def dataset_name(self) -> str:
        """Name for the split's hash, made of the files' names: a copy elsewhere has the same."""
        return f"image-folder {self._fingerprint}"

    @cached_property
    def _fingerprint(self) -> str:
        # Asked for six times in a run, and tens of thousands of names are hashed.
        return self.listing.fingerprint(self.path)

    @property
    def content_hash(self) -> str:
        """Fingerprint of the chosen files' bytes, classes and places in the split.

        Of sets too large for the memory, each file stands for itself by size, first and last 4 KiB.
        """
        digest = hashlib.sha256(self.split_hash.encode())
        for files in self.files:
            digest.update(f"\0{files.name}:".encode() + b"".join(files.digests))
        return digest.hexdigest()[:12]

    @cached_property
    def files(self) -> list[FileSet]:
        """The chosen files of each set with digests of what they hold, read once."""
        sets = []
        for name, said in (("train", "training"), ("val", "validation"), ("test", "test")):
            part, index = self.part(name)
            assert isinstance(part, FilePart)
            paths, digests = part.paths(index), part.digests(index)
            sets.append(FileSet(said, paths, part.labels[index], digests))
        return sets

    def setup(self, stage: str | None = None) -> None:
        """Load the samples that a stage needs; before training, warn of files in two sets."""
        super().setup(stage)
        if stage in (None, "fit"):
            for sentence in same_files(self.files):
                log.warning("%s: %s", self.path, sentence)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the folders in train/, sorted."""
        return self.listing.class_names

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of each channel over the chosen training images, pixel values in [0, 1]."""
        return self._statistics[0]

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of each channel over the chosen training images."""
        return self._statistics[1]

    def read(self) -> Stored:
        """List the files; none is decoded yet."""
        listing = self.listing
        first = next(iter((*listing.train.paths, *listing.test.paths)))
        # An absolute or empty folder may be all that there is of a data root.
        beside = self.path.parent if self.folder else self.path
        caches_in = beside if self.cache else None

        def part(files: Listing) -> FilePart:
            return FilePart(files, self.image_size, first, caches_in, self.crop_share)

        val = listing.val
        return Stored(
            part(listing.train), part(listing.test), val=None if val is None else part(val)
        )

    @cached_property
    def _statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        images = self.samples("train")
        fits = isinstance(images, torch.Tensor)
        count = len(images) if fits else min(len(images), STATISTICS_SAMPLES)
        mean, std = channel_statistics(images, torch.arange(count) * len(images) // count)
        # A constant channel's is given as 1.
        if all(value < FLAT or value == 1 for value in std):
            log.warning(
                "%s: the training images hardly differ from one grey (mean %s, standard deviation "
                "%s, of 0 to 1): is it 12-bit content in 16-bit files? Scale it to the full range",
                self.path, mean, std,
            )  # fmt: skip
        return mean, std
