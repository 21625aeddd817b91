"""A network of the engine: run on whole sequences, or step by step."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tssd.engine import reference
from tssd.engine.backends import backend_named
from tssd.engine.dense import Dense
from tssd.engine.exits import Decisions, decided, is_probability
from tssd.engine.pixels import normalised
from tssd.engine.plan import Step, needed, plan
from tssd.engine.quantisation import BITS, bits_of
from tssd.engine.running import Pass, Runner, State
from tssd.engine.values import Signal, as_array, channels_first, from_input
from tssd.errors import DataError, UsageError
from tssd.graph import Graph, read_graph


class Trace(NamedTuple):
    """Logits [T, N, K]; spikes by node, [T, N, C, H, W] or [T, N, F]; logits of auxiliary heads."""

    logits: NDArray[np.float32]
    spikes: dict[str, NDArray[np.uint8]]
    exits: dict[str, NDArray[np.float32]]


class Network:
    """Runs a graph; nothing is carried from one call to the next but by a state that is given.

    Args:
        graph: the network.
        weights: "float32", or "int8" or "int7" for whole numbers where spikes are seen.
        threads: over which samples, or the outputs of a layer, are spread.
        backend: "numba", or "numpy" for the dense path; None = numba if it is installed.
        dense_above: events per input value above which a layer runs dense; None = measured now,
            layer by layer.
        facts: what is known about the network.
    Raises: UsageError: an unknown name, threads < 1, or numba is asked for and missing.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        weights: str = "float32",
        threads: int = 1,
        backend: str | None = None,
        dense_above: float | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        if type(threads) is not int or threads < 1:
            raise UsageError(f"threads: got {threads!r}, expected a whole number >= 1")
        self.graph = graph
        self.weights = weights
        self.threads = threads
        self.backend = backend_named(backend)
        self.facts = dict(facts or {})
        self._all = plan(graph, bits_of(weights))
        self._steps: dict[tuple[frozenset[str], bool], tuple[Step, ...]] = {}
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        self._alone, self._spread = self._runners(dense_above)

    @property
    def whole_numbers(self) -> tuple[str, ...]:
        """Layers whose weights are whole numbers, by the nodes that give their outputs."""
        return tuple(s.name for s in self._all if s.weights is not None and s.weights.bits)

    def run(self, x: NDArray, timesteps: int | None = None) -> NDArray[np.float32]:
        """Logits of each timestep [T, N, K]; their mean over the first T is the answer at T.

        Args:
            x: images [N, C, H, W], shown at every timestep, or frames [T, N, C, H, W].
            timesteps: T; of frames the first ones, None = all.
        Raises: UsageError: the input does not fit, or images without timesteps.
        """
        signal, steps = from_input(x, timesteps, self.graph.sample_shape)

        def part(signal: Signal, runner: Runner) -> NDArray[np.float32]:
            output = self.graph.output
            found, _ = runner.whole(self._for(output), signal, steps, output, None)
            return over_time(found, steps)

        return np.concatenate(self._parts(signal, part), 1)

    def trace(self, x: NDArray, timesteps: int | None = None) -> Trace:
        """Logits as `run`, with what happens on the way. Args and errors as `run`."""
        signal, steps = from_input(x, timesteps, self.graph.sample_shape)
        shapes = {node.name: node.shape for node in self.graph.neurons()}
        exits, output = self.graph.exits, self.graph.output
        every = self._for(*exits.values(), output, apart=True)
        run = Pass(every, self._alone, signal, steps)
        spikes = {n: channels_first(s.array, shapes[n]) for n, s in run.every(shapes)}
        early = {name: over_time(run.until(node), steps) for name, node in exits.items()}
        return Trace(over_time(run.until(output), steps), spikes, early)

    def normalised(self, pixels: NDArray) -> NDArray[np.float32]:
        """Pixels as the network was trained to see them, by the mean and deviation in its facts.

        Args:
            pixels: [..., C, H, W], 0 to 255 as uint8 or 0 to 1 as floats.
        Raises: UsageError: its facts hold no mean and deviation, or pixels of another type, shape
            or range. DataError: a mean or deviation that is none.
        """
        if "mean" not in self.facts or "std" not in self.facts:
            raise UsageError(
                "normalised: the network's file says nothing of mean and std; normalise as in "
                "training"
            )
        shape, known = tuple(self.graph.sample_shape), self.facts
        return normalised(pixels, shape, mean=known["mean"], std=known["std"])

    def predict(
        self,
        x: NDArray,
        timesteps: int | None = None,
        *,
        confidence: float | None = None,
        exit: str | int | None = None,  # noqa: A002
        exit_confidence: float = 0.9,
    ) -> Decisions:
        """The class of each sample, as soon as it is clear enough.

        Args:
            x: as in `run`.
            timesteps: T; the most that are run.
            confidence: a sample stops after the first timestep at which the softmax of its mean
                logits says more than it; None = all run for T.
            exit: an auxiliary head that was kept, at which a sample stops likewise.
            exit_confidence: above which it stops there.
        Raises: UsageError: as `run`; an exit that is not there; a confidence outside 0 to 1.
        """
        for name, value in (("confidence", confidence), ("exit_confidence", exit_confidence)):
            if value is not None and not is_probability(value):
                raise UsageError(f"{name}: got {value!r}, expected a probability from 0 to 1")
        node = None if exit is None else self._exit(exit)
        signal, steps = from_input(x, timesteps, self.graph.sample_shape)
        outputs = (self.graph.output,) if node is None else (node, self.graph.output)

        def part(signal: Signal, runner: Runner) -> Decisions:
            return decided(
                self._for(*outputs), runner, signal, steps, outputs, confidence, exit_confidence
            )

        return Decisions.joined(self._parts(signal, part))

    def initial_state(self, samples: int = 1) -> State:
        """Membranes before the first timestep, by node, each [N, H, W, C]."""
        steps = {s.name: s.neurons for s in self._for(self.graph.output, apart=True)}
        shapes = self._neurons(samples)
        return {name: reference.at_first(steps[name], shape[:-1]) for name, shape in shapes.items()}  # pyright: ignore[reportArgumentType]

    def step(self, x_t: NDArray, state: State) -> tuple[NDArray[np.float32], State]:
        """One timestep of a stream: its logits [N, K] and the next state; `state` stays as it is.

        Args:
            x_t: a frame [N, C, H, W].
            state: `initial_state(N)`, or what the step before returned; float32, or made so.
        Raises: UsageError: the frame or the state does not fit.
        """
        x_t = as_array(x_t)
        if x_t.ndim != 4:
            raise UsageError(
                f"input: got shape {list(x_t.shape)}, expected one frame [N, C, H, W]; step "
                "through a sequence frame by frame, or give all of it to net.run"
            )
        signal, _ = from_input(x_t, 1, self.graph.sample_shape)
        samples = signal.array.shape[1]
        state = self._checked(state, samples)
        output = self.graph.output
        found, after = self._spread.whole(self._for(output), signal, 1, output, state)
        return over_time(found, 1)[0], after

    def close(self) -> None:
        """Let go of the threads; what is run afterwards is run in the caller's."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool, self._spread = None, self._alone

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _runners(self, dense_above: float | None) -> tuple[Runner, Runner]:
        """What runs layers in one thread, and what spreads each over all."""
        if self.backend == "numpy":
            return Dense(), Dense()
        from tssd.engine.events import Events

        alone = Events(self._all)
        alone.run_dense_above(self._all, dense_above)
        return alone, alone.spread(self._pool, self.threads)

    def _parts(self, signal: Signal, part: Callable[[Signal, Runner], Any]) -> list[Any]:
        """A function's results on the samples, spread over the threads."""
        samples = signal.array.shape[1]
        count = min(self.threads, samples)
        if self._pool is None or count == 1:
            return [part(signal, self._spread)]
        edges = [samples * k // count for k in range(count + 1)]
        parts = [signal.taken(np.arange(*edges[k : k + 2])) for k in range(count)]
        others = [self._pool.submit(part, p, self._alone) for p in parts[1:]]
        return [part(parts[0], self._alone), *(other.result() for other in others)]

    def _for(self, *outputs: str, apart: bool = False) -> tuple[Step, ...]:
        """The steps that some outputs need, those of the first one first; as `needed`."""
        key = (frozenset(outputs), apart)
        if key not in self._steps:
            self._steps[key] = needed(self._all, outputs, apart=apart)
        return self._steps[key]

    def _neurons(self, samples: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the membranes by node."""
        every = self._for(self.graph.output, apart=True)
        steps = (s for s in every if s.neurons is not None)
        return {s.name: (samples, *s.size, s.channels) for s in steps}

    def _exit(self, name: str | int) -> str:
        if f"{name}" in self.graph.exits:
            return self.graph.exits[f"{name}"]
        there = ", ".join(self.graph.exits) or "none"
        raise UsageError(
            f"exit: got {name!r}, but the network has {there}; export it with its auxiliary head "
            "to leave early"
        )

    def _checked(self, state: object, samples: int) -> State:
        """A state as float32, which may have been through a file or a queue."""
        begin = f"begin with net.initial_state({samples})"
        if not isinstance(state, Mapping):
            raise UsageError(
                f"state: got {type(state).__name__}, expected membranes by node; {begin}"
            )
        try:
            given = {name: np.asarray(v, np.float32) for name, v in state.items()}
        except (TypeError, ValueError) as error:
            raise UsageError(f"state: it holds what is no array of numbers; {begin}") from error
        expected = self.initial_state(samples)
        if {n: v.shape for n, v in given.items()} != {n: v.shape for n, v in expected.items()}:
            raise UsageError(f"state: it is not of this network and {samples} samples; {begin}")
        return given


def load(
    path: str | Path,
    weights: str | None = None,
    threads: int = 1,
    *,
    backend: str | None = None,
    dense_above: float | None = None,
) -> Network:
    """A network that `tssd export --format engine` has written: its folder, or the file in it.

    Args:
        path: of the folder or file.
        weights: as `Network`; None = as it was exported.
        threads, backend, dense_above: as `Network`.
    Raises: DataError: missing or damaged. UsageError: as `Network`.
    """
    path = Path(path)
    file = read_graph(path / FILE if path.is_dir() else path)
    if weights is None:
        told = file.facts.get("engine", {})
        weights = told.get("weights", "float32") if isinstance(told, dict) else told
        if weights not in tuple(BITS):  # of whatever kind a stranger's JSON has it
            raise DataError(
                f"{path}: its weights are {weights!r}, expected one of {', '.join(BITS)}; export "
                "the network again, or say which: load(path, 'float32')"
            )
    return Network(
        file.graph,
        weights=weights,
        threads=threads,
        backend=backend,
        dense_above=dense_above,
        facts=file.facts,
    )


# The engine's file in a folder that was exported.
FILE = "network.safetensors"


def over_time(output: Signal, timesteps: int) -> NDArray[np.float32]:
    """Logits [T, N, K] of what a node gives."""
    values = output.values()[:, :, 0, 0]
    return np.broadcast_to(values, (timesteps, *values.shape[1:]))
