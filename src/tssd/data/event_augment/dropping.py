"""Dropping all events in a box or in a window of time."""

from dataclasses import dataclass

import numpy as np

from tssd.data.event_augment.base import EventAugmentation, Frames
from tssd.data.event_augment.draws import Draws
from tssd.data.event_augment.options import check_ratios, check_whole

# Of Gu et al. 2021: a ratio is drawn for each sample.
TIME_RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
AREA_RATIOS = (0.05, 0.1, 0.15, 0.2, 0.25)


@dataclass(frozen=True)
class Cutout(EventAugmentation):
    """Zero one or more squares, at all times; their centres lie anywhere, parts may fall outside.

    Source: DeVries and Taylor 2017, arXiv 1708.04552.

    Args:
        pixels: Side of a square, 1 or more.
        holes: Number of squares, 1 or more; they may overlap.
    """

    pixels: int = 16
    holes: int = 1

    def __post_init__(self) -> None:
        check_whole("pixels", self.pixels, low=1)
        check_whole("holes", self.holes, low=1)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Zero the squares drawn for each sample."""
        height, width = frames.shape[-2:]
        out = frames.copy()
        for hole in range(self.holes):
            tops = draws.below(2 * hole, height) - self.pixels // 2
            lefts = draws.below(2 * hole + 1, width) - self.pixels // 2
            for n, (top, left) in enumerate(zip(tops.tolist(), lefts.tolist(), strict=True)):
                # A negative start would count from the far end.
                rows = slice(max(top, 0), top + self.pixels)
                out[n, ..., rows, max(left, 0) : left + self.pixels] = 0
        return out


@dataclass(frozen=True)
class DropArea(EventAugmentation):
    """Zero one box inside the frame, at all times; its sides are a ratio of height and width.

    Source: Gu et al. 2021 (EventDrop), drop by area; as in their code and tonic's the ratio is that
    of the sides. Differs: the box lies inside the frame, and nothing outside it is dropped.

    Args:
        ratios: Sides of the box over those of the frame, 0 to 1; one is drawn for each sample.
    """

    ratios: tuple[float, ...] = AREA_RATIOS

    def __post_init__(self) -> None:
        check_ratios("ratios", self.ratios)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Zero the box drawn for each sample."""
        height, width = frames.shape[-2:]
        ratio = draws.one_of(0, self.ratios)
        tall = np.floor(ratio * height + 0.5).astype(np.int64)
        wide = np.floor(ratio * width + 0.5).astype(np.int64)
        tops = draws.below(1, height - tall + 1)
        lefts = draws.below(2, width - wide + 1)
        out = frames.copy()
        boxes = np.stack([tops, tops + tall, lefts, lefts + wide], axis=1).tolist()
        for n, (top, bottom, left, right) in enumerate(boxes):
            out[n, ..., top:bottom, left:right] = 0
        return out


@dataclass(frozen=True)
class DropTime(EventAugmentation):
    """Zero the slices in a window of time, drawn on a scale of `steps` slices, whatever T is.

    The window starts at any of the `steps` slices, is a ratio of `steps` long, and ends at `steps`
    at the latest. Frames with fewer slices show the part of it that falls into them; later slices
    are never dropped. A student that sees T_s < `steps` slices now and then gets none.

    Source: Gu et al. 2021 (EventDrop), drop by time. Differs: whole slices; theirs is a share of
    the recording's duration, and gives back what it dropped where that was everything.

    Args:
        steps: Slices of the time scale, 1 or more: the longest T of the run, T_t.
        ratios: Length of the window over `steps`, 0 to 1; one is drawn for each sample.
    """

    steps: int
    ratios: tuple[float, ...] = TIME_RATIOS

    def __post_init__(self) -> None:
        check_whole("steps", self.steps, low=1)
        check_ratios("ratios", self.ratios)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Zero the window drawn for each sample."""
        length = np.floor(draws.one_of(0, self.ratios) * self.steps + 0.5).astype(np.int64)
        starts = draws.below(1, self.steps)
        ends = np.minimum(starts + length, self.steps)
        out = frames.copy()
        for n, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            out[n, start:end] = 0
        return out
