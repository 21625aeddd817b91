"""Neurons of a whole layer, from currents that are there already."""

import numpy as np
import pytest

from .small import HARD, LIF, conv

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine import pools, reference  # noqa: E402
from tssd.engine.events import Events  # noqa: E402
from tssd.engine.values import Signal  # noqa: E402
from tssd.graph import Node  # noqa: E402

from .layers import step_of  # noqa: E402

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("channels", [64, 70])
@pytest.mark.parametrize("options", [LIF, HARD], ids=["soft", "hard"])
@pytest.mark.parametrize("timesteps", [1, 3])
def test_they_are_numpys(channels, options, timesteps):
    step = step_of(conv(RANDOM, "c", "x", (channels, 2, 2), 3), options)
    check(step, (timesteps, 2, 2, 2, channels))


def test_neurons_that_differ_from_channel_to_channel():
    decay = (np.arange(70) / 128).astype(np.float32)
    check(step_of(conv(RANDOM, "c", "x", (70, 2, 2), 3), decay=decay), (3, 2, 2, 2, 70))


def test_spikes_are_pooled():
    x = Signal(RANDOM.integers(0, 3, (2, 2, 7, 6, 128)).astype(np.uint8), 0.5, 2)
    options = {"kernel": [3, 2], "stride": [2, 1], "ceil": False}
    node = Node("p", "avg_pool", ("x",), (128, 3, 5), {}, options)
    found, expected = Events([]).plain(node, [x]), pools.apply(node, [x])
    assert np.array_equal(found.array, expected.array)
    assert (found.scale, found.top) == (expected.scale, expected.top)


def check(step, shape):
    x = np.round(RANDOM.standard_normal(shape) * 64).astype(np.float32) / 32
    v = reference.at_first(step.neurons, shape[1:-1])
    found, last = Events([step]).fire(step, x, None, 3)
    spikes, expected = reference.fire(x, step.neurons, v, 3)
    assert np.array_equal(found.array, spikes) and np.array_equal(last, expected)
