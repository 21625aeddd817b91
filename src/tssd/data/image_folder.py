"""Any data set of image files: one folder a part, in it one folder a class."""

import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from tssd.data.decoding import LazyImages, decode, decode_all
from tssd.data.images import ImageData
from tssd.data.listing import FolderListing, Listing, keep_readable, list_parts
from tssd.data.loading import Source
from tssd.data.parts import Stored
from tssd.data.root import data_root
from tssd.data.splits import Indices
from tssd.data.statistics import channel_statistics

log = logging.getLogger("tssd")

# Sets of up to 2 GiB of pixels stay decoded in memory; larger ones are decoded batch by batch.
MEMORY_LIMIT = 2 << 30

# How many training images give mean and std when they do not all fit in memory.
STATISTICS_SAMPLES = 2000


@dataclass(frozen=True)
class FilePart:
    """A part made of image files.

    Args:
        listing: The files and their classes.
        image_size: Side in pixels to scale and crop to; None keeps the size.
        shape_of: The image whose size all must have when `image_size` is None.
    """

    listing: Listing
    image_size: int | None
    shape_of: Path

    @property
    def labels(self) -> Indices:
        """Class of each image, [M]."""
        return self.listing.labels

    def shape(self) -> tuple[int, int, int]:
        """Channels (3: grey images become colour ones), height and width."""
        if self.image_size is not None:
            return 3, self.image_size, self.image_size
        _, height, width = decode(self.shape_of, None).shape
        return 3, height, width

    def select(self, index: Indices) -> Source:
        """Decode the images of these numbers, or prepare to if they do not fit in memory."""
        paths = [self.listing.paths[i] for i in index.tolist()]
        shape = self.shape()
        if len(paths) * int(np.prod(shape)) > MEMORY_LIMIT:
            return LazyImages(paths, shape, image_size=self.image_size)
        return decode_all(paths, shape, image_size=self.image_size)


class ImageFolder(ImageData):
    """Colour images in train/<class>/ and test/<class>/, or val/<class>/ in place of test/.

    With both test/ and val/, val/ is used for validation and `val_share` has no effect. Images are
    normalised with the mean and std of the chosen training images.

    Args:
        root: Folder that holds the data sets; null takes the environment variable TSSD_DATA.
        folder: The image folder below the root, or an absolute path; empty: the root itself.
        batch_size: Images a batch.
        image_size: Side in pixels to scale (shorter side) and centre-crop to; null keeps the size.
        train_samples: Number of training images, classes even, the same for all seeds; null: all.
        val_share: Share of each class of the training images kept for validation, 0 to below 1.
        augment: Whether to crop (after padding by an eighth of the side) and flip at random.
        num_workers: Loading processes; 0 loads in the training process.
        seed: Seed of the order and the augmentation. The split does not depend on it.
        skip_corrupt: Whether to leave unreadable images out; reads each image once at the start.
    """

    def __init__(
        self,
        root: str | None = None,
        folder: str = "",
        *,
        batch_size: int = 64,
        image_size: int | None = None,
        train_samples: int | None = None,
        val_share: float = 0.1,
        augment: bool = True,
        num_workers: int = 0,
        seed: int = 0,
        skip_corrupt: bool = False,
    ) -> None:
        super().__init__(
            root,
            batch_size=batch_size,
            image_size=image_size,
            train_samples=train_samples,
            val_share=val_share,
            augment=augment,
            num_workers=num_workers,
            seed=seed,
        )
        self.folder = folder
        self.skip_corrupt = skip_corrupt
        # A network that is trained already is evaluated on test images alone.
        self.train_is_needed = True

    @cached_property
    def path(self) -> Path:
        """The image folder."""
        folder = Path(self.folder).expanduser()
        return folder if folder.is_absolute() else data_root(self.root) / folder

    @cached_property
    def listing(self) -> FolderListing:
        """The files, without the unreadable ones if those are to be left out."""
        listing = list_parts(self.path, train_is_needed=self.train_is_needed)
        if not self.skip_corrupt:
            return listing
        train, lost_train = keep_readable(listing.train)
        test, lost_test = keep_readable(listing.test)
        val, lost_val = (None, 0) if listing.val is None else keep_readable(listing.val)
        if lost := lost_train + lost_test + lost_val:
            log.warning("%s: %d unreadable images are left out", self.path, lost)
        return FolderListing(listing.class_names, train=train, test=test, val=val)

    @property
    def dataset_name(self) -> str:
        """Name for the split's hash, made of the files' names: a copy elsewhere has the same."""
        return f"image-folder {self.listing.fingerprint(self.path)}"

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
        val = listing.val
        return Stored(
            train=FilePart(listing.train, self.image_size, first),
            test=FilePart(listing.test, self.image_size, first),
            val=None if val is None else FilePart(val, self.image_size, first),
        )

    @cached_property
    def _statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        images = self.samples("train")
        fits = isinstance(images, torch.Tensor)
        count = len(images) if fits else min(len(images), STATISTICS_SAMPLES)
        return channel_statistics(images, torch.arange(count) * len(images) // count)
