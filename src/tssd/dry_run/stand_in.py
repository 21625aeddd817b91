"""Data of the right shape where the files are not needed, or not there."""

import numpy as np
import torch
from torch import Tensor

from tssd.data import DataModule
from tssd.data.stored import MemoryPart, Stored
from tssd.errors import UsageError


class StandIn(DataModule):
    """Random images, or event counts, of any shape: enough to build a network and to time a step.

    Args:
        batch_size: Samples a batch.
        channels: Channels of an image or a frame.
        size: Side in pixels.
        classes: Number of classes K.
        events: Whether a sample is a sequence of event counts.
        seed: Seed of the numbers.
    """

    def __init__(
        self,
        *,
        batch_size: int = 64,
        channels: int = 3,
        size: int = 32,
        classes: int = 10,
        events: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(batch_size=batch_size, val_share=0.0, seed=seed)
        if min(channels, size, classes) < 1:
            raise UsageError(f"data: got {channels} x {size} x {size}, {classes} classes")
        self.shape = (channels, size, size)
        self.classes = classes
        self.events = events
        self.longest = 1

    def connect(self, *, student: int, teacher: int, longest: int) -> None:
        """Learn how long sequences are."""
        self.longest = longest

    def read(self) -> Stored:
        """One black image a class."""
        part = MemoryPart(torch.zeros(self.classes, *self.shape, dtype=torch.uint8), self._labels)
        return Stored(train=part, test=part)

    def batch(self) -> tuple[Tensor, Tensor]:
        """A full batch: images [N, C, H, W] or counts [T, N, C, H, W], and classes [N]."""
        draw = torch.Generator().manual_seed(self.seed)
        y = torch.randint(self.classes, (self.batch_size,), generator=draw)
        if not self.events:
            return torch.randn(self.batch_size, *self.shape, generator=draw), y
        # About a tenth of the cells of a frame of 10 ms hold an event.
        size = (self.longest, self.batch_size, *self.shape)
        return (torch.rand(size, generator=draw) < 0.1).to(torch.uint8), y

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

    @property
    def _labels(self) -> np.ndarray:
        return np.arange(self.classes, dtype=np.int64)
