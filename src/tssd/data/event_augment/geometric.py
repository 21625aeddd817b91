"""Moves by whole pixels: mirror, circular roll, and shift with zeros entering."""

from dataclasses import dataclass

import numpy as np

from tssd.data.event_augment.base import EventAugmentation, Frames
from tssd.data.event_augment.draws import Draws
from tssd.data.event_augment.options import check_between, check_whole
from tssd.errors import UsageError


@dataclass(frozen=True)
class HorizontalFlip(EventAugmentation):
    """Mirror left and right; every count is kept.

    Args:
        probability: Share of the samples to mirror, 0 to 1.
    """

    probability: float = 0.5

    def __post_init__(self) -> None:
        check_between("probability", self.probability, 0, 1)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Mirror the samples whose draw is below the probability."""
        mirrored = draws.uniform(0) < self.probability
        out = frames.copy()
        for n in np.flatnonzero(mirrored):
            out[n] = frames[n, ..., ::-1]
        return out


@dataclass(frozen=True)
class Roll(EventAugmentation):
    """Move by -pixels to pixels on each axis; what leaves on one side enters on the other.

    Every count is kept. As torch.roll over the last two axes.

    Args:
        pixels: Largest move, 0 or more; both axes draw uniformly and independently.
    """

    pixels: int = 5

    def __post_init__(self) -> None:
        check_whole("pixels", self.pixels, low=0)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Roll each sample down and to the right by what is drawn for it."""
        out = np.empty(frames.shape, dtype=frames.dtype)
        moves = zip(draws.within(0, self.pixels), draws.within(1, self.pixels), strict=True)
        for n, (down, right) in enumerate(moves):
            out[n] = np.roll(frames[n], (down, right), axis=(-2, -1))
        return out


@dataclass(frozen=True)
class Shift(EventAugmentation):
    """Move by -pixels to pixels on each axis; what leaves is lost, zeros enter.

    Args:
        pixels: Largest move, 0 or more, less than height and width; both axes draw uniformly and
            independently.
    """

    pixels: int = 5

    def __post_init__(self) -> None:
        check_whole("pixels", self.pixels, low=0)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Shift each sample down and to the right by what is drawn for it.

        Raises:
            UsageError: A shift could leave nothing of the frames.
        """
        height, width = frames.shape[-2:]
        if self.pixels >= min(height, width):
            raise UsageError(
                f"pixels: got {self.pixels}, expected less than the smaller side of the "
                f"{height} x {width} frames"
            )
        out = np.zeros(frames.shape, dtype=frames.dtype)
        moves = zip(draws.within(0, self.pixels), draws.within(1, self.pixels), strict=True)
        for n, (down, right) in enumerate(moves):
            to_rows, from_rows = _overlap(int(down), height)
            to_columns, from_columns = _overlap(int(right), width)
            out[n, ..., to_rows, to_columns] = frames[n, ..., from_rows, from_columns]
        return out


def _overlap(move: int, size: int) -> tuple[slice, slice]:
    # Where the pixels that stay in view go, and where they come from.
    here, there = (
        slice(max(move, 0), size + min(move, 0)),
        slice(max(-move, 0), size - max(move, 0)),
    )
    return here, there
