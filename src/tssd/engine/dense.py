"""Runs layers in NumPy alone."""

from collections.abc import Sequence

import numpy as np

from tssd.engine import pools, reference
from tssd.engine.layer import Floats
from tssd.engine.plan import Step
from tssd.engine.running import State, whole
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

    def levels(
        self, step: Step, x: Signal, v: Sequence[Floats] | None, timesteps: int, keep: bool
    ) -> tuple[Signal, Sequence[Floats] | None]:
        """The added spikes of a step's levels, and the membranes of each; args as `layer`."""
        given: Sequence[Floats | None] = v or [None] * len(step.levels)
        found = [
            self.layer(level, x, v_level, timesteps, keep)
            for level, v_level in zip(step.levels, given, strict=True)
        ]
        total = np.stack([spikes.array for spikes, _ in found]).sum(0, np.uint8)
        after = [v_level for _, v_level in found if v_level is not None]
        return Signal(total, top=step.top), after

    def plain(self, node: Node, inputs: list[Signal]) -> Signal:
        """What a node without weights and without neurons gives."""
        return pools.apply(node, inputs)

    def whole(
        self, steps: Sequence[Step], x: Signal, timesteps: int, output: str, state: State | None
    ) -> tuple[Signal, State]:
        """A pass through all steps; args as `running.whole`."""
        return whole(steps, self, x, timesteps, output, state)

    def release(self, signal: Signal) -> None:
        """Told of what a step gave once nobody will look at it again; nothing is done."""

    def currents(self, step: Step, x: Signal) -> Floats:
        """What a step's weights give."""
        assert step.weights is not None
        return reference.currents(x, step.weights, step.size)
