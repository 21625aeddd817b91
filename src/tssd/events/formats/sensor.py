"""Sensor sizes of formats that do not hold one: given by the user or taken from the events."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError

# Coordinates are uint16.
LARGEST = 2**16


def require_size(height: int | None, width: int | None) -> None:
    """Refuse sizes that no sensor has; None means unknown.

    Raises:
        UsageError: A size below 1 or above 65536.
    """
    for side, given in (("height", height), ("width", width)):
        if given is not None and not 1 <= given <= LARGEST:
            raise UsageError(f"{side} is {given}, expected 1 to {LARGEST} pixels, or None")


def size_of(
    x: NDArray[np.integer[Any]],
    y: NDArray[np.integer[Any]],
    height: int | None,
    width: int | None,
) -> tuple[int, int]:
    """Rows and columns: what is given, else as few as hold the events, from 1 to 65536."""
    return (
        min(int(y.max(initial=0)) + 1, LARGEST) if height is None else height,
        min(int(x.max(initial=0)) + 1, LARGEST) if width is None else width,
    )
