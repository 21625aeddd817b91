"""Other runtimes for the networks of `engine_networks`: the same arithmetic, as fast as they go."""

from collections.abc import Callable

import numpy as np
import onnxruntime as ort
import torch
import torch.nn.functional as F
from onnx import ModelProto, TensorProto, helper, numpy_helper
from spikingjelly.activation_based import functional, layer, neuron
from torch import Tensor, nn

from benchmarks.engine_networks import lif
from tssd.graph import INPUT, Graph, Node

Run = Callable[[], np.ndarray]


def pytorch(graph: Graph, x: np.ndarray, timesteps: int) -> Run:
    """Plain PyTorch: the first convolution once for all timesteps, the others on all at once."""
    arrays = {node.name: _tensors(node) for node in graph.nodes}
    given = torch.from_numpy(x)

    def run() -> np.ndarray:
        with torch.no_grad():
            y = given
            for node in graph.nodes:
                y = _torch_node(node, y, arrays[node.name], timesteps)
            return y.unflatten(0, (timesteps, -1)).numpy()

    return run


def _tensors(node: Node) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array.copy()) for name, array in node.arrays.items()}


def _torch_node(node: Node, y: Tensor, arrays: dict[str, Tensor], timesteps: int) -> Tensor:
    if node.op == "conv":
        y = F.conv2d(y, arrays["weight"], arrays["bias"], padding=1)
        return y.repeat(timesteps, 1, 1, 1) if node.inputs[0] == INPUT else y
    if node.op == "lif":
        return lif(y, timesteps)
    if node.op == "avg_pool":
        return F.avg_pool2d(y, 2)
    return y.flatten(1) if node.op == "flatten" else F.linear(y, arrays["weight"], arrays["bias"])


def spikingjelly(graph: Graph, x: np.ndarray, timesteps: int) -> Run:
    """SpikingJelly as its users write it: multi-step layers, the image repeated in time."""
    parts: list[nn.Module] = []
    for node in graph.nodes:
        a = _tensors(node)
        if node.op == "conv":
            part = layer.Conv2d(*a["weight"].shape[1::-1], 3, padding=1, step_mode="m")
            part.weight.data, part.bias.data = a["weight"], a["bias"]
        elif node.op == "lif":
            # tau 2: half of the membrane is left, and the input is not scaled.
            part = neuron.LIFNode(2.0, decay_input=False, v_reset=None, step_mode="m")
        elif node.op == "avg_pool":
            part = layer.AvgPool2d(2, step_mode="m")
        elif node.op == "flatten":
            part = layer.Flatten(step_mode="m")
        else:
            part = layer.Linear(*a["weight"].shape[::-1], step_mode="m")
            part.weight.data, part.bias.data = a["weight"], a["bias"]
        parts.append(part)
    net = nn.Sequential(*parts).eval()
    given = torch.from_numpy(x)

    def run() -> np.ndarray:
        functional.reset_net(net)
        with torch.no_grad():
            return net(given.expand(timesteps, *given.shape)).numpy()

    return run


