"""The NumPy path: convolutions against torch, neurons against a pencil and against tssd's."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tssd import neurons as torch_neurons
from tssd.engine.layer import neurons_of, weights_of
from tssd.engine.reference import at_first, currents, fire
from tssd.engine.values import Signal

from .small import HARD, LIF, conv, lif

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    "options",
    [{}, {"stride": 2}, {"dilation": 2}, {"groups": 3}, {"kernel": 1, "stride": 2}],
    ids=["plain", "stride", "dilation", "groups", "pointwise"],
)
def test_currents_are_torchs_convolution(options):
    node = conv(RANDOM, "c", "x", (6, 7, 5), 3, **options)
    counts = RANDOM.integers(0, 3, (2, 2, 7, 5, 3)).astype(np.uint8)
    x = torch.from_numpy(counts).float().flatten(0, 1).permute(0, 3, 1, 2) / 4
    weight, bias = (torch.from_numpy(node.arrays[name].copy()) for name in ("weight", "bias"))
    o = node.options
    geometry = (o["stride"], o["padding"], o["dilation"], o["groups"])
    expected = F.conv2d(x, weight, bias, *geometry).permute(0, 2, 3, 1)
    found = currents(Signal(counts, 0.25, 2), weights_of(node, 0), expected.shape[1:3])
    np.testing.assert_allclose(found.reshape(expected.shape), expected.numpy(), atol=1e-5)


def test_whole_numbers_add_up_exactly():
    node = conv(RANDOM, "c", "x", (6, 4, 4), 70)
    weights = weights_of(node, 8)
    counts = RANDOM.integers(0, 5, (1, 1, 4, 4, 70)).astype(np.uint8)
    found = currents(Signal(counts, 1.0, 4), weights, (4, 4))
    padded = np.pad(counts[0, 0].astype(np.int64), ((1, 1), (1, 1), (0, 0)))
    window = padded[0:3, 1:4].reshape(-1) @ weights.matrix[0].astype(np.int64)
    expected = window.astype(np.float32) * weights.scale + weights.bias
    assert np.array_equal(found[0, 0, 0, 1], expected)


def steps(options, x):
    neurons = neurons_of(lif("l", "x", (1, 1, 1), options))
    x = np.asarray(x, np.float32).reshape(-1, 1, 1, 1, 1)
    spikes, v = fire(x, neurons, at_first(neurons, (1, 1, 1)), len(x))
    return spikes.ravel().tolist(), v.item()


def test_neurons_by_hand():
    # Soft: 0.5, 0.25 + 1.5 = 1.75 -> 0.75, 0.375 + 0.625 = 1.0 fires at it -> 0.
    assert steps(LIF, [0.5, 1.5, 0.625]) == ([0, 1, 1], 0.0)
    # Hard, from -0.25: h = -0.125 + 0.5 x + 0.125; 1.0 is not above 1, then 0.5 + 0.625 is.
    assert steps(HARD, [2.0, 1.0]) == ([0, 1], -0.25)


@pytest.mark.parametrize("v_reset", [None, 0.0])
def test_neurons_are_tssds(v_reset):
    x = RANDOM.standard_normal((6, 2, 3, 3, 4)).astype(np.float32) + np.float32(0.4)
    options = LIF if v_reset is None else HARD | {
        "fires": "at", "initial": 0.0, "offset": 0.0, "input_scale": 1.0, "reset_value": 0.0
    }  # fmt: skip
    neurons = neurons_of(lif("l", "x", (4, 3, 3), options))
    spikes, v = fire(x, neurons, at_first(neurons, (2, 3, 3)), 6)
    expected, state = torch_neurons.LIF(v_reset=v_reset).scan(torch.from_numpy(x))
    assert np.array_equal(spikes, expected.numpy())
    np.testing.assert_allclose(v, state.v.numpy(), atol=1e-6)


def test_one_timestep_serves_all():
    neurons = neurons_of(lif("l", "x", (4, 3, 3), HARD))
    x = RANDOM.standard_normal((1, 2, 3, 3, 4)).astype(np.float32)
    v = at_first(neurons, (2, 3, 3))
    once, all_of_them = fire(x, neurons, v, 3), fire(np.repeat(x, 3, 0), neurons, v, 3)
    assert np.array_equal(once[0], all_of_them[0]) and np.array_equal(once[1], all_of_them[1])
