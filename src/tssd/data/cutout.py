"""A square of each image is hidden."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tssd.data.counter_random import CUTOUT_STREAM, below, random_bits
from tssd.data.loading import numbers_on
from tssd.data.on_device import hide


@dataclass(frozen=True)
class Cutout:
    """Fill a square around a random pixel with one colour, as far as it lies in the image.

    What happens to an image is a pure function of (seed, epoch, index).

    Args:
        side: Of the square, in pixels.
        colour: Value of each channel, 0 to 255.
        seed: Seed of the draws.

    Source: DeVries and Taylor 2017, arXiv:1708.04552, who fill with the mean.
    """

    side: int
    colour: tuple[int, ...]
    seed: int

    def __call__(
        self, images: Tensor, epochs: NDArray[np.int64], index: NDArray[np.int64]
    ) -> Tensor:
        """Hide a part of uint8 images [N, C, H, W], number index[n] in epoch epochs[n]; a copy."""
        height, width = images.shape[-2:]
        bits = random_bits(self.seed, CUTOUT_STREAM, epochs, index)
        # 32 bits each: images may be long.
        tops = below(bits, height, shift=0, width=32) - self.side // 2
        lefts = below(bits, width, shift=32, width=32) - self.side // 2
        if images.device.type != "cpu":
            (colour,) = numbers_on(images.device, np.array(self.colour))
            y, x = numbers_on(images.device, tops, lefts)
            return hide(images, y, x, colour.to(images.dtype), side=self.side)
        colour = np.array(self.colour, dtype=np.uint8).reshape(-1, 1, 1)
        out = images.numpy().copy()
        for image, top, left in zip(out, tops.tolist(), lefts.tolist(), strict=True):
            rows = slice(max(top, 0), max(top + self.side, 0))
            image[:, rows, max(left, 0) : max(left + self.side, 0)] = colour
        return torch.from_numpy(out)
