"""What a data set is, and its images as they are stored, before anything is chosen."""

import hashlib
import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import InterpolationMode, center_crop, resize

from tssd.data.loading import Source
from tssd.data.splits import Indices
from tssd.image_size import ImageSize, height_width

# Sets of up to 2 GiB of pixels stay in memory as the network sees them; larger ones are decoded or
# resized batch by batch.
MEMORY_LIMIT = 2 << 30


@dataclass(frozen=True)
class Facts:
    """What is known of a data set without reading it.

    Args:
        name: Its name.
        class_names: Name of each class, in the order of the labels.
        mean: Mean of each channel of the training images, pixel values in [0, 1].
        std: Standard deviation of each channel, same scale.
    """

    name: str
    class_names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Part(Protocol):
    """One stored part, such as the training images, in stored order."""

    @property
    def labels(self) -> Indices:
        """Class of each image, [M]."""
        ...

    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the images that `select` returns."""
        ...

    def select(self, index: Indices) -> Source:
        """Load the images of these numbers, in this order."""
        ...


@dataclass(frozen=True)
class Stored:
    """The stored parts of a data set; `val` is None unless it comes with validation images."""

    train: Part
    test: Part
    val: Part | None = None


@dataclass(frozen=True)
class MemoryPart:
    """A part that is small enough to hold in memory.

    Args:
        images: uint8 [M, C, H, W].
        labels: Class of each image, [M].
        image_size: Side of a square that both sides are scaled to, or height and width, which
            images are scaled to cover and cropped to, in pixels, bilinear; None keeps the size.
    """

    images: Tensor
    labels: Indices
    image_size: ImageSize | None = None

    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the selected images."""
        channels, height, width = self.images.shape[1:]
        if self.image_size is not None:
            height, width = height_width(self.image_size)
        return channels, height, width

    def select(self, index: Indices) -> Source:
        """Load the images of these numbers, in this order: uint8 [N, C, H, W]."""
        images = self.images[torch.from_numpy(index)]
        if self.image_size is None or images.shape[1:] == self.shape():
            return images
        resized = ResizedImages(images, self.image_size)
        if len(images) * math.prod(self.shape()) > MEMORY_LIMIT:
            return resized
        return resized[torch.arange(len(images))]

    def digest(self, index: Indices) -> bytes:
        """Of the stored images of these numbers and their classes."""
        digest = hashlib.sha256(self.labels[index].tobytes())
        digest.update(self.images[torch.from_numpy(index)].contiguous().numpy().data)
        return digest.digest()


class ResizedImages:
    """Images that are resized, bilinear, whenever a batch asks for them.

    Args:
        images: uint8 [M, C, H, W].
        image_size: Side of a square that both sides are scaled to, or height and width, which
            images are scaled to cover, their aspect kept, and centre-cropped to.
    """

    def __init__(self, images: Tensor, image_size: ImageSize) -> None:
        self._images = images
        self._size = self._scaled = list(height_width(image_size))
        if not isinstance(image_size, int):
            stored = images.shape[-2:]
            factor = max(new / old for new, old in zip(image_size, stored, strict=True))
            # Rounding must leave no pixel uncovered.
            self._scaled = [
                max(new, round(old * factor)) for new, old in zip(image_size, stored, strict=True)
            ]

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: Tensor) -> Tensor:
        scaled = resize(
            self._images[index],
            self._scaled,
            interpolation=InterpolationMode.BILINEAR,
            antialias=True,
        )
        return scaled if self._scaled == self._size else center_crop(scaled, self._size)
