"""Runs layers event by event, in kernels that numba compiles; what has no events runs dense."""

import copy
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.engine import firing, kernels, pools, reference
from tssd.engine.crossover import crossover
from tssd.engine.layer import Floats
from tssd.engine.packing import LANES, aligned, lanes
from tssd.engine.plan import Step
from tssd.engine.prepared import Call, Prepared, call, constants, padded, prepared
from tssd.engine.row_sums import TOGETHER
from tssd.engine.values import LARGEST, Signal
from tssd.engine.values_kernel import run_values
from tssd.graph import Node

EVERYTHING = 2**62
# Shapes of inputs that a thread remembers, and arrays that it keeps to be filled again.
REMEMBERED, KEPT = 1024, 64
_NO_FLOATS = np.empty(0, np.float32)
_NO_BYTES = np.empty(0, np.uint8)
_NO_NEURONS = (_NO_FLOATS, True, _NO_FLOATS)


class Events:
    """The path with numba: the same spikes as `Dense`, but for what rounding of float32 moves.

    Args:
        steps: of the network.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.pool: Executor | None = None
        self.threads = 1
        self.prepared = prepared(steps)
        self.constants = {s.name: constants(s.neurons) for s in steps if s.neurons is not None}
        self._here = threading.local()

    def spread(self, pool: Executor | None, threads: int) -> "Events":
        """The same, with a layer's blocks of outputs spread over a pool and this thread."""
        other = copy.copy(self)
        other.pool, other.threads = pool, threads
        return other

    def run_dense_above(self, steps: Sequence[Step], events: float | None) -> None:
        """Say, or if it is None measure, from how many events per input value layers run dense."""
        for step in steps:
            if step.name in self.prepared:
                limit = crossover(self, step) if events is None else events
                self.prepared[step.name].dense_above = limit

    def layer(
        self, step: Step, x: Signal, v: Floats | None, timesteps: int, keep: bool
    ) -> tuple[Signal, Floats | None]:
        """As `Dense.layer`."""
        if step.weights is None:
            return self.fire(step, x.values(), v, timesteps)
        fires = step.neurons is not None
        layer = self.prepared.get(step.name)
        if layer is not None:
            # Where all timesteps are the same, so are sums of rows: the neurons run behind them.
            together = fires and (not x.counts or len(x.array) == timesteps)
            out = _Out(
                self.take, step, x, v, timesteps if together else len(x.array), keep, together
            )
            if self._run(step.name, layer, x, out):
                if together or not fires:
                    return out.signal, out.v
                return self.fire(step, out.signal.array, v, timesteps)
        values = reference.currents(x, step.weights, step.size)
        return self.fire(step, values, v, timesteps) if fires else (Signal(values), None)

    def plain(self, node: Node, inputs: list[Signal]) -> Signal:
        """As `Dense.plain`."""
        x, options = inputs[0], node.options
        if node.op != "avg_pool" or options["ceil"] or not x.counts or x.array.shape[-1] % LANES:
            return pools.apply(node, inputs)
        (up, across), (down, right) = options["kernel"], options["stride"]
        if x.top * up * across > LARGEST:
            return pools.apply(node, inputs)
        steps, samples, height, width, channels = x.array.shape
        _, rows, columns = node.shape
        total = self.take((steps, samples, rows, columns, channels), np.uint8)
        firing.sum_windows(
            x.array.reshape(-1), steps * samples, height, width, channels, up, across, down, right,
            rows, columns, total.reshape(-1),
        )  # fmt: skip
        return Signal(total, x.scale / (up * across), x.top * up * across)

    def take(self, shape: tuple[int, ...], dtype: Any) -> NDArray:
        """An array to be filled: one that was released, since new memory costs a fault a page."""
        kept = self._kept().get((shape, np.dtype(dtype)))
        return kept.pop() if kept else np.empty(shape, dtype)

    def release(self, signal: Signal) -> None:
        """Keep what a step gave, to be filled again by this thread."""
        kept = self._kept()
        if sum(map(len, kept.values())) >= KEPT:
            kept.clear()
        kept.setdefault((signal.array.shape, signal.array.dtype), []).append(signal.array)

    def _kept(self) -> dict[Any, list[NDArray]]:
        return self._here.__dict__.setdefault("kept", {})

    def fire(
        self, step: Step, x: Floats, v: Floats | None, timesteps: int
    ) -> tuple[Signal, Floats]:
        """Spikes of a step's neurons from currents, and their membranes afterwards."""
        neurons = step.neurons
        assert neurons is not None
        v = reference.at_first(neurons, x.shape[1:-1]) if v is None else v.copy()
        spikes = self.take((timesteps, *v.shape), np.uint8)
        numbers, uniform, _ = self.constants[step.name]
        firing.fire_all(
            x.reshape(-1), neurons.gain, neurons.offset, numbers, uniform, timesteps,
            v.reshape(-1), spikes.reshape(-1),
        )  # fmt: skip
        return Signal(spikes, top=1), v

    def _run(self, name: str, layer: Prepared, x: Signal, out: "_Out") -> bool:
        """Fill what a step gives; False = it has too many events, run it dense."""
        numbers, uniform, initial = self.constants[name] if out.together else _NO_NEURONS
        filled = (
            numbers,
            uniform,
            initial,
            out.membranes.reshape(-1),
            out.spikes.reshape(-1),
            out.currents.reshape(-1),
        )
        most = layer.dense_above * x.array.size
        limit = EVERYTHING if most >= EVERYTHING else int(most)
        values = x.array.reshape(-1) if x.counts else padded(x.array, layer.weights.padding)

        def blocks(first: int, last: int) -> bool:
            geometry, scale, room = self._call(name, layer, x)
            weights = (geometry, layer.table, scale, layer.weights.bias)
            if x.counts:
                return kernels.run_layer(values, *weights, *filled, first, last, limit, *room)
            run_values(values, *weights, *filled, first, last, out.timesteps, *room)
            return True

        return self._spread(blocks, -(-layer.weights.outputs // lanes(layer.weights.bits)))

    def _spread(self, blocks: Callable[[int, int], bool], count: int) -> bool:
        """Run a layer's blocks of outputs, on all threads if there are some to spare."""
        parts = min(self.threads, count)
        if self.pool is None or parts == 1:
            return blocks(0, count)
        edges = [count * k // parts for k in range(parts + 1)]
        others = [self.pool.submit(blocks, a, b) for a, b in pairwise(edges[1:])]
        done = [blocks(edges[0], edges[1]), *(other.result() for other in others)]
        return all(done)

    def _call(self, name: str, layer: Prepared, x: Signal) -> Call:
        """What this thread passes to a kernel for inputs of one shape."""
        calls = self._here.__dict__.setdefault("calls", {})
        key = (name, x.array.shape, x.scale, x.top)
        if key not in calls:
            if len(calls) == REMEMBERED:
                calls.clear()
            calls[key] = call(layer, x, self._array)
        return calls[key]

    def _array(self, name: str, size: int, dtype: Any) -> NDArray:
        """This thread's array of a name; all layers share it."""
        held = self._here.__dict__.get(name)
        if held is None or len(held) < size:
            held = aligned((size,), dtype)
            held[: LANES * TOGETHER] = 0
            setattr(self._here, name, held)
        return held


class _Out:
    """Room for what a layer gives.

    Args:
        take: gives arrays by shape and type.
        step, x, v, keep: as `Dense.layer`.
        timesteps: of the output.
        together: whether neurons run with the weights; else the currents are wanted.
    """

    def __init__(
        self,
        take: Callable[[tuple[int, ...], Any], NDArray],
        step: Step,
        x: Signal,
        v: Floats | None,
        timesteps: int,
        keep: bool,
        together: bool,
    ) -> None:
        shape = (timesteps, x.array.shape[1], *step.size, step.channels)
        self.timesteps = timesteps
        self.together = together
        self.membranes, self.spikes, self.currents = _NO_FLOATS, _NO_BYTES, _NO_FLOATS
        if not together:
            self.currents = take(shape, np.float32)
            return
        self.spikes = take(shape, np.uint8)
        assert step.neurons is not None
        if v is not None:
            self.membranes = v.copy()
        elif keep:
            self.membranes = reference.at_first(step.neurons, shape[1:-1])

    @property
    def signal(self) -> Signal:
        """What came out."""
        return Signal(self.spikes, top=1) if self.together else Signal(self.currents)

    @property
    def v(self) -> Floats | None:
        """The membranes, if they were kept."""
        return self.membranes if self.membranes.size else None
