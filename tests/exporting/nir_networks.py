"""Small graphs with everything that NIR can say, and what torch and tssd's neurons make of them."""

import json

import numpy as np
import torch
import torch.nn.functional as F

from tssd.graph import Graph, Node
from tssd.neurons import IF, LIF

SHAPE = (2, 8, 8)


def neuron(name, source, shape, *, arrays=(), **options):
    """A lif; ours by default, with reset to 0."""
    soft = options.get("reset") == "soft"
    usual = {"decay": 0.5, "input_scale": 1.0, "offset": 0.0, "threshold": 1.0, "initial": 0.0}
    usual |= {"subtract": 1.0} if soft else {"reset_value": 0.0}
    options = usual | {"reset": "hard", "fires": "at"} | options
    arrays = {name: np.float32(value) for name, value in dict(arrays).items()}
    options = {name: value for name, value in options.items() if name not in arrays}
    return Node(name, "lif", (source,), shape, arrays, options)


def conv(name, source, c_in, shape, rng, **options):
    weight = rng.normal(0, 0.5, (shape[0], c_in, 3, 3)).astype(np.float32)
    usual = {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1}
    arrays = {"weight": weight, "bias": rng.normal(0, 0.2, shape[0]).astype(np.float32)}
    return Node(name, "conv", (source,), shape, arrays, usual | options)


def vgg(**options):
    """Two layers, a pool, a linear head; its lifs take the options."""
    rng = np.random.default_rng(0)
    head = {"weight": rng.normal(0, 0.3, (5, 96)), "bias": rng.normal(0, 1, 5)}
    nodes = (
        conv("stages.0.0", "input", 2, (4, 8, 8), rng),
        neuron("stages.0.2", "stages.0.0", (4, 8, 8), **options),
        Node("pool", "avg_pool", ("stages.0.2",), (4, 4, 4), {}, pool()),
        conv("stages.1.0", "pool", 4, (6, 4, 4), rng),
        neuron("stages.1.2", "stages.1.0", (6, 4, 4), **options),
        Node("head.0", "flatten", ("stages.1.2",), (96,)),
        Node("head.1", "linear", ("head.0",), (5,), {k: np.float32(v) for k, v in head.items()}),
    )
    return Graph(nodes, SHAPE, "head.1")


def pool():
    return {"kernel": [2, 2], "stride": [2, 2], "ceil": False}


def residual():
    """Sums of spikes and of currents, an affine, a mean; soft, hard, constants by channel."""
    rng = np.random.default_rng(1)
    by_channel = {"threshold": [0.9, 1.0, 1.1, 1.2], "initial": [0.1, 0.0, -0.1, 0.0]}
    shape = (4, 4, 4)
    norm = {"scale": np.float32([1.5, 1, 0.5, 2]), "shift": np.float32([0, 0.1, 0.2, 0])}
    head = {"weight": rng.normal(0, 1, (5, 4)), "bias": np.zeros(5)}
    nodes = (
        conv("stem", "input", 2, shape, rng, stride=[2, 2]),
        neuron("a", "stem", shape, decay=0.9),
        conv("b.0", "a", 4, shape, rng),
        neuron("b.1", "b.0", shape, decay=1.0, reset="soft", threshold=0.7, subtract=0.7),
        Node("sum", "add", ("a", "b.1"), shape),
        conv("c.0", "sum", 4, shape, rng),
        Node("currents", "add", ("c.0", "stem"), shape),
        Node("norm", "affine", ("currents",), shape, norm),
        neuron("c.1", "norm", shape, arrays=by_channel, fires="above", decay=0.7, offset=0.03),
        Node("both", "add", ("sum", "c.1"), shape),
        Node("mean", "mean", ("both",), (4,)),
        Node("head", "linear", ("mean",), (5,), {k: np.float32(v) for k, v in head.items()}),
    )
    return Graph(nodes, SHAPE, "head")


def frames(steps=4, batch=3):
    return torch.from_numpy(np.random.default_rng(2).random((steps, batch, *SHAPE), np.float32) * 2)


def expected(graph, x):
    """Logits [T, N, K] and spikes of each lif, by torch's functions."""
    found, spikes = {"input": x}, {}
    for node in graph.nodes:
        given = [found[name] for name in node.inputs]
        found[node.name] = torch.stack([_step(node, step) for step in zip(*given, strict=True)])
        if node.op == "lif":
            found[node.name] = spikes[node.name] = _neuron(node, given[0])
    return found[graph.output], spikes


def _step(node, given):
    weights = {name: torch.from_numpy(np.array(a)) for name, a in node.arrays.items()}
    match node.op:
        case "conv":
            options = {k: v for k, v in node.options.items() if k != "groups"}
            return F.conv2d(*given, **weights, **options)
        case "linear":
            return F.linear(*given, **weights)
        case "affine":
            return given[0] * weights["scale"].view(-1, 1, 1) + weights["shift"].view(-1, 1, 1)
        case "avg_pool":
            return F.avg_pool2d(*given, 2)
        case "mean":
            return given[0].mean((2, 3))
        case "flatten":
            return given[0].flatten(1)
        case "add":
            return given[0] + given[1]
        case "lif":
            return given[0]


def _neuron(node, x):
    o = node.options
    if not node.arrays:
        reset = None if o["reset"] == "soft" else o["reset_value"]
        if o["decay"] == 1:
            return IF(o["threshold"], v_reset=reset)(x)
        return LIF(1 / (1 - o["decay"]), o["threshold"], v_reset=reset)(x)
    v, spikes = torch.from_numpy(np.array(node.number("initial"))), []
    threshold = torch.from_numpy(np.array(node.number("threshold")))
    for x_t in x:
        v = o["decay"] * v + o["input_scale"] * x_t + o["offset"]
        spikes.append((v > threshold).float())
        v = v * (1 - spikes[-1])
    return torch.stack(spikes)


def change_metadata(file, **changed):
    """Other values in what is recorded in an HDF5 file that is open."""
    told = file["node/metadata/tssd"]
    told[()] = json.dumps(json.loads(told[()]) | changed)
