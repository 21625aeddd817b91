"""Neurons of a whole layer, from currents that are there already."""

import numpy as np
import pytest

from .small import HARD, LIF, conv, leveled

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine import pools, reference  # noqa: E402
from tssd.engine.dense import Dense  # noqa: E402
from tssd.engine.events import Events  # noqa: E402
from tssd.engine.plan import needed, plan  # noqa: E402
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


@pytest.mark.parametrize("op", ["avg_pool", "max_pool"])
@pytest.mark.parametrize(("channels", "kind"), [(128, "u1"), (48, "f4"), (50, "f4"), (50, "u1")])
def test_pools_are_numpys(op, channels, kind):
    values = RANDOM.integers(0, 3, (2, 2, 7, 6, channels)).astype(kind)
    x = Signal(values, 0.5, 2) if kind == "u1" else Signal(values - 1)
    for padding in ([0, 0], [1, 1]) if op == "max_pool" else ([0, 0],):
        options = {"kernel": [3, 2], "stride": [2, 1], "ceil": False, "padding": padding}
        size = [(7 + 2 * padding[0] - 3) // 2 + 1, 6 + 2 * padding[1] - 2 + 1]
        node = Node("p", op, ("x",), (channels, *size), {}, options)
        found, expected = Events([]).plain(node, [x]), pools.apply(node, [x])
        assert np.array_equal(found.array, expected.array)
        assert (found.scale, found.top) == (expected.scale, expected.top)


@pytest.mark.parametrize("arrays", [{}, {"threshold": (1 + np.arange(70) / 64).astype("f4")}])
@pytest.mark.parametrize("timesteps", [1, 3])
def test_levels_are_numpys(arrays, timesteps):
    steps = needed(plan(leveled(**arrays), 0), ("head",))
    step = next(step for step in steps if step.name == "three")
    x = Signal(np.round(RANDOM.standard_normal((timesteps, 2, 9, 8, 70)) * 64).astype("f4") / 32)
    found, last = Events(steps).levels(step, x, None, timesteps, True)
    expected, membranes = Dense().levels(step, x, None, timesteps, True)
    assert np.array_equal(found.array, expected.array)
    assert np.array_equal(np.stack(last), np.stack(membranes))
    assert Events(steps).levels(step, x, None, timesteps, False)[1] is None
    # Membranes that are given stay as they are.
    before = np.stack(membranes)
    again, _ = Events(steps).levels(step, x, membranes, timesteps, True)
    assert np.array_equal(np.stack(membranes), before)
    assert np.array_equal(again.array, Dense().levels(step, x, membranes, timesteps, True)[0].array)


def check(step, shape):
    x = np.round(RANDOM.standard_normal(shape) * 64).astype(np.float32) / 32
    v = reference.at_first(step.neurons, shape[1:-1])
    found, last = Events([step]).fire(step, x, None, 3, True)
    spikes, expected = reference.fire(x, step.neurons, v, 3)
    assert np.array_equal(found.array, spikes) and np.array_equal(last, expected)
