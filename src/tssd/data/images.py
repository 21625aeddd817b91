"""What all data modules of static images share."""

import hashlib
from typing import ClassVar

import torch

from tssd.data.base import DataModule, require
from tssd.data.crop_flip import CropFlip
from tssd.data.image_set import ImageSet
from tssd.data.parts import Facts, MemoryPart

# Pixels of a side; one batch of 64 such images takes 13 GB.
LARGEST_SIDE = 4096


class ImageData(DataModule):
    """Base of the data modules of static images.

    A subclass sets `facts` (or overrides the properties that show them) and implements `read`.

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
        super().__init__(
            root,
            batch_size=batch_size,
            train_samples=train_samples,
            val_share=val_share,
            num_workers=num_workers,
            seed=seed,
        )
        require(
            image_size is None or 1 <= image_size <= LARGEST_SIDE,
            "image_size",
            image_size,
            f"1 to {LARGEST_SIDE} pixels, or null",
        )
        self.image_size = image_size
        self.augment = augment

    @property
    def dataset_name(self) -> str:
        """Name of the data set."""
        return self.facts.name

    @property
    def content_hash(self) -> str:
        """Fingerprint of the chosen images that are held in memory, and of their places."""
        digest = hashlib.sha256(self.split_hash.encode())
        for name in ("train", "val", "test"):
            part, index = self.part(name)
            if isinstance(part, MemoryPart):
                digest.update(part.digest(index))
        return digest.hexdigest()[:12]

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

    def dataset(self, name: str) -> ImageSet:
        """Return set `name` (train, val or test) as items of (x [C, H, W], label)."""
        part, index = self.part(name)
        # The paper pads 32 pixels by 4; other sizes by the same share.
        padding = self.sample_shape[1] // 8
        crop_flip = CropFlip(padding, flip=self.flips, seed=self.seed)
        return ImageSet(
            self.samples(name),
            torch.from_numpy(part.labels[index]),
            mean=self.mean,
            std=self.std,
            augment=crop_flip if self.augment and name == "train" else None,
        )
