"""The usual augmentation of ImageNet: a part of the picture, of any size and place, and a flip."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from tssd.data.counter_random import AUGMENT_STREAM, random_bits
from tssd.data.decoding import opened
from tssd.data.image_samples import ImageSamples
from tssd.data.loading import Numbers
from tssd.data.transforms import Transforms

# As torchvision's RandomResizedCrop: shares of the area, widths over heights, and tries.
AREA = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
TRIES = 10


class Crop(NamedTuple):
    """A part of a picture in pixels, left, top, right, bottom; and whether it is mirrored."""

    box: tuple[int, int, int, int]
    mirrored: bool


def random_crop(
    size: tuple[int, int], *, seed: int, epoch: int, index: int, flip: bool = True
) -> Crop:
    """The part of image `index` that an epoch shows: a pure function of its arguments.

    Its share of the area is uniform, its aspect ratio log-uniform; a part that does not fit is
    drawn again, at last the largest one in the middle with an allowed ratio is taken.

    Args:
        size: Width and height of the picture.
        seed: Seed of the draws.
        epoch: The epoch, from 0.
        index: Number of the image.
        flip: Whether half of the images are mirrored.

    Source: Szegedy et al. 2015, arXiv:1409.4842, section 6; torchvision's RandomResizedCrop.
    """
    width, height = size
    bits = random_bits(seed, AUGMENT_STREAM, epoch, index, np.arange(4 * TRIES + 1))
    uniform = (bits >> np.uint64(11)) * 2.0**-53  # [0, 1), as many digits as a double has
    mirrored = flip and bool(uniform[-1] < 0.5)
    low, high = map(math.log, RATIO)
    for area, ratio, left, top in uniform[:-1].reshape(TRIES, 4).tolist():
        pixels = width * height * (AREA[0] + area * (AREA[1] - AREA[0]))
        aspect = math.exp(low + ratio * (high - low))
        w, h = round(math.sqrt(pixels * aspect)), round(math.sqrt(pixels / aspect))
        if 0 < w <= width and 0 < h <= height:
            x, y = int(left * (width - w + 1)), int(top * (height - h + 1))
            return Crop((x, y, x + w, y + h), mirrored)
    w = max(1, min(width, round(height * RATIO[1])))
    h = max(1, min(height, round(width / RATIO[0])))
    x, y = (width - w) // 2, (height - h) // 2
    return Crop((x, y, x + w, y + h), mirrored)


class CroppedFiles(ImageSamples):
    """Image files, each shown as another random part in every epoch, float32 [N, 3, H, W].

    Files are decoded whenever a batch asks for them: a stored picture of the final size would have
    lost what the parts are magnified from.

    Args:
        paths: The files.
        labels: Their classes, int64 [M].
        size: H and W, in pixels.
        flip: Whether half of the images are mirrored.
        seed: Seed of the draws.
        mean: Mean of each channel, with pixel values in [0, 1].
        std: Standard deviation of each channel, same scale.
        transforms: What happens afterwards; None: nothing.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        labels: Tensor,
        *,
        size: tuple[int, int],
        flip: bool,
        seed: int,
        mean: Sequence[float],
        std: Sequence[float],
        transforms: Transforms | None = None,
    ) -> None:
        nothing = torch.empty(0, dtype=torch.uint8)
        super().__init__(nothing, labels, mean=mean, std=std, transforms=transforms)
        self._paths = paths
        self._size, self._flip, self._seed = size, flip, seed

    def load(self, epochs: Numbers, index: Numbers) -> Tensor:
        """Return the images [N, 3, H, W] of these numbers [N], each as it looks in its epoch."""
        images = np.empty((len(index), 3, *self._size), dtype=np.uint8)
        for n, (epoch, i) in enumerate(zip(epochs.tolist(), index.tolist(), strict=True)):
            images[n] = self._cropped(epoch, i).transpose(2, 0, 1)
        return self.finished(torch.from_numpy(images), epochs, index)

    def _cropped(self, epoch: int, index: int) -> np.ndarray:
        picture = opened(self._paths[index])[0]
        crop = random_crop(picture.size, seed=self._seed, epoch=epoch, index=index, flip=self._flip)
        height, width = self._size
        part = picture.crop(crop.box).resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(ImageOps.mirror(part) if crop.mirrored else part)
