"""Runs layers in NumPy alone."""

from tssd.engine import pools, reference
from tssd.engine.layer import Floats
from tssd.engine.plan import Step
from tssd.engine.values import Signal
from tssd.graph import Node


class Dense:
    """The path without numba: dense, and as right as it is simple."""

    def layer(
        self, step: Step, x: Signal, v: Floats | None, timesteps: int, keep: bool
    ) -> tuple[Signal, Floats | None]:
        """What a step with weights, neurons or both gives, and the membranes afterwards.

        Args:
            step: the layer.
            x: its input.
            v: membranes [N, H, W, C]; None = as they are at first.
            timesteps: T; x may hold one for all.
            keep: whether the membranes are wanted.
        """
        values = x.values() if step.weights is None else self.currents(step, x)
        if step.neurons is None:
            return Signal(values), None
        if v is None:
            v = reference.at_first(step.neurons, (x.array.shape[1], *step.size))
        spikes, v = reference.fire(values, step.neurons, v, timesteps)
        return Signal(spikes, top=1), v

    def plain(self, node: Node, inputs: list[Signal]) -> Signal:
        """What a node without weights and without neurons gives."""
        return pools.apply(node, inputs)

    def release(self, signal: Signal) -> None:
        """Told of what a step gave once nobody will look at it again; nothing is done."""

    def currents(self, step: Step, x: Signal) -> Floats:
        """What a step's weights give."""
        assert step.weights is not None
        return reference.currents(x, step.weights, step.size)
