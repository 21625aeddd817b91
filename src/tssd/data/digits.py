"""Handwritten digits that come inside scikit-learn: real data without any download."""

import numpy as np
import torch
from sklearn.datasets import load_digits

from tssd.data.images import ImageData
from tssd.data.parts import Facts, MemoryPart, Stored
from tssd.data.splits import TEST_SEED, hold_out

TEST_SHARE = 0.2


class Digits(ImageData):
    """1,797 grey images of 8x8 pixels, 10 classes.

    The copy in scikit-learn has no official split: a fixed fifth of each class is the test set.
    Augmentation shifts by up to 2 pixels and never flips: a mirrored digit is another sign.

    Args:
        batch_size: Images a batch.
        image_size: Side in pixels of the square to resize to, bilinear; null keeps 8.
        train_samples: Number of training images, classes even, the same for all seeds; null: all.
        val_share: Share of each class of the training images kept for validation, 0 to below 1.
        augment: Whether to shift the training images at random.
        num_workers: Loading processes; 0 loads in the training process.
        seed: Seed of the order and the augmentation. The split does not depend on it.
    """

    facts = Facts(
        name="digits",
        class_names=tuple("0123456789"),
        # Of the training and validation images at 16x16 pixels, computed by this module.
        mean=(0.3047,),
        std=(0.3184,),
    )
    flips = False

    def __init__(
        self,
        batch_size: int = 64,
        *,
        image_size: int | None = 16,
        train_samples: int | None = None,
        val_share: float = 0.1,
        augment: bool = False,
        num_workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            batch_size=batch_size,
            image_size=image_size,
            train_samples=train_samples,
            val_share=val_share,
            augment=augment,
            num_workers=num_workers,
            seed=seed,
        )

    def read(self) -> Stored:
        """Read scikit-learn's copy and split off the test images."""
        grey, labels = load_digits(return_X_y=True)
        labels = labels.astype(np.int64)
        # scikit-learn stores 17 grey levels, 0 to 16.
        pixels = torch.from_numpy(grey / 16 * 255).round().to(torch.uint8).view(-1, 1, 8, 8)
        train, test = hold_out(labels, TEST_SHARE, seed=TEST_SEED)
        return Stored(
            train=MemoryPart(pixels[train], labels[train], self.image_size),
            test=MemoryPart(pixels[test], labels[test], self.image_size),
        )
