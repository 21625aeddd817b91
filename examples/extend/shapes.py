"""A data set of images: circles, squares and crosses, drawn when the data are read."""

from dataclasses import KW_ONLY, dataclass

import numpy as np
import torch

from tssd.data import ImageData
from tssd.data.stored import Facts, MemoryPart, Stored

SIDE = 16


@dataclass(eq=False)
class Shapes(ImageData):
    """Grey images of 16x16 pixels with a circle, a square or a cross somewhere in them.

    Args:
        images: Images to draw for training and validation; a quarter as many are for testing.
    """

    facts = Facts(
        name="shapes",
        class_names=("circle", "square", "cross"),
        mean=(0.25,),
        std=(0.25,),
    )

    _: KW_ONLY
    images: int = 300
    augment: bool = False

    def read(self) -> Stored:
        """Draw both parts."""
        return Stored(
            train=self._draw(self.images, seed=0), test=self._draw(self.images // 4, seed=1)
        )

    def _draw(self, count: int, seed: int) -> MemoryPart:
        draw = np.random.default_rng(seed)  # not self.seed: all runs see the same images
        labels = np.arange(count, dtype=np.int64) % len(self.class_names)
        pixels = draw.integers(0, 64, (count, 1, SIDE, SIDE), dtype=np.uint8)
        row, column = np.mgrid[:SIDE, :SIDE]
        for image, label in zip(pixels, labels.tolist(), strict=True):
            radius = draw.integers(3, 6)
            down, right = draw.integers(radius, SIDE - radius, 2)
            y, x = np.abs(row - down), np.abs(column - right)
            shape = [np.hypot(y, x) <= radius, np.maximum(y, x) <= radius, np.minimum(y, x) == 0]
            image[0, shape[label] & (np.maximum(y, x) <= radius)] = draw.integers(128, 256)
        return MemoryPart(torch.from_numpy(pixels), labels, self.image_size)
