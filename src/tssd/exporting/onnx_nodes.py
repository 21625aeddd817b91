"""A graph's operations as nodes of ONNX."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from onnx import TensorProto, helper, numpy_helper

from tssd.graph import Graph, Node

# What onnxruntime 1.20 and many others take.
OPSET, IR = 17, 8
FLOAT = TensorProto.FLOAT


class OnnxNodes:
    """Collects nodes and weights, each weight once however many timesteps read it.

    Args:
        graph: whose operations they are.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Any] = []
        self.weights: dict[str, Any] = {}

    def add(self, op: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """One node with one output, whose name it has."""
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def weight(self, name: str, value: Any, kind: DTypeLike = np.float32) -> str:
        """A constant."""
        if name not in self.weights:
            array = np.ascontiguousarray(value, dtype=kind)
            self.weights[name] = numpy_helper.from_array(array, name)
        return name

    def stateless(self, node: Node, inputs: Sequence[str]) -> str:
        """Any operation but a neuron, on a batch [N, ...]."""
        return _OPERATIONS[node.op](self, node, list(inputs))

    def fire(self, node: Node, x: str, v: str | None, suffix: str = "") -> tuple[str, str]:
        """One timestep of a neuron: its spikes, and the membrane afterwards.

        Args:
            node: the neuron.
            x: its input [N, ...].
            v: its membrane; None = the initial one.
            suffix: behind the names of what is made, of this timestep.
        """

        def own(part: str) -> str:
            return f"{node.name}/{part}{suffix}"

        def constant(name: str) -> str:
            return self.weight(f"{node.name}/{name}", _for_batch(node.number(name)))

        def scaled(value: str, name: str, part: str) -> str:
            if _is(node, name, 1):
                return value
            return self.add("Mul", [value, constant(name)], own(part))

        h = scaled(x, "input_scale", "in")
        left = _for_batch(node.number("decay") * node.number("initial"))
        if v is not None:
            h = self.add("Add", [h, scaled(v, "decay", "keep")], own("charge"))
        elif left.any():
            h = self.add("Add", [h, self.weight(f"{node.name}/left", left)], own("charge"))
        if not _is(node, "offset", 0):
            h = self.add("Add", [h, constant("offset")], own("moved"))
        above = node.options["fires"] == "above"
        fires = "Greater" if above else "GreaterOrEqual"
        fired = self.add(fires, [h, constant("threshold")], own("fired"))
        spikes = self.add("Cast", [fired], own("spikes"), to=FLOAT)
        if node.options["reset"] == "hard":
            v = self.add("Where", [fired, constant("reset_value"), h], own("v"))
        else:
            v = self.add("Sub", [h, scaled(spikes, "subtract", "taken")], own("v"))
        return spikes, v


def _is(node: Node, name: str, value: float) -> bool:
    return name in node.options and node.options[name] == value


def _for_batch(number: Any) -> np.ndarray:
    """A constant that spreads over [N, ...]."""
    array = np.asarray(number, dtype=np.float32)
    return array[None] if array.ndim else array


def _conv(made: OnnxNodes, node: Node, inputs: list[str]) -> str:
    pads, options = list(node.options["padding"]), node.options
    return made.add(
        "Conv",
        [*inputs, *_arrays(made, node, "weight", "bias")],
        _out(made, node),
        kernel_shape=list(node.arrays["weight"].shape[2:]),
        strides=list(options["stride"]),
        pads=pads + pads,
        dilations=list(options["dilation"]),
        group=options["groups"],
    )


def _linear(made: OnnxNodes, node: Node, inputs: list[str]) -> str:
    weights = _arrays(made, node, "weight", "bias")
    return made.add("Gemm", [*inputs, *weights], _out(made, node), transB=1)


def _pool(made: OnnxNodes, node: Node, inputs: list[str]) -> str:
    options, average = node.options, node.op == "avg_pool"
    kernel, stride, pads = (options.get(n, (0, 0)) for n in ("kernel", "stride", "padding"))
    behind = list(pads)
    if options["ceil"]:
        # Not by ceil_mode, in which ONNX lets a window begin behind the map: as much padding as
        # the last window that there is takes.
        size = made.graph.shape(node.inputs[0])[1:]
        along = zip(node.shape[1:], size, kernel, stride, pads, strict=True)
        behind = [max(0, (count - 1) * s + k - n - p) for count, n, k, s, p in along]
    more = {"count_include_pad": 0} if average else {}
    return made.add(
        "AveragePool" if average else "MaxPool",
        inputs,
        _out(made, node),
        kernel_shape=list(kernel),
        strides=list(stride),
        pads=[*pads, *behind],
        **more,
    )


def _mean(made: OnnxNodes, node: Node, inputs: list[str]) -> str:
    return made.add("ReduceMean", inputs, _out(made, node), axes=[2, 3], keepdims=0)


def _flatten(made: OnnxNodes, node: Node, inputs: list[str]) -> str:
    return made.add("Flatten", inputs, _out(made, node), axis=1)


def _add(made: OnnxNodes, node: Node, inputs: list[str]) -> str:
    return made.add("Add", inputs, _out(made, node))


def _affine(made: OnnxNodes, node: Node, inputs: list[str]) -> str:
    scale, shift = (
        made.weight(f"{node.name}/{name}", _for_batch(node.number(name)))
        for name in ("scale", "shift")
    )
    scaled = made.add("Mul", [*inputs, scale], f"{node.name}/scaled")
    return made.add("Add", [scaled, shift], _out(made, node))


def _arrays(made: OnnxNodes, node: Node, *names: str) -> list[str]:
    return [made.weight(f"{node.name}/{name}", node.arrays[name]) for name in names]


def _out(made: OnnxNodes, node: Node) -> str:
    return f"{node.name}/out"


_OPERATIONS: dict[str, Callable[[OnnxNodes, Node, list[str]], str]] = {
    "conv": _conv,
    "linear": _linear,
    "avg_pool": _pool,
    "max_pool": _pool,
    "mean": _mean,
    "flatten": _flatten,
    "add": _add,
    "affine": _affine,
}
