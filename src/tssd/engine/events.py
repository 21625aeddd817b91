"""Runs layers event by event, in kernels that numba compiles; what has no events runs dense."""

import copy
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tssd.engine import firing, kernels, pools, reference
from tssd.engine.crossover import crossover
from tssd.engine.layer import Floats, Neurons
from tssd.engine.packing import LANES, lanes
from tssd.engine.plan import Step
from tssd.engine.prepared import Prepared, constants, padded, prepared
from tssd.engine.room import Room
from tssd.engine.running import State, whole
from tssd.engine.tape import Tapes
from tssd.engine.values import Signal
from tssd.engine.values_kernel import run_values
from tssd.graph import Node

EVERYTHING = 2**62
# A pass of so many samples times timesteps is short enough for Python to matter.
SHORT = 16
_NO_FLOATS = np.empty(0, np.float32)
_NO_BYTES = np.empty(0, np.uint8)
_NO_NEURONS = (_NO_FLOATS, 1, _NO_FLOATS)


class Events:
    """The path with numba: the same spikes as `Dense`, but for what rounding of float32 moves.

    Args:
        steps: of the network.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.pool: Executor | None = None
        self.threads = 1
        self.prepared = prepared(steps)
        self.constants = {s.name: constants(*found) for s in steps if (found := _neurons(s))}
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

    def whole(
        self, steps: Sequence[Step], x: Signal, timesteps: int, output: str, state: State | None
    ) -> tuple[Signal, State]:
        """As `Dense.whole`."""

        def run(x: Signal, state: State | None, room: Room | None) -> tuple[Signal, State]:
            before = self.room
            self._here.room = room or before
            try:
                return whole(steps, self, x, timesteps, output, state)
            finally:
                self._here.room = before

        if self.pool is not None or x.array.shape[1] * timesteps > SHORT:
            return run(x, state, None)
        kind = (id(steps), x.array.shape, x.scale, x.top, timesteps, state is None)
        tapes: Tapes = self._here.__dict__.setdefault("tapes", Tapes())
        return tapes.run(kind, x, state, run)

    def layer(
        self, step: Step, x: Signal, v: Floats | None, timesteps: int, keep: bool
    ) -> tuple[Signal, Floats | None]:
        """As `Dense.layer`."""
        if step.weights is None:
            return self.fire(step, self._values(x), v, timesteps, keep)
        fires = step.neurons is not None
        layer = self.prepared.get(step.name)
        # Real values meet the table as float32, which whole numbers are not.
        if layer is not None and (x.counts or not step.weights.bits):
            # Where all timesteps are the same, so are sums of rows: the neurons run behind them.
            together = fires and (not x.counts or len(x.array) == timesteps)
            out = _Out(
                self.room, step, x, v, timesteps if together else len(x.array), keep, together
            )
            if self._run(step.name, layer, x, out):
                if together or not fires:
                    return out.signal, out.v
                return self.fire(step, out.signal.array, v, timesteps, keep)
        values = self.room.made(reference.currents, x, step.weights, step.size)
        return self.fire(step, values, v, timesteps, keep) if fires else (Signal(values), None)

    def levels(
        self, step: Step, x: Signal, v: Sequence[Floats] | None, timesteps: int, keep: bool
    ) -> tuple[Signal, Sequence[Floats] | None]:
        """As `Dense.levels`."""
        stacked = None if v is None else self.room.made(np.stack, v)
        if stacked is None and keep:
            shape = (x.array.shape[1], *step.size)
            first = [reference.at_first(n, shape) for n in _neurons(step)]
            stacked = self.room.made(np.stack, first)
        spikes = self._fire(step, self._values(x), stacked, timesteps)
        return spikes, None if stacked is None else list(stacked)

    def plain(self, node: Node, inputs: list[Signal]) -> Signal:
        """As `Dense.plain`."""
        x, options = inputs[0], node.options
        vector = LANES if x.counts else LANES // 4
        outside = options.get("ceil") or any(options.get("padding", ()))
        if node.op not in ("avg_pool", "max_pool") or outside or x.array.shape[-1] % vector:
            return self._applied(node, inputs)
        (up, across), (down, right) = options["kernel"], options["stride"]
        largest, found = node.op == "max_pool", pools.range_of(node, [x.range])
        if not largest and not found.top:
            return self._applied(node, inputs)
        steps, samples, height, width, channels = x.array.shape
        _, rows, columns = node.shape
        pooled = self.room.take((steps, samples, rows, columns, channels), x.array.dtype)
        self.room.do(
            firing.pool, largest, x.array.reshape(-1), vector, steps * samples, height, width,
            channels, up, across, down, right, rows, columns, pooled.reshape(-1),
        )  # fmt: skip
        return Signal(pooled, *found)

    def _applied(self, node: Node, inputs: list[Signal]) -> Signal:
        """What NumPy gives."""
        found: list[Signal] = []

        def array() -> NDArray:
            found[:] = [pools.apply(node, inputs)]
            return found[0].array

        made = self.room.made(array)
        return Signal(made, found[0].scale, found[0].top)

    def _values(self, x: Signal) -> Floats:
        return self.room.made(x.values) if x.counts else x.array

    @property
    def room(self) -> Room:
        """This thread's, to work in."""
        if not hasattr(self._here, "room"):
            self._here.room = Room()
        return self._here.room

    def release(self, signal: Signal) -> None:
        """Keep what a step gave, to be filled again by this thread."""
        self.room.release(signal.array)

    def fire(
        self, step: Step, x: Floats, v: Floats | None, timesteps: int, keep: bool
    ) -> tuple[Signal, Floats | None]:
        """Spikes of a step's neurons from currents, and their membranes afterwards."""
        assert step.neurons is not None
        if v is not None:
            v = self.room.made(v.copy)
        elif keep:
            v = self.room.made(reference.at_first, step.neurons, x.shape[1:-1])
        return self._fire(step, x, v, timesteps), v

    def _fire(self, step: Step, x: Floats, v: Floats | None, timesteps: int) -> Signal:
        """Spikes from currents, of all levels; membranes [..., N, H, W, C] are replaced."""
        numbers, each, initial, gain, offset = self.constants[step.name]
        spikes = self.room.take((timesteps, *x.shape[1:]), np.uint8)
        outputs = x.shape[-1]
        levels = len(gain) // outputs
        membranes = _NO_FLOATS if v is None else v.reshape(-1)
        self.room.do(
            firing.fire_all, x.reshape(-1), gain, offset, numbers, each, initial, levels,
            timesteps, spikes[0].size, outputs, membranes,
            self.room.array("fresh", LANES, np.float32), spikes.reshape(-1),
        )  # fmt: skip
        return Signal(spikes, top=levels)

    def _run(self, name: str, layer: Prepared, x: Signal, out: "_Out") -> bool:
        """Fill what a step gives; False = it has too many events, run it dense."""
        neurons = self.constants[name][:3] if out.together else _NO_NEURONS
        filled = (
            *neurons,
            out.membranes.reshape(-1),
            out.spikes.reshape(-1),
            out.currents.reshape(-1),
        )
        most = layer.dense_above * x.array.size
        limit = EVERYTHING if most >= EVERYTHING else int(most)
        values = self._with_room(x.array) if x.counts else self._padded(layer, x)

        def blocks(first: int, last: int) -> bool:
            geometry, scale, room = self.room.call(name, layer, x)
            weights = (geometry, layer.table, scale, layer.weights.bias)
            given = (values, *weights, *filled, first, last)
            if x.counts:
                return self.room.do(kernels.run_layer, *given, limit, *room)
            self.room.do(run_values, *given, out.timesteps, *room)
            return True

        return self._spread(blocks, -(-layer.weights.outputs // lanes(layer.weights.bits)))

    def _with_room(self, counts: NDArray) -> NDArray:
        """Counts with one axis; words of 64 channels that are not full reach beyond the last."""
        flat = counts.reshape(-1)
        if counts.shape[-1] % LANES == 0:
            return flat
        room = self.room.array("counts", flat.size + LANES, np.uint8)
        self.room.do(np.copyto, room[: flat.size], flat)
        return room

    def _padded(self, layer: Prepared, x: Signal) -> Floats:
        padding = layer.weights.padding
        return self.room.made(padded, x.array, padding) if any(padding) else x.array.reshape(-1)

    def _spread(self, blocks: Callable[[int, int], bool], count: int) -> bool:
        """Run a layer's blocks of outputs, on all threads if there are some to spare."""
        parts = min(self.threads, count)
        if self.pool is None or parts == 1:
            return blocks(0, count)
        edges = [count * k // parts for k in range(parts + 1)]
        others = [self.pool.submit(blocks, a, b) for a, b in pairwise(edges[1:])]
        done = [blocks(edges[0], edges[1]), *(other.result() for other in others)]
        return all(done)


def _neurons(step: Step) -> list[Neurons]:
    """A step's own, or those of its levels."""
    return [s.neurons for s in (step, *step.levels) if s.neurons is not None]


class _Out:
    """Room for what a layer gives.

    Args:
        room: of arrays.
        step, x, v, keep: as `Dense.layer`.
        timesteps: of the output.
        together: whether neurons run with the weights; else the currents are wanted.
    """

    def __init__(
        self,
        room: Room,
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
            self.currents = room.take(shape, np.float32)
            return
        self.spikes = room.take(shape, np.uint8)
        assert step.neurons is not None
        if v is not None:
            self.membranes = room.made(v.copy)
        elif keep:
            self.membranes = room.made(reference.at_first, step.neurons, shape[1:-1])

    @property
    def signal(self) -> Signal:
        """What came out."""
        return Signal(self.spikes, top=1) if self.together else Signal(self.currents)

    @property
    def v(self) -> Floats | None:
        """The membranes, if they were kept."""
        return self.membranes if self.membranes.size else None
