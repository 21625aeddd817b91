"""What all data modules of static images share: the split, the sets and their loaders."""

from functools import cached_property
from typing import ClassVar

import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader

from tssd.data import splits
from tssd.data.crop_flip import CropFlip
from tssd.data.loading import Batch, ImageSet, ImageSource, evaluation_loader, training_loader
from tssd.data.parts import Facts, Part, Stored
from tssd.errors import UsageError


class ImageData(LightningDataModule):
    """Base of the data modules of static images.

    A subclass sets `facts` (or overrides the properties that show them) and implements `read`.
    Nothing is read before it is needed; `setup` may be called any number of times.

    Args:
        root: Folder that holds the data sets; null takes the environment variable TSSD_DATA.
        batch_size: Images a batch.
        image_size: Side in pixels of the square to resize to; null keeps the stored size.
        train_samples: Number of training images, classes even, the same for all seeds; null: all.
        val_share: Share of each class of the training images kept for validation, 0 to below 1.
        augment: Whether to crop (after padding by an eighth of the side) and flip at random.
        num_workers: Loading processes; 0 loads in the training process.
        seed: Seed of the order and the augmentation. The split does not depend on it.
    """

    facts: ClassVar[Facts]
    flips = True

    def __init__(
        self,
        root: str | None = None,
        *,
        batch_size: int = 64,
        image_size: int | None = None,
        train_samples: int | None = None,
        val_share: float = 0.1,
        augment: bool = True,
        num_workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        _require(batch_size >= 1, "batch_size", batch_size, "at least 1")
        _require(
            image_size is None or image_size >= 1, "image_size", image_size, "at least 1 pixel"
        )
        _require(0 <= val_share < 1, "val_share", val_share, "0 or more and below 1")
        _require(num_workers >= 0, "num_workers", num_workers, "0 or more")
        self.root = root
        self.batch_size = batch_size
        self.image_size = image_size
        self.train_samples = train_samples
        self.val_share = val_share
        self.augment = augment
        self.num_workers = num_workers
        self.seed = seed
        self._images: dict[str, ImageSource] = {}

    def read(self) -> Stored:
        """Read the labels, and what else is cheap, of the stored parts."""
        raise NotImplementedError(f"{type(self).__name__} must implement read()")

    @cached_property
    def stored(self) -> Stored:
        """The stored parts, read once."""
        return self.read()

    @cached_property
    def split(self) -> splits.Split:
        """The chosen images."""
        stored = self.stored
        return splits.split(
            stored.train.labels,
            len(stored.test.labels),
            val_share=self.val_share,
            train_samples=self.train_samples,
            val_size=None if stored.val is None else len(stored.val.labels),
        )

    @property
    def dataset_name(self) -> str:
        """Name of the data set."""
        return self.facts.name

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the labels."""
        return self.facts.class_names

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of each channel that images are normalised with, pixel values in [0, 1]."""
        return self.facts.mean

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of each channel that images are normalised with."""
        return self.facts.std

    @property
    def num_classes(self) -> int:
        """Number of classes K."""
        return len(self.class_names)

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image."""
        return self.stored.train.shape()

    @property
    def in_channels(self) -> int:
        """Channels of one image: 1 for grey, 3 for colour."""
        return self.sample_shape[0]

    @property
    def split_hash(self) -> str:
        """Fingerprint of the data set's name and the images chosen, 12 hexadecimal digits."""
        return splits.split_hash(self.dataset_name, self.split)

    @property
    def split_sizes(self) -> dict[str, int]:
        """Number of images for training, validation and test."""
        chosen = self.split
        return {"train": len(chosen.train), "val": len(chosen.val), "test": len(chosen.test)}

    def setup(self, stage: str | None = None) -> None:
        """Load the images that a stage needs (None: all); what is loaded already stays."""
        sets = {
            "fit": ("train", "val"),
            "validate": ("val",),
            "test": ("test",),
            "predict": ("test",),
        }
        for name in sets[stage] if stage is not None else ("train", "val", "test"):
            self.images(name)

    def images(self, name: str) -> ImageSource:
        """Load once, and return, the chosen images of set `name`: train, val or test."""
        if name not in self._images:
            part, index = self._part(name)
            self._images[name] = part.select(index)
        return self._images[name]

    def image_set(self, name: str) -> ImageSet:
        """Return set `name` (train, val or test) as items of (x [C, H, W], label)."""
        part, index = self._part(name)
        # The paper pads 32 pixels by 4; other sizes by the same share.
        padding = self.sample_shape[1] // 8
        crop_flip = CropFlip(padding, flip=self.flips, seed=self.seed)
        return ImageSet(
            self.images(name),
            torch.from_numpy(part.labels[index]),
            mean=self.mean,
            std=self.std,
            augment=crop_flip if self.augment and name == "train" else None,
        )

    def train_dataloader(self) -> DataLoader[Batch]:
        """Batches of the training images, shuffled anew each epoch."""
        return training_loader(
            self.image_set("train"),
            self.batch_size,
            num_workers=self.num_workers,
            seed=self.seed,
            epoch=self._first_epoch(),
        )

    def val_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        """Batches of the validation images; an empty list, which skips validation, without any."""
        return self._evaluation("val") if len(self.split.val) else []

    def test_dataloader(self) -> DataLoader[Batch]:
        """Batches of the test images."""
        return self._evaluation("test")

    def predict_dataloader(self) -> DataLoader[Batch]:
        """Batches of the test images."""
        return self._evaluation("test")

    def _first_epoch(self) -> int:
        # After resuming, Lightning starts the workers before its first `set_epoch`: they would
        # show the batches of epoch 0 again.
        if self.trainer is None or not self.trainer.training:
            return 0
        progress = self.trainer.fit_loop.epoch_progress.current
        return progress.processed  # pyright: ignore[reportAttributeAccessIssue] - typed too widely

    def _evaluation(self, name: str) -> DataLoader[Batch]:
        return evaluation_loader(
            self.image_set(name), self.batch_size, num_workers=self.num_workers
        )

    def _part(self, name: str) -> tuple[Part, splits.Indices]:
        stored, chosen = self.stored, self.split
        parts = {
            "train": (stored.train, chosen.train),
            "val": (stored.val or stored.train, chosen.val),
            "test": (stored.test, chosen.test),
        }
        return parts[name]


def _require(holds: bool, option: str, got: object, expected: str) -> None:
    if not holds:
        raise UsageError(f"--data.{option} is {got}, expected {expected}")
