"""Nodes as matrices and as numbers of neurons."""

import numpy as np

from tssd.engine.layer import neurons_of, weights_of

from .small import HARD, LIF, conv, lif, linear

RANDOM = np.random.default_rng(0)


def test_rows_are_ordered_by_kernel_row_column_and_channel():
    node = conv(RANDOM, "c", "x", (4, 5, 5), 6, kernel=3, groups=2)
    weights = weights_of(node, 0)
    assert weights.matrix.shape == (2, 27, 2)
    # Group 1, kernel row 2, column 0, channel 1 of the group, output 1 of the group.
    assert weights.matrix[1, (2 * 3 + 0) * 3 + 1, 1] == node.arrays["weight"][3, 1, 2, 0]
    assert (weights.kernel, weights.padding, weights.bits) == ((3, 3), (1, 1), 0)


def test_whole_numbers_have_a_scale_for_each_output():
    node = linear(RANDOM, "l", "x", 30, 5)
    weights = weights_of(node, 8)
    assert np.array_equal(np.abs(weights.matrix[0]).max(0), np.full(5, 127))
    near = weights.matrix[0] * weights.scale
    np.testing.assert_allclose(near, node.arrays["weight"].T, atol=weights.scale.max())


def test_what_neurons_do_to_their_input_goes_into_the_weights():
    neurons = neurons_of(lif("l", "x", (5,), HARD))
    assert neurons.adapts_input
    weights = weights_of(linear(RANDOM, "l", "x", 30, 5), 0)
    before = weights.in_front_of(neurons.gain, neurons.offset)
    assert np.array_equal(before.scale, 0.5 * weights.scale)
    assert np.array_equal(before.bias, 0.5 * weights.bias + 0.125)
    assert not neurons.without_input().adapts_input


def test_resets_are_what_is_kept_and_what_is_added():
    soft, hard = (neurons_of(lif("l", "x", (3, 2, 2), options)) for options in (LIF, HARD))
    assert (soft.keep[0], soft.after[0], soft.threshold[0]) == (1, -1, 1)
    assert (hard.keep[0], hard.after[0], hard.initial[0]) == (0, -0.25, -0.25)
    # What is above 1 is at least the next number.
    assert hard.threshold[0] == np.nextafter(np.float32(1), np.float32(2))


def test_one_channel_that_differs_is_enough():
    assert neurons_of(lif("l", "x", (3,))).uniform
    decay = np.array([0.5, 0.5, 0.25], np.float32)
    assert not neurons_of(lif("l", "x", (3,), decay=decay)).uniform
