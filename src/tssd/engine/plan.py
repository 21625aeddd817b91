"""A graph as steps: which layers run with their neurons, and which weights may be whole numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tssd.engine.layer import Neurons, Weights, neurons_of, weights_of
from tssd.engine.pools import range_of
from tssd.engine.quantisation import is_exact
from tssd.engine.values import REAL, Range
from tssd.graph import INPUT, Graph, Node


@dataclass(frozen=True, eq=False)
class Step:
    """One thing to run.

    Args:
        name: the node whose output it gives.
        inputs: nodes whose outputs it gets.
        node: the same node.
        size: rows, columns of the output; features are one pixel.
        channels: of the output.
        weights: of a convolution or linear layer.
        neurons: that fire; behind the weights, if it has both.
        top: the largest count that its output can hold; 0 = real values.
        levels: if it adds up spikes of neurons that all have one input, and that nobody else looks
            at: steps that give the spikes; they need not be run before it.
        forget: outputs that nobody needs any more.
    """

    name: str
    inputs: tuple[str, ...]
    node: Node
    size: tuple[int, int]
    channels: int
    weights: Weights | None
    neurons: Neurons | None
    top: int
    levels: tuple["Step", ...] = ()
    forget: tuple[str, ...] = ()


def plan(graph: Graph, bits: int) -> tuple[Step, ...]:
    """The steps of a graph.

    Whole numbers take the place of weights that see spikes, or their sums and means, and have
    neurons behind them. The first layer and the last of a network stay float32.

    Args:
        graph: the network.
        bits: of a weight; 0 = float32.
    """
    kept = {graph.output, *graph.exits.values()}
    ranges = {INPUT: REAL}
    before_neurons = _before_neurons(graph)
    steps: dict[str, Step] = {}
    alone: dict[str, Node] = {}  # layers that run with the neurons that alone read them
    for node in graph.nodes:
        ranges[node.name] = _range(node, [ranges[name] for name in node.inputs])
        readers = graph.readers(node.name)
        by_itself = len(readers) == 1 and readers[0].op == "lif" and node.name not in kept
        if node.op in ("conv", "linear") and by_itself:
            alone[node.name] = node
            continue
        layer, weights, neurons, inputs = node, None, None, node.inputs
        if node.op == "lif":
            neurons = neurons_of(node)
            if node.inputs[0] in alone:
                layer = alone[node.inputs[0]]
                inputs = layer.inputs
        if layer.op in ("conv", "linear"):
            top = ranges[layer.inputs[0]].top
            whole = bool(top) and layer.name in before_neurons
            weights = _weights(layer, bits if whole else 0, top)
            if neurons is not None:
                weights = weights.in_front_of(neurons.gain, neurons.offset)
                neurons = neurons.without_input()
        channels, *size = node.shape
        rows, columns = size or (1, 1)
        top = ranges[node.name].top
        levels = _levels(node, steps, graph, kept) if top else ()
        steps[node.name] = Step(
            node.name, inputs, node, (rows, columns), channels, weights, neurons, top, levels
        )
    return tuple(steps.values())


def _levels(
    node: Node, steps: Mapping[str, Step], graph: Graph, kept: set[str]
) -> tuple[Step, ...]:
    """The steps of neurons of one input that a node adds up; none if it does something else."""
    if node.op != "add" or any(n in kept or len(graph.readers(n)) > 1 for n in node.inputs):
        return ()
    found: list[Step] = []
    for step in (steps.get(name) for name in node.inputs):
        if step is None:
            return ()
        fires = step.neurons is not None and step.weights is None
        levels = (step,) if fires else step.levels
        if not levels:
            return ()
        found.extend(levels)
    return tuple(found) if len({step.inputs for step in found}) == 1 else ()


def _weights(node: Node, bits: int, top: int) -> Weights:
    """As whole numbers, unless sums of so many would not be exact."""
    weights = weights_of(node, bits)
    if bits and not all(is_exact(group, top) for group in weights.matrix):
        return weights_of(node, 0)
    return weights


def _range(node: Node, inputs: list[Range]) -> Range:
    """What values a node can give."""
    if node.op == "lif":
        return Range(1.0, 1)
    return REAL if node.op in ("conv", "linear") else range_of(node, inputs)


def whole_layers(steps: Iterable[Step]) -> frozenset[str]:
    """Nodes whose weights are whole numbers: the layers themselves, not the neurons behind them."""
    whole = (s for s in steps if s.weights is not None and s.weights.bits)
    return frozenset(s.node.inputs[0] if s.node.op == "lif" else s.name for s in whole)


def _before_neurons(graph: Graph) -> set[str]:
    """Nodes that neurons stand behind, sooner or later."""
    found: set[str] = set()
    for node in reversed(graph.nodes):
        if node.op == "lif" or node.name in found:
            found.update(node.inputs)
    return found


def needed(
    steps: Sequence[Step], outputs: Sequence[str], *, apart: bool = False
) -> tuple[Step, ...]:
    """The steps that some outputs need, in an order that gives the first output first.

    Args:
        steps: of the network.
        outputs: names.
        apart: whether each layer of neurons is a step; otherwise levels are part of what adds them.
    """
    steps = [_apart(step) if apart else _joined(step) for step in steps]
    by_name = {step.name: step for step in steps}
    chosen: dict[str, Step] = {}
    for output in outputs:
        wanted = {output}
        for step in reversed(steps):
            if step.name in wanted:
                wanted.update(step.inputs)
        chosen |= {step.name: step for step in steps if step.name in wanted - chosen.keys()}
    last = {name: step for step in chosen.values() for name in step.inputs}
    forget: dict[str, list[str]] = {}
    for name, reader in last.items():
        if name not in outputs:
            forget.setdefault(reader.name, []).append(name)
    return tuple(replace(by_name[n], forget=tuple(forget.get(n, ()))) for n in chosen)


def _apart(step: Step) -> Step:
    return replace(step, levels=())


def _joined(step: Step) -> Step:
    return replace(step, inputs=step.levels[0].inputs) if step.levels else step
