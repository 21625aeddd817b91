"""Rows as bytes, taken apart by hand."""

import numpy as np
import pytest

from tssd.engine.layer import weights_of
from tssd.engine.packing import aligned, packed, packed_bytes, row_bytes

from .small import linear

NODE = linear(np.random.default_rng(0), "l", "x", 5, 70)


def table(weights):
    return packed(weights, aligned((packed_bytes(weights),), np.uint8))


def padded(weights):
    matrix = np.zeros((6, 128), np.float32)
    matrix[:5, :70] = weights.matrix[0]
    return matrix


def test_rows_of_floats_are_blocks_of_32_outputs():
    weights = weights_of(NODE, 0)
    rows = table(weights).view(np.float32).reshape(3, 6, 32)
    assert np.array_equal(np.concatenate(rows, 1), padded(weights)[:, :96])
    assert row_bytes(0) == 128


@pytest.mark.parametrize("bits", [7, 8])
def test_rows_of_whole_numbers_are_pairs_in_words(bits):
    weights = weights_of(NODE, bits)
    words = table(weights).view(np.int16).reshape(2, 6, 32)
    high = words >> 8
    low = (words & 255) - 2 ** (bits - 1)
    assert np.array_equal(np.concatenate(np.concatenate([low, high], 2), 1), padded(weights))
    assert row_bytes(bits) == 64


def test_rows_begin_at_lines_of_the_cache():
    assert aligned((3, 5), np.float32).ctypes.data % 64 == 0
    assert table(weights_of(NODE, 8)).ctypes.data % 64 == 0
