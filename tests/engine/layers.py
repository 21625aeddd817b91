"""One layer, run by the kernels and by NumPy."""

import numpy as np

from tssd.engine import reference
from tssd.engine.events import Events
from tssd.engine.plan import plan
from tssd.engine.values import Signal
from tssd.graph import INPUT, Graph, Node

from .small import LIF, conv, lif, linear


def step_of(layer, neurons=LIF, bits=0, **arrays):
    """The step of a layer of weights, with neurons behind it unless they are None.

    Its input is taken for spikes, so that it may have whole numbers.
    """
    random = np.random.default_rng(0)
    channels = layer.arrays["weight"].shape[1] * layer.options.get("groups", 1)
    size = (1, 1) if layer.op == "linear" else _size(layer)
    shape = (channels,) if layer.op == "linear" else (channels, *size)
    front = conv(random, "front", INPUT, (channels, *size), 1, kernel=1)
    first = [front, lif("x", "front", (channels, *size))]
    if layer.op == "linear":
        first.append(Node("flat", "flatten", ("x",), shape))
    source = first[-1].name
    layer = Node(layer.name, layer.op, (source,), layer.shape, layer.arrays, layer.options)
    end = [lif("fired", layer.name, layer.shape, neurons or LIF, **arrays)]
    flat = int(np.prod(layer.shape))
    if len(layer.shape) > 1:
        end.append(Node("out", "flatten", ("fired",), (flat,)))
    end.append(linear(random, "head", end[-1].name, flat, 2))
    # Read twice, a layer stands alone.
    if neurons is None:
        end.append(lif("again", layer.name, layer.shape))
    graph = Graph((*first, layer, *end), (1, *size), "head")
    name = layer.name if neurons is None else "fired"
    return next(step for step in plan(graph, bits) if step.name == name)


def _size(layer):
    """Rows and columns that a layer of `small.conv` gets, of which it keeps all."""
    rows, columns = layer.shape[1:]
    return rows * layer.options["stride"][0], columns * layer.options["stride"][1]


def signal(step, *, rate=0.2, timesteps=2, samples=2, top=1, seed=1):
    """Spikes, or counts, for a step's input."""
    weights = step.weights
    channels = weights.matrix.shape[0] * weights.matrix.shape[1] // int(np.prod(weights.kernel))
    size = [n * s for n, s in zip(step.size, weights.stride, strict=True)]
    shape = (timesteps, samples, *size, channels)
    counts = np.random.default_rng(seed).binomial(top, rate, shape).astype(np.uint8)
    return Signal(counts, 1.0, top)


def check(step, x, timesteps=None, v=None):
    """The kernels give what NumPy gives, bit by bit; what they gave."""
    timesteps = timesteps or len(x.array)
    values = reference.currents(x, step.weights, step.size)
    found, last = Events([step]).layer(step, x, v, timesteps, True)
    if step.neurons is None:
        assert np.array_equal(found.array, values)
        return found
    if v is None:
        v = reference.at_first(step.neurons, (x.array.shape[1], *step.size))
    spikes, expected = reference.fire(values, step.neurons, v, timesteps)
    assert np.array_equal(found.array, spikes)
    assert np.array_equal(last, expected)
    return found
