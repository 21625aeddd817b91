"""Data of the right shape where the files are not needed, or not there."""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from tssd.data import DataModule
from tssd.data.loading import Batch
from tssd.data.stored import MemoryPart, Stored
from tssd.errors import UsageError
from tssd.image_size import ImageSize, height_width, in_words

# Batches of an epoch, which are one and the same: the first step is slower than others.
STEPS, VALIDATIONS = 6, 2


class StandIn(DataModule):
    """Random images, or event counts, of any shape: enough to build a network and to time a step.

    Its loaders give a few batches, however many samples it stands for.

    Args:
        batch_size: Samples a batch, if there are as many for training.
        channels: Channels of an image or a frame.
        size: Side in pixels, or height and width.
        classes: Number of classes K.
        events: Whether a sample is a sequence of event counts.
        samples: Numbers of training, validation and test samples; null: a batch to train and test.
        seed: Seed of the numbers.
    """

    def __init__(
        self,
        *,
        batch_size: int = 64,
        channels: int = 3,
        size: ImageSize = 32,
        classes: int = 10,
        events: bool = False,
        samples: tuple[int, int, int] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(batch_size=batch_size, val_share=0.0, seed=seed)
        self.shape = (channels, *height_width(size))
        if min(*self.shape, classes) < 1:
            raise UsageError(f"data: got {in_words(self.shape)}, {classes} classes")
        self.classes = classes
        self.events = events
        self.longest = 1
        self.numbers = samples or (batch_size, 0, batch_size)

    def connect(self, *, student: int, teacher: int, longest: int) -> None:
        """Learn how long sequences are."""
        self.longest = longest

    def read(self) -> Stored:
        """Black images, all the same one."""
        train, val, test = map(self._part, self.numbers)
        return Stored(train=train, test=test, val=val if self.numbers[1] else None)

    def setup(self, stage: str | None = None) -> None:
        """Hold no samples: all that it stands for would take hundreds of gigabytes of ImageNet."""

    def batch(self) -> tuple[Tensor, Tensor]:
        """A full batch: images [N, C, H, W] or counts [T, N, C, H, W], and classes [N]."""
        draw = torch.Generator().manual_seed(self.seed)
        number = max(1, min(self.batch_size, self.numbers[0]))
        y = torch.randint(self.classes, (number,), generator=draw)
        if not self.events:
            return torch.randn(number, *self.shape, generator=draw), y
        # About a tenth of the cells of a frame of 10 ms hold an event.
        size = (self.longest, number, *self.shape)
        return (torch.rand(size, generator=draw) < 0.1).to(torch.uint8), y

    def train_dataloader(self) -> DataLoader[Batch]:
        """An epoch of a few steps."""
        return self._loader(STEPS)

    def val_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        """A few batches, if there are validation samples."""
        return self._loader(VALIDATIONS) if self.numbers[1] else []

    def test_dataloader(self) -> DataLoader[Batch]:
        """One batch."""
        return self._loader(1)

    @property
    def dataset_name(self) -> str:
        """What it is."""
        return "stand-in"

    @property
    def class_names(self) -> tuple[str, ...]:
        """Numbers."""
        return tuple(map(str, range(self.classes)))

    @property
    def mean(self) -> tuple[float, ...]:
        """Zero for each channel."""
        return (0.0,) * self.shape[0]

    @property
    def std(self) -> tuple[float, ...]:
        """One for each channel."""
        return (1.0,) * self.shape[0]

    def _part(self, number: int) -> MemoryPart:
        images = torch.zeros(1, *self.shape, dtype=torch.uint8).expand(number, -1, -1, -1)
        return MemoryPart(images, np.arange(number, dtype=np.int64) % self.classes)

    def _loader(self, batches: int) -> DataLoader[Batch]:
        # A list is a data set, too; without a batch size its items are the batches.
        return DataLoader([self.batch()] * batches, batch_size=None)  # pyright: ignore
