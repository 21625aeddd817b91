"""Named sets of augmentations from the literature, and the choice of one of several."""

from dataclasses import dataclass

import numpy as np

from tssd.data.event_augment.affine import Rotate, Shear
from tssd.data.event_augment.base import EventAugmentation, Frames
from tssd.data.event_augment.draws import Draws
from tssd.data.event_augment.dropping import AREA_RATIOS, TIME_RATIOS, Cutout, DropArea, DropTime
from tssd.data.event_augment.geometric import HorizontalFlip, Roll
from tssd.data.event_augment.options import check_between, check_ratios, check_whole
from tssd.data.event_augment.thinning import DropRandom
from tssd.errors import UsageError


@dataclass(frozen=True)
class OneOf(EventAugmentation):
    """Apply one of several augmentations to each sample, all equally likely.

    Args:
        augmentations: What to choose from, one or more.
        unchanged: Whether leaving the sample as it is counts as one more choice.
    """

    augmentations: tuple[EventAugmentation, ...]
    unchanged: bool = False

    def __post_init__(self) -> None:
        if not self.augmentations:
            raise UsageError("augmentations: got none, expected one or more")

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Apply to each sample the augmentation drawn for it."""
        choice = draws.below(0, len(self.augmentations) + self.unchanged)
        out = frames.copy()
        for position, augmentation in enumerate(self.augmentations):
            rows = np.flatnonzero(choice == position)
            if len(rows):
                out[rows] = augmentation.apply(frames[rows], draws.rows(rows).child(position))
        return out


@dataclass(frozen=True)
class TET(EventAugmentation):
    """Flip, then roll on both axes: the augmentation that goes with TET on CIFAR10-DVS.

    Source: Deng et al. 2022 (Temporal Efficient Training, arXiv 2202.11946): flip with probability
    1/2, roll by up to 5 pixels at 48 x 48, in this order as in code derived from theirs.

    Args:
        probability: Share of the samples to mirror, 0 to 1.
        pixels: Largest roll on each axis, 0 or more.
    """

    probability: float = 0.5
    pixels: int = 5

    def __post_init__(self) -> None:
        check_between("probability", self.probability, 0, 1)
        check_whole("pixels", self.pixels, low=0)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Flip, then roll."""
        frames = HorizontalFlip(self.probability).apply(frames, draws.child(0))
        return Roll(self.pixels).apply(frames, draws.child(1))


@dataclass(frozen=True)
class NDA(EventAugmentation):
    """Flip, then one of roll, rotate, cutout and shear, all equally likely.

    Source: Li et al. 2022 (Neuromorphic Data Augmentation, arXiv 2203.06145). Roll 5, rotation and
    shear 30 degrees: the authors' code for CIFAR10-DVS at 48 x 48 (N-Caltech101: 3, 15, 15). That
    code chooses among these three only; assumed, from others' code: the flip before, and cutout as
    a fourth choice, side 16 (N-Caltech101: 8).

    Args:
        probability: Share of the samples to mirror, 0 to 1.
        pixels: Largest roll on each axis, 0 or more.
        rotate: Largest rotation in degrees, 0 to 180.
        cutout: Side of the zeroed square in pixels, 1 or more.
        shear: Largest shear along x in degrees, 0 to 80.
    """

    probability: float = 0.5
    pixels: int = 5
    rotate: float = 30.0
    cutout: int = 16
    shear: float = 30.0

    def __post_init__(self) -> None:
        check_between("probability", self.probability, 0, 1)
        check_whole("pixels", self.pixels, low=0)
        check_between("rotate", self.rotate, 0, 180)
        check_whole("cutout", self.cutout, low=1)
        check_between("shear", self.shear, 0, 80)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Flip, then apply the operation drawn for each sample."""
        frames = HorizontalFlip(self.probability).apply(frames, draws.child(0))
        operations = (
            Roll(self.pixels),
            Rotate(self.rotate),
            Cutout(self.cutout),
            Shear(self.shear),
        )
        return OneOf(operations).apply(frames, draws.child(1))


@dataclass(frozen=True)
class EventDrop(EventAugmentation):
    """Leave alone, or drop by time, by area or at random, all four equally likely.

    Source: Gu et al. 2021 (IJCAI, doi 10.24963/ijcai.2021/97), magnitudes of the authors' code.
    Differs: see DropTime, DropArea and DropRandom.

    Args:
        steps: Slices of the time scale of drop by time: the longest T of the run, T_t.
        time: Ratios of drop by time, 0 to 1; one is drawn for each sample.
        area: Ratios of the sides in drop by area, 0 to 1.
        random: Ratios of random drop, 0 to 1.
    """

    steps: int
    time: tuple[float, ...] = TIME_RATIOS
    area: tuple[float, ...] = AREA_RATIOS
    random: tuple[float, ...] = TIME_RATIOS

    def __post_init__(self) -> None:
        check_whole("steps", self.steps, low=1)
        check_ratios("time", self.time)
        check_ratios("area", self.area)
        check_ratios("random", self.random)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Drop from each sample in the way drawn for it."""
        drops = (DropTime(self.steps, self.time), DropArea(self.area), DropRandom(self.random))
        return OneOf(drops, unchanged=True).apply(frames, draws.child(0))
