"""A network as nodes in an order in which they can run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tssd.errors import DataError
from tssd.graph import ops
from tssd.graph.node import Node

# What nodes call the network's input.
INPUT = "input"


@dataclass(frozen=True, eq=False)
class Graph:
    """A network whose weights are fixed: every timestep runs the nodes once, in order.

    Only `lif` nodes carry something from one timestep to the next. Where every timestep of the
    input is the same, nodes in front of the first `lif` give the same each time.

    Args:
        nodes: in an order in which they can run; the name of each is unique.
        sample_shape: (C, H, W) of one sample at one timestep.
        output: the node whose output (K,), averaged over the timesteps so far, is the logits.
        exits: logits of auxiliary heads that were kept, name -> node; averaged alike.
    Raises: DataError: a node that can't run, in one line that names it.
    """

    nodes: tuple[Node, ...]
    sample_shape: tuple[int, ...]
    output: str
    exits: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes: dict[str, tuple[int, ...]] = {INPUT: tuple(self.sample_shape)}
        if len(self.sample_shape) != 3 or min(self.sample_shape) < 1:
            raise DataError(f"graph: sample_shape is {list(self.sample_shape)}, expected C, H, W")
        for node in self.nodes:
            try:
                if not node.name or node.name in shapes:
                    raise ValueError("its name is taken or empty, expected a name of its own")
                if missing := [name for name in node.inputs if name not in shapes]:
                    raise ValueError(f"it gets {missing[0]!r}, which does not run before it")
                ops.check(node, [shapes[name] for name in node.inputs])
            except ValueError as error:
                raise DataError(f"graph: node {node.name!r} ({node.op}): {error}") from None
            shapes[node.name] = node.shape
        for name in (self.output, *self.exits.values()):
            if name == INPUT or len(shapes.get(name, ())) != 1:
                raise DataError(f"graph: output is {name!r}, expected a node that gives (K,)")
        if {len(shapes[n]) and shapes[n][0] for n in self.exits.values()} - {self.num_classes}:
            raise DataError("graph: an exit has other classes than the output")

    @property
    def num_classes(self) -> int:
        """Classes K."""
        return self.node(self.output).shape[0]

    def node(self, name: str) -> Node:
        """The node of a name. Raises: KeyError: there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def neurons(self) -> tuple[Node, ...]:
        """The nodes that spike, in order."""
        return tuple(node for node in self.nodes if node.op == "lif")

    def readers(self, name: str) -> tuple[Node, ...]:
        """The nodes that get what one gives."""
        return tuple(node for node in self.nodes if name in node.inputs)

    def shape(self, name: str) -> tuple[int, ...]:
        """Of what a node, or "input", gives for one sample at one timestep."""
        return tuple(self.sample_shape) if name == INPUT else self.node(name).shape
