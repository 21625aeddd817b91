"""Weights as whole numbers, one scale an output channel, and what their sums can reach."""

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError

# Bits of a weight; symmetric, so that the largest is 2^(bits - 1) - 1.
BITS = {"float32": 0, "int8": 8, "int7": 7}
# Whole numbers up to it are exact as float32.
EXACT = 2**24


def bits_of(weights: str) -> int:
    """Bits of a weight by name, 0 for float32. Raises: UsageError: an unknown name."""
    if weights not in BITS:
        raise UsageError(f"weights: got {weights!r}, expected one of {', '.join(BITS)}")
    return BITS[weights]


def quantised(
    matrix: NDArray[np.float32], bits: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The nearest whole numbers, as float32, and the scale of each column.

    An output's largest weight becomes the largest whole number: nothing but the weights is needed.

    Args:
        matrix: one column an output [K, O].
        bits: of a weight.
    """
    largest = 2 ** (bits - 1) - 1
    reach = np.abs(matrix).max(0)
    scale = np.where(reach > 0, reach / np.float32(largest), np.float32(1)).astype(np.float32)
    return np.clip(np.rint(matrix / scale), -largest, largest), scale


def events_within_int16(matrix: NDArray[np.float32], repeats: int = 1) -> int:
    """How many rows of whole numbers may be added in 16 bits, whichever rows they are.

    Found from the weights: for each output, the largest ones of one sign added up.

    Args:
        matrix: one column an output [K, O].
        repeats: how often the same row may be among those that are added.
    """
    magnitudes = np.sort(np.abs(matrix), axis=0)[::-1]
    reached = repeats * np.cumsum(magnitudes, axis=0, dtype=np.float64)
    rows = int(np.searchsorted(reached.max(1), 2**15, side="left"))
    if rows == len(matrix):
        return repeats * rows
    # What is left has room for the next row, though not as often as it may come.
    before = reached[rows - 1] if rows else np.zeros(matrix.shape[1])
    more = [(before + n * magnitudes[rows]).max() < 2**15 for n in range(1, repeats)]
    return repeats * rows + sum(more)


def is_exact(matrix: NDArray[np.float32], top: int) -> bool:
    """Whether sums of whole numbers times counts up to `top` are exact as float32."""
    return float(np.abs(matrix).sum(0, dtype=np.float64).max()) * top < EXACT
