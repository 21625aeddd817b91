"""Event frames from the cache to the network's batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from numpy.typing import NDArray
from torch import Tensor

from tssd.data.event_augment import EventAugmentation, augment
from tssd.data.loading import Numbers, SampleSet, Source
from tssd.data.splits import Indices
from tssd.events.cache import FrameCache


@dataclass(frozen=True)
class FrameSource:
    """Chosen samples of a cache; a batch is copied from the memory map when it is asked for.

    Args:
        cache: The cache of the whole data set.
        index: Numbers of the chosen samples in it, [M].
    """

    cache: FrameCache
    index: Indices

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, index: Tensor) -> Tensor:
        """Return counts, uint8 or uint16 [N, T, 2, H, W], of the int64 numbers [N]."""
        return torch.from_numpy(self.cache.frames[self.index[index.numpy()]])


@dataclass(frozen=True)
class EventPart:
    """One part, such as the training recordings, of a data set.

    Args:
        cache: Opens or builds the cache of the whole data set.
        index: Numbers of the part's samples in it, [M].
        labels: Class of each sample of the part, [M].
        frame_shape: Channels, height and width of a frame.
    """

    cache: Callable[[], FrameCache]
    index: Indices
    labels: Indices
    frame_shape: tuple[int, int, int]

    def shape(self) -> tuple[int, int, int]:
        """Channels (OFF and ON), height and width of a frame."""
        return self.frame_shape

    def select(self, index: Indices) -> FrameSource:
        """Open the cache at the samples of these numbers."""
        return FrameSource(self.cache(), self.index[index])


class EventSamples(SampleSet):
    """Event frames [T, N, 2, H, W] with their labels.

    Counts stay the small integers of the cache, a quarter of the bytes to move, and become floating
    point on the device; with `area` they become averages, float32, here.

    Args:
        frames: The counts.
        labels: Their classes, int64 [M].
        augment: Augmentations, applied in order.
        seed: Seed of their draws.
        area: Number of sensor pixels in each cell, float32 [H, W], to average over; None sums.
    """

    sample_axis = 1

    def __init__(
        self,
        frames: Source,
        labels: Tensor,
        *,
        augment: Sequence[EventAugmentation] = (),
        seed: int = 0,
        area: NDArray | None = None,
    ) -> None:
        super().__init__(labels)
        self.frames = frames
        self._augment = tuple(augment)
        self._seed = seed
        self._area = None if area is None else torch.from_numpy(area)

    def load(self, epochs: Numbers, index: Numbers) -> Tensor:
        """Return the frames [T, N, 2, H, W] of these numbers [N], each as it looks in its epoch."""
        frames = self.frames[torch.from_numpy(index)]
        if self._augment:
            frames = augment(frames, self._augment, epochs, index, seed=self._seed)
        x = frames.transpose(0, 1).contiguous()
        return x if self._area is None else x.float() / self._area
