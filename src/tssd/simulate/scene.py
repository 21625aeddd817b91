"""What the camera sees: an image on a monitor as log intensity, enlarged and shifted."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError

# Weights of red, green and blue in luminance (ITU-R BT.709).
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class Monitor:
    """The display that shows the image.

        luminance = (value / 255) ^ gamma + glow

    Args:
        gamma: exponent from pixel value to luminance, > 0.
        glow: luminance of black with the room's light on it, as a share of white, > 0.

    Raises:
        UsageError: A value is out of range.
    """

    gamma: float = 2.2
    glow: float = 0.05

    def __post_init__(self) -> None:
        for field in ("gamma", "glow"):
            if not 0 < getattr(self, field) < np.inf:
                raise UsageError(f"monitor {field} is {getattr(self, field)}, expected more than 0")

    def luminance(self, image: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Luminance of each pixel relative to white, uint8 [H, W] or [3, H, W] -> [H, W].

        Raises:
            UsageError: The image has another type or shape.
        """
        shape = image.shape
        grey = len(shape) == 2 or (len(shape) == 3 and shape[0] in (1, 3))
        if image.dtype != np.uint8 or not grey or 0 in shape:
            raise UsageError(
                f"the image is {image.dtype} {list(shape)}, expected uint8 [H, W] or [3, H, W]: "
                "convert it first"
            )
        light = (np.arange(256) / 255) ** self.gamma
        if len(shape) == 3:
            weights = LUMINANCE if shape[0] == 3 else np.ones(1)
            return np.tensordot(weights, light[image], axes=1) + self.glow
        return light[image] + self.glow


def enlarging(pixels: int, cover: int, sensor: int, margin: int) -> NDArray[np.float64]:
    """Weights that bring one axis of an image to the sensor, [sensor + 2 * margin, pixels].

    Linear interpolation; where the image is finer than the sensor, a triangle as wide as a sensor
    pixel. Beyond its border the image goes on with the values it has there.

    Args:
        pixels: length of the axis in the image.
        cover: image pixels that fill the sensor, in the middle of the axis.
        sensor: sensor pixels along the axis.
        margin: sensor pixels to add on either side.
    """
    scale = cover / sensor
    centres = (np.arange(-margin, sensor + margin) + 0.5 - sensor / 2) * scale + (pixels - 1) / 2
    width = max(1.0, scale)
    reach = math.ceil(width)
    columns = np.arange(-reach, pixels + reach)
    weights = np.maximum(0, 1 - np.abs(centres.clip(0, pixels - 1)[:, None] - columns) / width)
    inside = np.zeros((len(centres), pixels))
    np.add.at(inside.T, columns.clip(0, pixels - 1), weights.T)
    return np.divide(inside, inside.sum(axis=1, keepdims=True))


class Scene:
    """Log intensity at every sensor pixel for any small offset of the image.

    The image's shorter side fills the sensor.

    Args:
        luminance: luminance of each image pixel, [H, W], > 0.
        size: rows and columns of the sensor.
        reach: largest offset in sensor pixels, in any direction.
    """

    def __init__(self, luminance: NDArray[np.float64], size: int, *, reach: float) -> None:
        self._size = size
        self._margin = math.ceil(reach) + 1
        cover = min(luminance.shape)
        down, across = (enlarging(n, cover, size, self._margin) for n in luminance.shape)
        self._log = np.log(down @ luminance @ across.T).astype(np.float32)

    def shifted(self, right: float, down: float) -> NDArray[np.float32]:
        """Log intensity [size * size] with the image moved by sensor pixels, bilinear."""
        top, left = self._margin - down, self._margin - right
        row, column = math.floor(top), math.floor(left)
        below, beside = np.float32(top - row), np.float32(left - column)
        rows = self._log[row : row + self._size + 1, column : column + self._size + 1]
        mixed = rows[:-1] + below * (rows[1:] - rows[:-1])
        shifted = mixed[:, :-1] + beside * (mixed[:, 1:] - mixed[:, :-1])
        return shifted.astype(np.float32, copy=False).ravel()