def onnxruntime(graph: Graph, x: np.ndarray, timesteps: int, *, int8: bool) -> Run:
    """ONNX Runtime in one thread, all timesteps in one graph.

    Args:
        graph: the network.
        x: images [N, C, H, W].
        timesteps: T.
        int8: whether convolutions that see spikes are QLinearConv: weights of 8 bits, one scale an
            output, and currents of 8 bits, which no SNN would want but which are the fastest.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = _Model(graph, x.shape, timesteps, int8=int8).made()
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {INPUT: x})[0].reshape(timesteps, len(x), -1)


class _Model:
    """Builds the ONNX graph."""

    def __init__(self, graph: Graph, shape: tuple[int, ...], timesteps: int, *, int8: bool) -> None:
        self.graph = graph
        self.shape = shape
        self.timesteps = timesteps
        self.int8 = int8
        self.nodes = []
        self.constants: dict[str, np.ndarray] = {}

    def made(self) -> ModelProto:
        for node in self.graph.nodes:
            getattr(self, f"_{node.op}")(node, node.inputs[0])
        arrays = [numpy_helper.from_array(a, name) for name, a in self.constants.items()]
        ends = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)]
            for name, shape in ((INPUT, self.shape), (self.graph.output, None))
        ]
        graph = helper.make_graph(self.nodes, "net", *ends, arrays)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)

    def _add(self, op: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def _constant(self, name: str, array: np.ndarray) -> str:
        self.constants[name] = np.asarray(array)
        return name

    def _conv(self, node: Node, source: str) -> None:
        name, weight, bias = node.name, node.arrays["weight"], node.arrays["bias"]
        if self.int8 and source != INPUT:
            self._quantised(node, source)
            return
        first = source == INPUT and self.timesteps > 1
        inputs = [source, self._constant(f"{name}.w", weight), self._constant(f"{name}.b", bias)]
        output = f"{name}.once" if first else name
        self._add("Conv", inputs, output, pads=[1, 1, 1, 1], kernel_shape=[3, 3])
        if first:
            repeats = self._constant("repeats", np.array([self.timesteps, 1, 1, 1], np.int64))
            self._add("Tile", [output, repeats], name)

    def _quantised(self, node: Node, source: str) -> None:
        name, weight, bias = node.name, node.arrays["weight"], node.arrays["bias"]
        pooled = self.graph.node(source).op == "avg_pool"
        counts = source
        if pooled:
            four = self._constant("four", np.float32(4))
            counts = self._add("Mul", [source, four], f"{name}.counts")
        counts = self._add("Cast", [counts], f"{name}.u8", to=TensorProto.UINT8)
        step = np.float32(0.25 if pooled else 1)
        scale = (abs(weight).max((1, 2, 3)) / 127).astype(np.float32)
        whole = np.rint(weight / scale[:, None, None, None]).astype(np.int8)
        # Currents from about -8 to 8, in thresholds.
        out = np.float32(1 / 16)
        constants = {
            "xs": step, "xz": np.uint8(0), "w": whole, "ws": scale,
            "wz": np.zeros(len(scale), np.int8), "ys": out, "yz": np.uint8(128),
            "b": np.rint(bias / (scale * step)).astype(np.int32),
        }  # fmt: skip
        names = [self._constant(f"{name}.{k}", a) for k, a in constants.items()]
        y = self._add(
            "QLinearConv", [counts, *names], f"{name}.q", pads=[1, 1, 1, 1], kernel_shape=[3, 3]
        )
        self._add("DequantizeLinear", [y, names[5], names[6]], name)

    def _lif(self, node: Node, source: str) -> None:
        name, steps = node.name, self.timesteps
        one = self._constant("one", np.float32(1))
        parts = [f"{name}.x{t}" for t in range(steps)]
        if steps == 1:
            parts = [source]
        else:
            self.nodes.append(helper.make_node("Split", [source], parts, axis=0))
        v, spikes = None, []
        for t, part in enumerate(parts):
            if v is not None:
                part = self._add("Add", [v, part], f"{name}.h{t}")
            fired = self._add("GreaterOrEqual", [part, one], f"{name}.f{t}")
            to = name if steps == 1 else f"{name}.s{t}"
            spikes.append(self._add("Cast", [fired], to, to=TensorProto.FLOAT))
            if t < steps - 1:
                rest = self._add("Sub", [part, spikes[-1]], f"{name}.r{t}")
                half = self._constant("half", np.float32(0.5))
                v = self._add("Mul", [rest, half], f"{name}.v{t}")
        if steps > 1:
            self._add("Concat", spikes, name, axis=0)

    def _avg_pool(self, node: Node, source: str) -> None:
        self._add("AveragePool", [source], node.name, kernel_shape=[2, 2], strides=[2, 2])

    def _flatten(self, node: Node, source: str) -> None:
        self._add("Flatten", [source], node.name)

    def _linear(self, node: Node, source: str) -> None:
        weight = self._constant(f"{node.name}.w", node.arrays["weight"])
        bias = self._constant(f"{node.name}.b", node.arrays["bias"])
        self._add("Gemm", [source, weight, bias], node.name, transB=1)
