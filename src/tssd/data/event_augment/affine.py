"""Rotation and shear about the centre, nearest neighbour, with zeros entering."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tssd.data.event_augment.base import EventAugmentation, Frames
from tssd.data.event_augment.draws import Draws
from tssd.data.event_augment.options import check_between


@dataclass(frozen=True)
class Rotate(EventAugmentation):
    """Turn about the centre by -degrees to degrees, counter-clockwise where positive.

    Nearest neighbour: counts stay whole numbers, but a cell may be shown twice or not at all.

    Args:
        degrees: Largest angle, 0 to 180; drawn uniformly.
    """

    degrees: float = 30.0

    def __post_init__(self) -> None:
        check_between("degrees", self.degrees, 0, 180)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Turn each sample by the angle drawn for it."""
        angle = np.deg2rad((2 * draws.uniform(0) - 1) * self.degrees)
        return resample(frames, rotation(angle))


@dataclass(frozen=True)
class Shear(EventAugmentation):
    """Slant along x about the centre row by -degrees to degrees, nearest neighbour.

    A row d below the centre row moves d * tan(angle) pixels.

    Args:
        degrees: Largest angle from the upright, 0 to 80; drawn uniformly.
    """

    degrees: float = 30.0

    def __post_init__(self) -> None:
        check_between("degrees", self.degrees, 0, 80)

    def apply(self, frames: Frames, draws: Draws) -> Frames:
        """Slant each sample by the angle drawn for it."""
        angle = np.deg2rad((2 * draws.uniform(0) - 1) * self.degrees)
        return resample(frames, shear(angle))


def rotation(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Build the maps [N, 2, 2] from output to source (row, column): turns by angle [N], rad."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)


def shear(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Build the maps [N, 2, 2] from output to source (row, column): slants by angle [N], rad."""
    one, zero = np.ones_like(angle), np.zeros_like(angle)
    return np.stack([np.stack([one, zero], -1), np.stack([-np.tan(angle), one], -1)], -2)


def resample(frames: Frames, maps: NDArray[np.float64]) -> Frames:
    """Fill each cell of sample n from the cell nearest to maps[n] @ (row, column), or with zero.

    One gather for each sample, which all time steps and polarities share.

    Args:
        frames: Counts [N, T, 2, H, W].
        maps: From output to source coordinates about the centre, [N, 2, 2].
    """
    _, steps, polarities, height, width = frames.shape
    rows, columns = np.mgrid[:height, :width].reshape(2, -1)
    centre = np.array([[(height - 1) / 2], [(width - 1) / 2]])
    # [N, 2, H * W]; floor(v + 1/2), as rint would send halves to either side by turns.
    source = np.floor(maps @ (np.stack([rows, columns]) - centre) + centre + 0.5).astype(np.int64)
    y, x = source[:, 0], source[:, 1]
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    cells = np.where(inside, y * width + x, 0)
    flat = frames.reshape(len(frames), steps * polarities, height * width)
    out = np.empty(flat.shape, dtype=flat.dtype)
    for n in range(len(flat)):
        np.take(flat[n], cells[n], axis=1, out=out[n], mode="clip")
        out[n] *= inside[n]
    return out.reshape(frames.shape)
