"""What all data modules of static images share."""

import hashlib
import math
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import torch
from torch import Tensor

from tssd.data.base import DataModule, require
from tssd.data.crop_flip import CropFlip
from tssd.data.image_samples import ImageSamples
from tssd.data.loading import Source
from tssd.data.on_device import place
from tssd.data.stored import Facts, MemoryPart

# Pixels of a side; one batch of 64 such images takes 13 GB.
LARGEST_SIDE = 4096


@dataclass(eq=False)
class ImageData(DataModule):
    """Base of the data modules of static images.

    A subclass sets `facts` (or overrides the properties that show them) and implements `read`;
    `flips` says whether a mirrored image is still one of its class.

    Args:
        image_size: Side in pixels of the square to resize to, bilinear; null keeps the stored size.
        augment: Whether to crop (after padding by an eighth of the side) and flip at random.
    """

    facts: ClassVar[Facts]
    flips: ClassVar[bool] = True

    _: KW_ONLY
    image_size: int | None = None
    augment: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.image_size is None or 1 <= self.image_size <= LARGEST_SIDE,
            "image_size",
            self.image_size,
            f"1 to {LARGEST_SIDE} pixels, or null",
        )
        self._device = torch.device("cpu")
        self._placed: dict[str, Tensor] = {}

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

    def dataset(self, name: str) -> ImageSamples:
        """Return set `name` (train, val or test) as items of (x [C, H, W], label)."""
        part, index = self.part(name)
        # The paper pads 32 pixels by 4; other sizes by the same share.
        padding = self.sample_shape[1] // 8
        crop_flip = CropFlip(padding, flip=self.flips, seed=self.seed)
        return ImageSamples(
            self._placed_samples(name),
            torch.from_numpy(part.labels[index]),
            mean=self.mean,
            std=self.std,
            augment=crop_flip if self.augment and name == "train" else None,
        )

    @property
    def placeable_bytes(self) -> int:
        """Memory that all chosen images take on a device, one byte a value."""
        return sum(self.split_sizes.values()) * math.prod(self.sample_shape)

    def place(self, device: torch.device) -> None:
        """Keep the images on a device from now on, and make batches there."""
        if device != self._device:
            self._device, self._placed = device, {}

    def _placed_samples(self, name: str) -> Source:
        if self._device.type == "cpu":
            return self.samples(name)
        if name not in self._placed:
            self._placed[name] = place(self.samples(name), self.sample_shape, self._device)
        return self._placed[name]
