"""From sensor pixels to frame cells: which pixel falls into which cell, and how many there are."""

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError

Size = tuple[int, int]


def check_size(sensor: Size, size: Size) -> None:
    """Refuse frames without cells or with more cells than the sensor has pixels.

    Raises: UsageError.
    """
    if min(size) < 1 or size[0] > sensor[0] or size[1] > sensor[1]:
        raise UsageError(
            f"the size of the frames is {size[0]}x{size[1]} (height x width); expected 1x1 to the "
            f"sensor's {sensor[0]}x{sensor[1]}"
        )


def cells(coordinates: NDArray[np.uint16], length: int, count: int) -> NDArray[np.unsignedinteger]:
    """Cell i * count // length of each pixel coordinate i, exact for every sensor.

    Args:
        coordinates: rows or columns, each below `length`, [E].
        length: pixels of the sensor along this axis.
        count: cells of the frame along this axis; as many leave the coordinates as they are.
    """
    if count == length:
        return coordinates
    # Half as wide numbers are twice as fast, where they suffice.
    dtype = np.uint16 if (length - 1) * count < 2**16 else np.uint32
    scaled = coordinates.astype(dtype)
    scaled *= dtype(count)
    scaled //= dtype(length)
    return scaled


def cell_area(sensor: Size, size: Size) -> NDArray[np.float32]:
    """Number of sensor pixels in each cell, [H, W]: counts divided by it are pixel averages.

    Args:
        sensor: height and width of the sensor in pixels.
        size: height and width of the frame in cells.

    Raises: UsageError: the frame has no cells, or more than the sensor has pixels.
    """
    check_size(sensor, size)
    rows, columns = (
        np.bincount(cells(np.arange(length, dtype=np.uint16), length, count), minlength=count)
        for length, count in zip(sensor, size, strict=True)
    )
    return np.outer(rows, columns).astype(np.float32)
