"""From chosen images to batches that do not depend on workers, resuming or the global generator."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from tssd.data.counter_random import SHUFFLE_STREAM, random_bits
from tssd.data.crop_flip import CropFlip

Batch = tuple[Tensor, Tensor]


class ImageSource(Protocol):
    """Images by number; a uint8 tensor [M, C, H, W] in memory is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Tensor, /) -> Tensor:
        """Return uint8 images [N, C, H, W] for int64 numbers [N]."""
        ...


class EpochSampler(Sampler[tuple[int, int]]):
    """Shuffled (epoch, index) pairs, the order being a pure function of (seed, epoch).

    Lightning calls `set_epoch` before each epoch, also after resuming; the pair carries the epoch
    to the workers, which outlive it. With several processes (DDP) Lightning wraps this in its
    DistributedSamplerWrapper, which forwards `set_epoch`, deals the pairs out to the ranks and
    repeats a few to make the shares equal: images are augmented as in one process, but the batches
    are other ones, and the last of a rank may hold a single image.

    Args:
        size: Number of images.
        seed: Seed of the order.
        epoch: First epoch, counted from 0.
    """

    def __init__(self, size: int, seed: int, *, epoch: int = 0) -> None:
        self._size = size
        self._seed = seed
        self._epoch = epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch = self._epoch
        keys = random_bits(self._seed, SHUFFLE_STREAM, epoch, np.arange(self._size))
        return ((epoch, index) for index in np.argsort(keys, kind="stable").tolist())


class ImageSet(Dataset[Any]):
    """Normalised, possibly augmented images with their labels.

    `dataset[i]` is (x float32 [C, H, W], label int). Loaders ask for whole batches instead, through
    `__getitems__`: normalising and augmenting 64 images at once is far cheaper than one by one.

    Args:
        images: The images, uint8.
        labels: Their classes, int64 [M].
        mean: Mean of each channel, with pixel values in [0, 1].
        std: Standard deviation of each channel, same scale.
        augment: Augmentation; None shows every image as it is.
    """

    def __init__(
        self,
        images: ImageSource,
        labels: Tensor,
        *,
        mean: Sequence[float],
        std: Sequence[float],
        augment: CropFlip | None = None,
    ) -> None:
        self.images = images
        self.labels = labels
        # (u / 255 - mean) / std as one multiply-add over the bytes u.
        self._scale = 1 / (255 * torch.tensor(std).view(-1, 1, 1))
        self._offset = -torch.tensor(mean).view(-1, 1, 1) / torch.tensor(std).view(-1, 1, 1)
        self._augment = augment

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, item: int | tuple[int, int]) -> tuple[Tensor, int]:
        x, y = self.__getitems__([item])
        return x[0], int(y[0])

    def __getitems__(self, items: Sequence[int | tuple[int, int]]) -> Batch:
        """Return the batch x [N, C, H, W], y [N] for indices or (epoch, index) pairs.

        A bare index means epoch 0: Lightning's `overfit_batches` puts its own sampler in.
        """
        pairs = np.array([(0, i) if isinstance(i, int) else i for i in items], dtype=np.int64)
        index = torch.from_numpy(pairs[:, 1].copy())
        images = self.images[index]
        if self._augment is not None:
            images = self._augment(images, pairs[:, 0], pairs[:, 1])
        x = images.to(torch.float32).mul_(self._scale).add_(self._offset)
        return x, self.labels[index]


def _as_is(batch: Any) -> Any:  # `__getitems__` has made a batch already
    return batch


def training_loader(
    images: ImageSet, batch_size: int, *, num_workers: int, seed: int, epoch: int = 0
) -> DataLoader[Batch]:
    """Build the shuffled loader of the training images.

    The last, incomplete batch is kept, except when it would hold one single image: batch norm has
    no variance over one sample (an error where the map is 1x1, a useless step elsewhere).

    Args:
        images: The training set.
        batch_size: Images a batch.
        num_workers: Loading processes; 0 loads in the training process.
        seed: Seed of the order.
        epoch: First epoch, counted from 0.
    """
    single = len(images) > batch_size and len(images) % batch_size == 1
    sampler = EpochSampler(len(images), seed, epoch=epoch)
    return _loader(images, batch_size, num_workers=num_workers, sampler=sampler, drop_last=single)


def evaluation_loader(images: ImageSet, batch_size: int, *, num_workers: int) -> DataLoader[Batch]:
    """Build the loader that shows every image once, in stored order."""
    return _loader(images, batch_size, num_workers=num_workers, sampler=None, drop_last=False)


def _loader(
    images: ImageSet,
    batch_size: int,
    *,
    num_workers: int,
    sampler: EpochSampler | None,
    drop_last: bool,
) -> DataLoader[Batch]:
    return DataLoader(
        images,
        batch_size=batch_size,
        sampler=sampler,
        num_workers=num_workers,
        collate_fn=_as_is,
        drop_last=drop_last,
        pin_memory=torch.cuda.is_available(),
        persistent_workers=num_workers > 0,
        # A loader draws a seed for its workers each epoch; from its own generator, so that loading
        # never moves the global one, which initialises weights and drives dropout.
        generator=torch.Generator(),
    )
