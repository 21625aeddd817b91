"""Handwritten digits that come inside scikit-learn: real data without any download."""

from dataclasses import KW_ONLY, dataclass, field
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from tssd.data.images import ImageData
from tssd.data.splits import TEST_SEED, hold_out
from tssd.data.stored import Facts, MemoryPart, Stored
from tssd.image_size import ImageSize

TEST_SHARE = 0.2


@dataclass(eq=False)
class Digits(ImageData):
    """1,797 grey images of 8x8 pixels, 10 classes.

    The copy in scikit-learn has no official split: a fixed fifth of each class is the test set.
    Augmentation shifts by up to 2 pixels and never flips: a mirrored digit is another sign.

    Args:
        image_size: Side in pixels of the square to resize to, or [height, width]; null keeps 8.
        augment: Whether to shift the training images at random.
    """

    facts = Facts(
        name="digits",
        class_names=tuple("0123456789"),
        # Of the training and validation images at 16x16 pixels, computed by this module.
        mean=(0.3047,),
        std=(0.3184,),
    )
    flips = False

    root: str | None = field(default=None, init=False)  # it comes with scikit-learn
    _: KW_ONLY
    image_size: ImageSize | None = 16
    augment: bool = False

    def read(self) -> Stored:
        """Read scikit-learn's copy and split off the test images."""
        grey, labels = _read()
        labels = labels.astype(np.int64)
        # scikit-learn stores 17 grey levels, 0 to 16.
        pixels = torch.from_numpy(grey / 16 * 255).round().to(torch.uint8).view(-1, 1, 8, 8)
        train, test = hold_out(labels, TEST_SHARE, seed=TEST_SEED)
        return Stored(
            train=MemoryPart(pixels[train], labels[train], self.image_size),
            test=MemoryPart(pixels[test], labels[test], self.image_size),
        )


@cache
def _read() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What comes with scikit-learn: reading it takes 40 ms, and nothing may write to it."""
    grey, labels = load_digits(return_X_y=True)
    grey.flags.writeable = labels.flags.writeable = False
    return grey, labels
