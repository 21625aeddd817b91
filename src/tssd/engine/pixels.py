"""Pixels as a network was trained to see them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tssd.engine.values import sizes
from tssd.errors import DataError, UsageError


def normalised(
    pixels: NDArray, shape: tuple[int, ...], *, mean: Sequence[float], std: Sequence[float]
) -> NDArray[np.float32]:
    """Less the mean, over the deviation, of each channel.

    Args:
        pixels: [..., C, H, W], 0 to 255 as uint8 or 0 to 1 as floats.
        shape: (C, H, W) of one sample.
        mean: of each channel, pixel values in [0, 1].
        std: of each channel, same scale.
    Raises: UsageError: pixels of another shape, type or range. DataError: no mean or deviation.
    """
    pixels, expected = np.asarray(pixels), "expected 0 to 255 as uint8 or 0 to 1 as floats"
    if pixels.shape[-3:] != shape or not pixels.size:
        raise UsageError(
            f"normalised: got pixels of shape {list(pixels.shape)}, expected [..., "
            f"{sizes(shape)}]; resize them, channels first"
        )
    if pixels.dtype != np.uint8:
        if pixels.dtype.kind != "f":
            raise UsageError(
                f"normalised: got pixels of type {pixels.dtype}, {expected}; "
                "pixels.astype('uint8') makes the former"
            )
        low, high = pixels.min(), pixels.max()
        if not (low >= 0 and high <= 1):  # nor is NaN
            raise UsageError(
                f"normalised: got floats from {low:.3g} to {high:.3g}, {expected}; divide them by "
                "255 if that is white"
            )
    scale = np.float32(255 if pixels.dtype == np.uint8 else 1)
    means, deviations = _of_channels("mean", mean, shape[0]), _of_channels("std", std, shape[0])
    return ((pixels / scale - means) / deviations).astype(np.float32)


def _of_channels(name: str, values: object, channels: int) -> NDArray[np.float32]:
    """As [C, 1, 1]. Raises: DataError: what a stranger's file may hold in place of numbers."""
    try:
        found = np.asarray(values, np.float32).reshape(-1, 1, 1)
    except (TypeError, ValueError, OverflowError):
        found = np.empty((0, 1, 1), np.float32)
    right = len(found) in (1, channels) and bool(np.isfinite(found).all())
    if not right or (name == "std" and not (found > 0).all()):
        raise DataError(
            f"normalised: the network's file has {name} {values!r}, expected {channels} finite "
            f"numbers{' > 0' * (name == 'std')}; export the network again"
        )
    return found
