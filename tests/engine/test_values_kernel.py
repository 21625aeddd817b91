"""Layers whose input is real values."""

import numpy as np
import pytest

from .small import HARD, conv, exact

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine.values import Signal  # noqa: E402

from .layers import check, step_of  # noqa: E402

RANDOM = np.random.default_rng(0)
GEOMETRIES = {
    "plain": {},
    "stride": {"stride": 2},
    "dilation": {"dilation": 2},
    "pointwise": {"kernel": 1},
}


@pytest.mark.parametrize("options", GEOMETRIES.values(), ids=GEOMETRIES)
@pytest.mark.parametrize("steps", [1, 3])
def test_a_layer_is_numpys(options, steps):
    step = step_of(conv(RANDOM, "c", "x", (70, 4, 3), 3, **options), HARD)
    stride = options.get("stride", 1)
    x = Signal(exact(RANDOM, steps, 2, 4 * stride, 3 * stride, 3))
    assert 0 < check(step, x, timesteps=3).array.mean() < 1


@pytest.mark.parametrize("outputs", [32, 40])
def test_currents_without_neurons(outputs):
    step = step_of(conv(RANDOM, "c", "x", (outputs, 4, 3), 3), neurons=None)
    assert not check(step, Signal(exact(RANDOM, 2, 2, 4, 3, 3))).counts
