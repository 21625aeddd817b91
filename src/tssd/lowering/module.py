"""A graph as a PyTorch module, of nothing but torch's own operations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tssd.graph import INPUT, Graph, Node

# Membranes of the lif nodes [N, *shape], in the graph's order.
Membranes = Sequence[Tensor]


class Stepped(NamedTuple):
    """One timestep: logits [N, K], those of exits by name, membranes, and spikes by lif node."""

    logits: Tensor
    exits: dict[str, Tensor]
    membranes: list[Tensor]
    spikes: dict[str, Tensor]


class LoweredNet(nn.Module):
    """Runs a graph step by step, the state outside, by the same operations as the network.

    Args:
        graph: the network.
    Shapes: x [T, N, C, H, W] -> logits [T, N, K].
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        self.lifs = [node.name for node in graph.neurons()]
        for index, node in enumerate(graph.nodes):
            for name in node.arrays:
                # Those of a neuron are spread over its maps.
                array = node.number(name) if node.op == "lif" else node.arrays[name]
                self.register_buffer(f"{name}_{index}", torch.tensor(array))

    def initial_state(self, x_t: Tensor) -> list[Tensor]:
        """Membranes before the first step, for an input like x_t [N, C, H, W]."""
        made: list[Tensor] = []
        for index, node in enumerate(self.graph.nodes):
            if node.op == "lif":
                shape = (len(x_t), *node.shape)
                initial = torch.as_tensor(self._values(index, node)("initial"))
                made.append(initial.to(x_t).expand(shape).clone())
        return made

    def step(self, x_t: Tensor, membranes: Membranes) -> Stepped:
        """One timestep of x_t [N, C, H, W] from membranes."""
        values, spikes = {INPUT: x_t}, {}
        last = dict(zip(self.lifs, membranes, strict=True))
        for index, node in enumerate(self.graph.nodes):
            inputs, of = [values[name] for name in node.inputs], self._values(index, node)
            if node.op == "lif":
                made, last[node.name] = _fired(inputs[0], last[node.name], node, of)
                spikes[node.name] = made
            else:
                made = _OPERATIONS[node.op](node.options, of, *inputs)
            values[node.name] = made
        exits = {label: values[name] for label, name in self.graph.exits.items()}
        return Stepped(values[self.graph.output], exits, [*last.values()], spikes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each timestep of x [T, N, C, H, W], from the initial state."""
        return self.run(x)[0]

    def run(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits [T, N, K] and the spikes of each lif node [T, N, *shape]."""
        membranes: Membranes = self.initial_state(x[0])
        steps: list[Stepped] = []
        for x_t in x.unbind():
            steps.append(self.step(x_t, membranes))
            membranes = steps[-1].membranes
        spikes = {name: torch.stack([s.spikes[name] for s in steps]) for name in self.lifs}
        return torch.stack([s.logits for s in steps]), spikes

    def _values(self, index: int, node: Node) -> Callable[[str], Any]:
        """A node's arrays and numbers by name."""

        def of(name: str) -> Any:
            if name in node.arrays:
                return self.get_buffer(f"{name}_{index}")
            return node.options[name]

        return of


def _fired(x: Tensor, v: Tensor, node: Node, of: Callable[[str], Any]) -> tuple[Tensor, Tensor]:
    """Spikes and the next membrane; in the order of `tssd.neurons.scan`."""
    decay, gain, offset = of("decay"), of("input_scale"), of("offset")
    h = torch.add(x, v, alpha=decay) if _is_one(gain, decay) else v * decay + x * gain
    h = h + offset if isinstance(offset, Tensor) or offset else h
    threshold = of("threshold")
    fired = h > threshold if node.options["fires"] == "above" else h >= threshold
    spikes = fired.to(x.dtype)
    if node.options["reset"] == "soft":
        return spikes, h - spikes * of("subtract")
    reset = torch.as_tensor(of("reset_value"), dtype=h.dtype, device=h.device)
    return spikes, torch.where(fired, reset, h)


def _is_one(gain: object, decay: object) -> bool:
    return not isinstance(gain, Tensor) and gain == 1 and not isinstance(decay, Tensor)


def _conv(options: Mapping[str, Any], of: Callable[[str], Any], x: Tensor) -> Tensor:
    stride, padding, dilation = (list(options[n]) for n in ("stride", "padding", "dilation"))
    return F.conv2d(x, of("weight"), of("bias"), stride, padding, dilation, options["groups"])


def _avg_pool(options: Mapping[str, Any], of: object, x: Tensor) -> Tensor:
    kernel, stride = list(options["kernel"]), list(options["stride"])
    return F.avg_pool2d(x, kernel, stride, ceil_mode=options["ceil"])


def _max_pool(options: Mapping[str, Any], of: object, x: Tensor) -> Tensor:
    kernel, stride, padding = (list(options[n]) for n in ("kernel", "stride", "padding"))
    return F.max_pool2d(x, kernel, stride, padding, ceil_mode=options["ceil"])


def _affine(options: object, of: Callable[[str], Any], x: Tensor) -> Tensor:
    scale, shift = (of(n).view(-1, *[1] * (x.dim() - 2)) for n in ("scale", "shift"))
    return x * scale + shift


_OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "conv": _conv,
    "linear": lambda options, of, x: F.linear(x, of("weight"), of("bias")),
    "avg_pool": _avg_pool,
    "max_pool": _max_pool,
    "mean": lambda options, of, x: x.mean((2, 3)),
    "flatten": lambda options, of, x: x.flatten(1),
    "add": lambda options, of, x, y: x + y,
    "affine": _affine,
}
