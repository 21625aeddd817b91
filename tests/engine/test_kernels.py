"""Layers of every geometry, event by event, against NumPy."""

import numpy as np
import pytest

from tssd.graph import Node

from .small import conv, linear

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine.prepared import prepared  # noqa: E402

from .layers import check, signal, step_of  # noqa: E402

RANDOM = np.random.default_rng(0)
GEOMETRIES = {
    "plain": {},
    "stride": {"stride": 2},
    "dilation": {"dilation": 2},
    "pointwise": {"kernel": 1, "stride": 2},
    "wide": {"kernel": 5},
}


@pytest.mark.parametrize("options", GEOMETRIES.values(), ids=GEOMETRIES)
@pytest.mark.parametrize("bits", [0, 7, 8])
def test_a_layer_is_numpys(options, bits):
    step = step_of(conv(RANDOM, "c", "x", (70, 4, 3), 9, **options), bits=bits)
    assert step.weights.bits == bits
    assert 0 < check(step, signal(step)).array.mean() < 1


@pytest.mark.parametrize("top", [2, 4, 9])
@pytest.mark.parametrize("bits", [0, 7])
def test_counts_are_added_plane_by_plane(bits, top):
    step = step_of(conv(RANDOM, "c", "x", (64, 3, 3), 66), bits=bits)
    check(step, signal(step, top=top))


@pytest.mark.parametrize("top", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [7, 8])
def test_sums_of_the_largest_weights_stay_within_16_bits(bits, top):
    # As many of the largest weight as 16 bits take, unless their rows come more than once.
    largest = 2**15 // (2 ** (bits - 1) - 1)
    weight = np.float32(np.arange(1024) < largest).repeat(8).reshape(1024, 8).T
    arrays = {"weight": weight, "bias": np.full(8, -1.5 * largest, np.float32)}
    step = step_of(Node("l", "linear", ("x",), (8,), arrays), bits=bits)
    for timesteps in (1, 2):
        spikes = check(step, signal(step, rate=1.0, top=top, timesteps=timesteps)).array
        assert spikes.all() == (top > 1)


@pytest.mark.parametrize("inputs", [1, 2, 3, 5])
@pytest.mark.parametrize("bits", [7, 8])
def test_a_layer_of_few_inputs_is_numpys(bits, inputs):
    step = step_of(linear(RANDOM, "l", "x", inputs, 16), bits=bits)
    # Else the loop over a list has steps of no rows, and never ends.
    assert prepared([step])[step.name].within >= 4
    for timesteps in (1, 5):
        check(step, signal(step, rate=0.7, timesteps=timesteps))


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_no_events_and_nothing_but_events(rate):
    step = step_of(conv(RANDOM, "c", "x", (64, 3, 3), 5), bits=8)
    check(step, signal(step, rate=rate))


@pytest.mark.parametrize("outputs", [64, 70, 96])
def test_currents_without_neurons(outputs):
    step = step_of(conv(RANDOM, "c", "x", (outputs, 3, 3), 5), neurons=None, bits=7)
    assert not check(step, signal(step)).counts


def test_membranes_that_are_given_are_gone_on_with():
    step = step_of(linear(RANDOM, "l", "x", 40, 64), bits=7)
    v = RANDOM.standard_normal((2, 1, 1, 64)).astype(np.float32)
    before = v.copy()
    check(step, signal(step), v=v)
    assert np.array_equal(v, before)


def test_a_list_that_is_full_is_worked_off_first(monkeypatch):
    monkeypatch.setattr("tssd.engine.prepared.LISTED", 1)
    step = step_of(conv(RANDOM, "c", "x", (70, 4, 4), 6), bits=7)
    check(step, signal(step, samples=3))
