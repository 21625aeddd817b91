"""Small networks whose sums are exact whatever their order, so that paths agree to the last bit."""

import numpy as np

from tssd.graph import INPUT, Graph, Node

LIF = {
    "decay": 0.5,
    "input_scale": 1.0,
    "offset": 0.0,
    "threshold": 1.0,
    "initial": 0.0,
    "subtract": 1.0,
    "reset": "soft",
    "fires": "at",
}
HARD = {k: v for k, v in LIF.items() if k != "subtract"} | {
    "reset": "hard",
    "reset_value": -0.25,
    "initial": -0.25,
    "offset": 0.125,
    "input_scale": 0.5,
    "fires": "above",
}
POOL = {"kernel": [2, 2], "stride": [2, 2], "ceil": False}


def exact(random, *shape, scale=1.0):
    """Weights that are multiples of 1/32, so that float32 adds up hundreds of them exactly."""
    return (np.round(random.standard_normal(shape) * scale * 32) / 32).astype(np.float32)


def conv(random, name, source, shape, channels, *, kernel=3, stride=1, dilation=1, groups=1):
    """A convolution whose map keeps its size, or is divided by the stride."""
    fan = channels // groups * kernel * kernel
    arrays = {
        "weight": exact(random, shape[0], channels // groups, kernel, kernel, scale=2 / fan**0.5),
        "bias": exact(random, shape[0], scale=0.2),
    }
    reach = dilation * (kernel // 2)
    options = {
        "stride": [stride, stride],
        "padding": [reach, reach],
        "dilation": [dilation, dilation],
        "groups": groups,
    }
    return Node(name, "conv", (source,), shape, arrays, options)


def lif(name, source, shape, options=LIF, **arrays):
    """Neurons; arrays take the place of options of the same name."""
    left = {k: v for k, v in options.items() if k not in arrays}
    return Node(name, "lif", (source,), shape, arrays, left)


def linear(random, name, source, inputs, outputs):
    """A linear layer."""
    arrays = {"weight": exact(random, outputs, inputs), "bias": exact(random, outputs)}
    return Node(name, "linear", (source,), (outputs,), arrays)


def network(seed=0):
    """Every operation: residual sums of spikes and of currents, two resets, an auxiliary head.

    Its wide layers have more than one block of outputs, and whole ones.
    """
    r = np.random.default_rng(seed)
    thresholds = (0.5 + np.arange(8) / 8).astype(np.float32)
    nodes = (
        conv(r, "stem", INPUT, (8, 9, 8), 2),
        lif("first", "stem", (8, 9, 8), threshold=thresholds),
        conv(r, "a", "first", (70, 9, 8), 8),
        lif("wide", "a", (70, 9, 8)),
        conv(r, "b", "wide", (8, 9, 8), 70, dilation=2),
        lif("back", "b", (8, 9, 8), HARD),
        Node("sum", "add", ("first", "back"), (8, 9, 8)),
        Node("pool", "avg_pool", ("sum",), (8, 4, 4), {}, POOL),
        conv(r, "c", "pool", (64, 4, 4), 8),
        lif("block", "c", (64, 4, 4)),
        Node("gone", "mean", ("block",), (64,)),
        linear(r, "early", "gone", 64, 3),
        Node("most", "max_pool", ("block",), (64, 2, 2), {}, POOL | {"padding": [0, 0]}),
        conv(r, "d", "most", (8, 2, 2), 64, groups=2),
        conv(r, "shortcut", "most", (8, 2, 2), 64, kernel=1),
        Node("both", "add", ("d", "shortcut"), (8, 2, 2)),
        lif("last", "both", (8, 2, 2), HARD),
        Node("flat", "flatten", ("last",), (32,)),
        linear(r, "hidden", "flat", 32, 12),
        lif("features", "hidden", (12,)),
        linear(r, "head", "features", 12, 3),
    )
    return Graph(nodes, (2, 9, 8), "head", {"0": "early"})


def leveled(seed=0, **arrays):
    """Three levels of neurons on one current, of 70 channels, and pooled currents with two more.

    Arrays take the place of options of the third level.
    """
    r = np.random.default_rng(seed)
    shape, small = (70, 9, 8), (64, 4, 4)
    nodes = (
        conv(r, "stem", INPUT, shape, 2),
        lif("low", "stem", shape, LIF | {"threshold": 0.25}),
        lif("middle", "stem", shape, HARD),
        lif("high", "stem", shape, LIF | {"threshold": 1.25}, **arrays),
        Node("two", "add", ("low", "middle"), shape),
        Node("three", "add", ("two", "high"), shape),
        conv(r, "next", "three", (64, 9, 8), 70),
        Node("most", "max_pool", ("next",), small, {}, POOL | {"padding": [0, 0]}),
        lif("one", "most", small),
        lif("other", "most", small, LIF | {"threshold": 2.0}),
        Node("both", "add", ("one", "other"), small),
        Node("flat", "flatten", ("both",), (1024,)),
        linear(r, "head", "flat", 1024, 3),
    )
    return Graph(nodes, (2, 9, 8), "head")


def shortcut(seed=0):
    """Spikes added to the pool that their block gets, which is real values, and weights behind."""
    r = np.random.default_rng(seed)
    small = (64, 4, 4)
    nodes = (
        conv(r, "stem", INPUT, (64, 9, 8), 2),
        lif("first", "stem", (64, 9, 8)),
        Node("pool", "avg_pool", ("first",), small, {}, POOL),
        conv(r, "a", "pool", small, 64),
        lif("block", "a", small),
        Node("sum", "add", ("block", "pool"), small),
        conv(r, "b", "sum", small, 64),
        lif("last", "b", small),
        Node("gone", "mean", ("last",), (64,)),
        linear(r, "head", "gone", 64, 3),
    )
    return Graph(nodes, (2, 9, 8), "head")


def images(samples=3, seed=1):
    """[N, C, H, W], of a few bits."""
    return exact(np.random.default_rng(seed), samples, 2, 9, 8)


def frames(timesteps=4, samples=3, seed=2):
    """[T, N, C, H, W]: counts of events."""
    return np.random.default_rng(seed).poisson(0.4, (timesteps, samples, 2, 9, 8)).astype("f4")
