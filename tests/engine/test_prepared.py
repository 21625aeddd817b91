"""What kernels are called with."""

from dataclasses import replace

import numpy as np
import pytest

from tssd.graph import Node

from .small import HARD, conv

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine import kernels as k  # noqa: E402
from tssd.engine.prepared import call, constants, padded, prepared, takes_events  # noqa: E402

from .layers import signal, step_of  # noqa: E402

RANDOM = np.random.default_rng(0)


def test_the_geometry_is_in_the_kernels_order():
    step = step_of(conv(RANDOM, "c", "x", (70, 3, 2), 6, kernel=5, stride=2, dilation=3), bits=7)
    x = signal(step, timesteps=4, top=3)
    layer = prepared([step])[step.name]
    g, scale, room = call(layer, x, lambda name, size, dtype: np.zeros(size, dtype))
    names = (k.STEPS, k.SAMPLES, k.HEIGHT, k.WIDTH, k.CHANNELS, k.ROWS, k.COLUMNS)
    assert g[list(names)].tolist() == [4, 2, 6, 4, 6, 3, 2]
    assert g[[k.KERNEL_ROWS, k.STRIDE_ROWS, k.UP, k.DOWN_BY]].tolist() == [5, 2, 6, 3]
    assert g[[k.KERNEL_COLUMNS, k.STRIDE_COLUMNS, k.LEFT, k.RIGHT_BY]].tolist() == [5, 2, 6, 3]
    assert g[[k.PLANES, k.BITS]].tolist() == [2, 7]
    assert layer.within % 4 == 0
    assert np.array_equal(scale, step.weights.scale)
    # Room for every value to be an event in both planes.
    assert len(room[0]) >= x.array.size * 2


def test_rows_that_a_list_may_hold_repeatedly_are_fewer():
    # All weights but 0 are as large as int8 has them, and 16 bits take 258 of these.
    weight = np.float32(np.arange(1024) < 256).repeat(8).reshape(1024, 8).T
    arrays = {"weight": weight, "bias": np.zeros(8, np.float32)}
    step = step_of(Node("l", "linear", ("x",), (8,), arrays), bits=8)
    source = replace(step, name=step.inputs[0], weights=None)
    found = {t: prepared([replace(source, top=t), step])[step.name].within for t in range(1, 5)}
    # Counts above 3 are listed bit by bit, each row once.
    assert found == {1: 1024, 2: 256, 3: 256, 4: 1024}


def test_layers_in_groups_take_no_events():
    assert takes_events(step_of(conv(RANDOM, "c", "x", (8, 3, 3), 6)))
    assert not takes_events(step_of(conv(RANDOM, "c", "x", (8, 3, 3), 6, groups=2)))


def test_neurons_are_given_once_if_they_are_all_the_same():
    alike = constants(step_of(conv(RANDOM, "c", "x", (8, 3, 3), 6), HARD).neurons)
    above = np.nextafter(np.float32(1), np.float32(2))
    assert alike.numbers.tolist() == [0.5, above, 0, -0.25]
    assert alike.initial.tolist() == [-0.25] * 8 + [0] * 56
    decay = (np.arange(8) / 8).astype(np.float32)
    other = constants(step_of(conv(RANDOM, "c", "x", (8, 3, 3), 6), decay=decay).neurons)
    assert (alike.each, other.each) == (1, 8)
    assert np.array_equal(other.numbers[:8], decay)


def test_values_are_padded():
    x = RANDOM.standard_normal((2, 1, 3, 2, 4)).astype(np.float32)
    expected = np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 2), (0, 0))).ravel()
    assert np.array_equal(padded(x, (1, 2)), expected)
    assert np.shares_memory(padded(x, (0, 0)), x)
