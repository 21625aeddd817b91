"""A graph while it is made: its arrays in float64, its operations still to be folded together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.errors import UsageError
from tssd.graph import INPUT, Graph, Node
from tssd.graph.ops import OPS, Shape

Wide = NDArray[np.float64]


@dataclass(eq=False)
class Step:
    """One operation, as `tssd.graph.Node`; may be changed until the draft is finished."""

    name: str
    op: str
    inputs: list[str]
    shape: Shape
    arrays: dict[str, Wide] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def node(self) -> Node:
        """The same in float32, to which it is rounded once."""
        arrays = {name: array.astype(np.float32) for name, array in self.arrays.items()}
        return Node(self.name, self.op, tuple(self.inputs), self.shape, arrays, self.options)


class Draft:
    """Steps in an order in which they can run.

    Args:
        sample_shape: (C, H, W) of the input.
    """

    def __init__(self, sample_shape: Shape) -> None:
        self.sample_shape = tuple(sample_shape)
        self.steps: dict[str, Step] = {}
        # What leaves the graph, which no folding may change: the logits as "", and those of exits.
        self.outputs: dict[str, str] = {}

    def add(
        self,
        name: str,
        op: str,
        inputs: list[str],
        *,
        arrays: Mapping[str, Wide] | None = None,
        options: Mapping[str, Any] | None = None,
        shape: Shape | None = None,
    ) -> Step:
        """A step behind all others; a name that is taken, of a layer that runs twice, is numbered.

        Args:
            name: the module's path; "" = the operation's own name.
            op: one of `tssd.graph.ops`, or another for a time.
            inputs: names of steps, or "input".
            arrays: weights.
            options: of the operation.
            shape: of its output; None = as the operation has it.
        Raises: UsageError: shapes that do not fit.
        """
        name = name or op
        free, number = name, 2
        while free in self.steps or free == INPUT:
            free, number = f"{name}:{number}", number + 1
        step = Step(free, op, inputs, shape or (), dict(arrays or {}), dict(options or {}))
        if shape is None:
            try:
                step.shape = OPS[op].shape(step.node(), [self.shape(each) for each in inputs])
            except ValueError as error:
                raise UsageError(f"{name}: {error}") from None
        self.steps[free] = step
        return step

    def shape(self, name: str) -> Shape:
        """Of what a step, or the input, gives."""
        return self.sample_shape if name == INPUT else self.steps[name].shape

    def readers(self, name: str) -> list[Step]:
        """The steps that get what one gives."""
        return [step for step in self.steps.values() if name in step.inputs]

    def only_reader(self, name: str) -> Step | None:
        """The one step that gets what one gives; None = there are several, or it leaves."""
        readers = self.readers(name)
        return readers[0] if len(readers) == 1 and name not in self.outputs.values() else None

    def of(self, op: str) -> Iterator[Step]:
        """The steps of an operation, some of which may be removed meanwhile."""
        for step in [*self.steps.values()]:
            if step.op == op and self.steps.get(step.name) is step:
                yield step

    def remove(self, step: Step) -> None:
        """Take out a step with one input, whose readers get that instead."""
        (source,) = step.inputs
        for reader in self.readers(step.name):
            reader.inputs = [source if each == step.name else each for each in reader.inputs]
        for label, name in self.outputs.items():
            self.outputs[label] = source if name == step.name else name
        del self.steps[step.name]

    def finished(self) -> Graph:
        """The graph, with weights in float32."""
        nodes = tuple(step.node() for step in self.steps.values())
        exits = {label: name for label, name in self.outputs.items() if label}
        return Graph(nodes, self.sample_shape, self.outputs[""], exits)
