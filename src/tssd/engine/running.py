"""Steps one after the other: from an input to the outputs that are wanted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from numpy.typing import NDArray

from tssd.engine.layer import Floats
from tssd.engine.plan import Step
from tssd.engine.values import Signal
from tssd.graph import INPUT, Node

# Membranes [N, H, W, C] after the last reset, by node.
State = Mapping[str, Floats]


class Runner(Protocol):
    """Runs layers with weights, neurons or both; see `Dense.layer`."""

    def layer(
        self, step: Step, x: Signal, v: Floats | None, timesteps: int, keep: bool
    ) -> tuple[Signal, Floats | None]:
        """What a step gives, and the membranes afterwards."""
        ...

    def levels(
        self, step: Step, x: Signal, v: Sequence[Floats] | None, timesteps: int, keep: bool
    ) -> tuple[Signal, Sequence[Floats] | None]:
        """What a step that adds up levels of neurons gives, and their membranes afterwards."""
        ...

    def plain(self, node: Node, inputs: list[Signal]) -> Signal:
        """What a node without weights and without neurons gives."""
        ...

    def whole(
        self, steps: Sequence[Step], x: Signal, timesteps: int, output: str, state: State | None
    ) -> tuple[Signal, State]:
        """What the function of that name gives."""
        ...

    def release(self, signal: Signal) -> None:
        """Told of what a step gave once nobody will look at it again."""
        ...


def whole(
    steps: Sequence[Step],
    runner: Runner,
    x: Signal,
    timesteps: int,
    output: str,
    state: State | None,
) -> tuple[Signal, State]:
    """A pass through all steps: an output, and the membranes afterwards if some were given."""
    run = Pass(steps, runner, x, timesteps, state=state, keep=state is not None)
    return run.until(output), run.state


class Pass:
    """One pass of an input through the steps, which may stop in between.

    Args:
        steps: of the network.
        runner: of its layers.
        x: the input.
        timesteps: T.
        state: membranes before the first timestep; None = as they are at first.
        keep: whether the membranes afterwards are wanted.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        runner: Runner,
        x: Signal,
        timesteps: int,
        *,
        state: State | None = None,
        keep: bool = False,
    ) -> None:
        self.runner = runner
        self.timesteps = timesteps
        self.keep = keep
        self.given = state
        self.state: dict[str, Floats] = {}
        self.signals = {INPUT: x}
        self._left = iter(steps)
        self._shown = {INPUT}

    def until(self, name: str) -> Signal:
        """Run on until a node's output is there."""
        for step in [] if name in self.signals else self._left:
            self._run(step)
            if step.name == name:
                break
        return self.signals[name]

    def every(self, names: Iterable[str]) -> Iterator[tuple[str, Signal]]:
        """Run to the end; the outputs of some nodes as they come, which stay as they are."""
        wanted = set(names)
        self._shown |= wanted
        for step in self._left:
            signal = self._run(step)
            if step.name in wanted:
                yield step.name, signal

    def keep_only(self, samples: NDArray) -> None:
        """Go on with some of the samples, by index or mask."""
        self.signals = {name: signal.taken(samples) for name, signal in self.signals.items()}
        if self.given is not None:
            self.given = {name: v[samples] for name, v in self.given.items()}
        self.state = {name: v[samples] for name, v in self.state.items()}

    def _run(self, step: Step) -> Signal:
        inputs = [self.signals[name] for name in step.inputs]
        if step.levels:
            names = [level.name for level in step.levels]
            given = None if self.given is None else [self.given[name] for name in names]
            signal, after = self.runner.levels(step, inputs[0], given, self.timesteps, self.keep)
            if after is not None and self.keep:
                self.state.update(zip(names, after, strict=True))
        elif step.weights is None and step.neurons is None:
            signal = self.runner.plain(step.node, inputs)
        else:
            v = self.given[step.name] if self.given is not None and step.neurons else None
            signal, v = self.runner.layer(step, inputs[0], v, self.timesteps, self.keep)
            if v is not None and self.keep:
                self.state[step.name] = v
        self.signals[step.name] = signal
        for name in step.forget:
            forgotten = self.signals.pop(name)
            if name not in self._shown:
                self.runner.release(forgotten)
        return signal
