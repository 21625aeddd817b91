"""Weights as rows of 64 or 32 outputs, in the form in which `vectors` adds them."""

import numpy as np
from numpy.typing import NDArray

from tssd.engine.layer import Weights

# Outputs of a block, as 8-bit weights one line of the cache; as float32 half as many, two lines, so
# that a block of 256 or 512 channels stays in a cache of the size that cores have.
LANES, LANES_OF_FLOATS = 64, 32
LINE = 64


def lanes(bits: int) -> int:
    """Outputs of a block."""
    return LANES if bits else LANES_OF_FLOATS


def aligned(shape: tuple[int, ...], dtype: type) -> NDArray:
    """An array that begins at a line of the cache; not filled."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.empty(size + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return room[start : start + size].view(dtype).reshape(shape)


def row_bytes(bits: int) -> int:
    """Bytes of a row."""
    return LANES if bits else 4 * LANES_OF_FLOATS


def packed_bytes(weights: Weights) -> int:
    """Bytes that `packed` fills."""
    _, count, outputs = weights.matrix.shape
    return -(-outputs // lanes(weights.bits)) * (count + 1) * row_bytes(weights.bits)


def packed(weights: Weights, table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rows of each block of outputs, with a row of zeros at the end of each block.

    Args:
        weights: a layer of one group.
        table: filled, of `packed_bytes`; it begins at a line of the cache.
    Returns: the table.
    """
    _, count, outputs = weights.matrix.shape
    width = lanes(weights.bits)
    blocks = -(-outputs // width)
    padded = np.zeros((count + 1, blocks * width), np.float32)
    padded[:count, :outputs] = weights.matrix[0]
    rows = padded.reshape(count + 1, blocks, width).transpose(1, 0, 2)
    if not weights.bits:
        table.view(np.float32).reshape(rows.shape)[:] = rows
        return table
    # Words of 16 bits: the low byte, biased, is output j, the high byte output 32 + j.
    pairs = table.reshape(blocks, count + 1, LANES // 2, 2)
    half = LANES // 2
    pairs[..., 0] = (rows[..., :half] + 2 ** (weights.bits - 1)).astype(np.uint8)
    pairs[..., 1] = rows[..., half:].astype(np.int8).view(np.uint8)
    return table
