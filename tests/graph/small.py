"""A graph of every operation, small enough to compute by hand."""

import numpy as np

from tssd.graph import Graph, Node

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
CONV = {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1}
POOL = {"kernel": [2, 2], "stride": [2, 2], "ceil": False}


def ones(*shape):
    return np.ones(shape, np.float32)


def conv(**options):
    arrays = {"weight": ones(2, 1, 3, 3), "bias": ones(2)}
    return Node("conv", "conv", ("input",), (2, 4, 6), arrays, CONV | options)


def nodes():
    return (
        conv(),
        Node("norm", "affine", ("conv",), (2, 4, 6), {"scale": ones(2), "shift": ones(2)}),
        Node("fire", "lif", ("norm",), (2, 4, 6), {}, LIF),
        Node("sum", "add", ("fire", "norm"), (2, 4, 6)),
        Node("pool", "avg_pool", ("sum",), (2, 2, 3), {}, POOL),
        Node("most", "max_pool", ("pool",), (2, 1, 1), {}, POOL | {"padding": [0, 0]}),
        Node("flat", "flatten", ("most",), (2,)),
        Node("head", "linear", ("flat",), (5,), {"weight": ones(5, 2), "bias": ones(5)}),
        Node("mean", "mean", ("sum",), (2,)),
        Node("early", "linear", ("mean",), (5,), {"weight": ones(5, 2), "bias": ones(5)}),
    )


def graph(**changed):
    """The graph, with nodes of other content by their names."""
    chosen = tuple(changed.get(node.name, node) for node in nodes())
    return Graph(chosen, (1, 4, 6), "head", {"0": "early"})
