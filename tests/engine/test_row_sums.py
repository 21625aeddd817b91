"""Sums of rows, at the ends of 16 bits and in lists of every length."""

import numpy as np
import pytest

from tssd.graph import Node

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine.values import Signal  # noqa: E402

from .layers import check, step_of  # noqa: E402


def layer(weight):
    arrays = {"weight": weight.astype(np.float32), "bias": np.zeros(len(weight), np.float32)}
    return Node("l", "linear", ("x",), (len(weight),), arrays)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("bits", [7, 8])
def test_sums_beyond_16_bits_are_exact(bits, sign):
    # All weights are the largest there are: 1200 * 127 is far beyond 32767.
    step = step_of(layer(np.full((64, 1200), sign)), neurons=None, bits=bits)
    assert step.weights.bits == bits
    found = check(step, Signal(np.ones((1, 1, 1, 1, 1200), np.uint8), top=1))
    np.testing.assert_allclose(found.array, sign * 1200, rtol=1e-6)


@pytest.mark.parametrize("bits", [0, 7, 8])
def test_lists_of_every_length_end_where_they_end(bits):
    random = np.random.default_rng(0)
    weight = np.round(random.standard_normal((64, 9)) * 32) / 32
    step = step_of(layer(weight), neurons=None, bits=bits)
    counts = np.tri(10, 9, -1, dtype=np.uint8).reshape(1, 10, 1, 1, 9)
    found = check(step, Signal(counts, top=1))
    if bits == 0:
        assert np.array_equal(found.array[0, :, 0, 0], counts[0, :, 0, 0] @ weight.T)
