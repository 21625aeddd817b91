"""The path without numba, step by step."""

import numpy as np

from tssd.engine import pools, reference
from tssd.engine.dense import Dense
from tssd.engine.plan import needed, plan
from tssd.engine.values import from_input

from .small import frames, leveled, network

STEPS = {step.name: step for step in plan(network(), 0)}


def test_a_layer_is_its_currents_and_its_neurons():
    x, _ = from_input(frames(), None, (2, 9, 8))
    step = STEPS["first"]
    signal, v = Dense().layer(step, x, None, 4, True)
    values = reference.currents(x, step.weights, step.size)
    spikes, last = reference.fire(values, step.neurons, np.zeros((3, 9, 8, 8), np.float32), 4)
    assert np.array_equal(signal.array, spikes) and np.array_equal(v, last)
    alone, _ = Dense().layer(STEPS["d"], _of("most", signal), None, 4, False)
    assert not alone.counts


def _of(name, x):
    """Spikes in the shape that a step's node gives."""
    channels, rows, columns = network().node(name).shape
    repeated = np.resize(x.array, (4, 3, rows, columns, channels))
    return type(x)(np.ascontiguousarray(repeated), top=1)


def test_other_nodes_are_pools():
    x, _ = from_input(frames(), None, (2, 9, 8))
    node = STEPS["pool"].node
    found = Dense().plain(node, [_of("sum", x)])
    assert np.array_equal(found.array, pools.apply(node, [_of("sum", x)]).array)


def test_levels_are_their_layers_added():
    steps = {step.name: step for step in needed(plan(leveled(), 0), ("head",))}
    step = steps["three"]
    x, _ = from_input(frames(), None, (2, 9, 8))
    currents, _ = Dense().layer(steps["stem"], x, None, 4, False)
    found, membranes = Dense().levels(step, currents, None, 4, True)
    apart = [Dense().layer(level, currents, None, 4, True) for level in step.levels]
    assert np.array_equal(found.array, sum(spikes.array for spikes, _ in apart))
    assert found.top == 3 and found.array.max() == 3
    for v, (_, expected) in zip(membranes, apart, strict=True):
        assert np.array_equal(v, expected)
    # They begin where they were left.
    whole, _ = Dense().levels(step, currents, None, 4, False)
    later, _ = Dense().levels(step, currents, membranes, 4, False)
    assert not np.array_equal(whole.array, later.array)
