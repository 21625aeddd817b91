"""The contract of an event augmentation, and how a list of them is applied."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tssd.data.event_augment.draws import Draws
from tssd.errors import UsageError

# Counts, uint8 or uint16 [N, T, 2, H, W]. In numpy, as torch has few operations for uint16.
Frames = NDArray[Any]


class EventAugmentation(ABC):
    """Changes frames the same way at every time step; configured without a seed.

    What happens to a sample is a pure function of (seed, epoch, index, position): not of the batch
    it is in, of the workers, or of T. Nothing about a slice depends on later ones, so for a student
    that sees the first T_s slices of what its teacher sees it makes no difference whether the
    frames are cut before or after: augment(x)[:, :T_s] == augment(x[:, :T_s]).
    """

    def __call__(
        self,
        frames: Tensor,
        epochs: NDArray[np.int64],
        index: NDArray[np.int64],
        *,
        seed: int,
        position: int = 0,
    ) -> Tensor:
        """Return new frames of the same shape and dtype; the given ones stay as they are.

        Args:
            frames: Event counts, uint8 or uint16 [N, T, 2, H, W], on the CPU.
            epochs: Epoch of each sample, int64 [N].
            index: Number of each sample in its data set, int64 [N].
            seed: Seed of the draws.
            position: Place in a list of augmentations; each place has draws of its own.

        Raises:
            UsageError: Frames, epochs and index do not fit, or an option does not fit the frames.
        """
        counts = _counts(frames, epochs, index)
        return torch.from_numpy(self.apply(counts, Draws(seed, epochs, index, (position,))))

    @abstractmethod
    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Return changed frames, contiguous and never the given array, given the draws."""


def augment(
    frames: Tensor,
    augmentations: Sequence[EventAugmentation],
    epochs: NDArray[np.int64],
    index: NDArray[np.int64],
    *,
    seed: int,
) -> Tensor:
    """Apply augmentations in order, the draws of each independent of the others'.

    Args:
        frames: Event counts, uint8 or uint16 [N, T, 2, H, W], on the CPU; not changed.
        augmentations: What to apply; none returns a copy.
        epochs: Epoch of each sample, int64 [N].
        index: Number of each sample in its data set, int64 [N].
        seed: Seed of the draws.

    Raises:
        UsageError: Frames, epochs and index do not fit, or an option does not fit the frames.
    """
    counts = _counts(frames, epochs, index)
    if not augmentations:
        return frames.clone()
    for position, augmentation in enumerate(augmentations):
        counts = augmentation.apply(counts, Draws(seed, epochs, index, (position,)))
    return torch.from_numpy(counts)


def _counts(frames: Tensor, epochs: NDArray[np.int64], index: NDArray[np.int64]) -> Frames:
    if frames.ndim != 5 or frames.dtype not in (torch.uint8, torch.uint16):
        raise UsageError(
            f"frames: got {str(frames.dtype).removeprefix('torch.')} {list(frames.shape)}, "
            "expected uint8 or uint16 [N, T, 2, H, W]"
        )
    if epochs.shape != frames.shape[:1] or index.shape != frames.shape[:1]:
        raise UsageError(
            f"epochs and index: got {epochs.size} and {index.size} numbers, expected one for each "
            f"of {len(frames)} samples"
        )
    return frames.contiguous().numpy()
