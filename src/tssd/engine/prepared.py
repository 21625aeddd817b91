"""What of a layer is made once, before kernels run it, and what they are called with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tssd.engine.layer import Floats, Neurons, Weights
from tssd.engine.packing import LANES, LANES_OF_FLOATS, aligned, packed, packed_bytes, row_bytes
from tssd.engine.plan import Step
from tssd.engine.quantisation import events_within_int16
from tssd.engine.row_sums import PIXELS, TOGETHER, UNROLL
from tssd.engine.values import Signal

# Entries of a list of rows: a quarter of a megabyte, which stays in the cache besides the weights;
# more where the weights do not, which then come once for more pixels.
LISTED, LISTED_OF_LARGE, LARGE = 2**16, 2**19, 2**19
# The largest count that may be listed as often as it counts.
REPEATED = 3


@dataclass(eq=False)
class Prepared:
    """A layer of weights as the kernels take it.

    Args:
        weights: the layer.
        size: rows, columns of its output.
        table: rows of weights.
        within: rows of a list that may be added in 16 bits, a multiple of UNROLL.
        dense_above: events per input value above which the dense path is faster.
    """

    weights: Weights
    size: tuple[int, int]
    table: NDArray[np.uint8]
    within: int
    dense_above: float = np.inf


class Call(NamedTuple):
    """What a kernel gets for inputs of one shape: geometry, scale of each output, room to work."""

    geometry: NDArray[np.int64]
    scale: Floats
    room: tuple[Any, ...]


def takes_events(step: Step) -> bool:
    """Whether a step has weights that kernels can take: of one group, with 32-bit places."""
    if step.weights is None:
        return False
    groups, rows, _ = step.weights.matrix.shape
    return groups == 1 and (rows + 1) * row_bytes(step.weights.bits) < 2**32


def prepared(steps: Sequence[Step]) -> dict[str, Prepared]:
    """The layers that take events, by name.

    Their rows lie in one piece of memory, for which systems have large pages: at batch 1 a layer is
    over before its rows are in the cache, and many small pages take longer to come.
    """
    layers = [(s, s.weights) for s in steps if takes_events(s) and s.weights is not None]
    sizes = [packed_bytes(weights) for _, weights in layers]
    tables = np.split(aligned((sum(sizes),), np.uint8), np.cumsum(sizes[:-1], dtype=int))
    tops = {s.name: s.top for s in steps}
    found = {}
    for (step, weights), table in zip(layers, tables, strict=False):
        within = UNROLL
        if weights.bits:
            # Of an input that is not among the steps, the worst.
            repeats = _repeats(tops.get(step.inputs[0], REPEATED))
            within = events_within_int16(weights.matrix[0], repeats) // UNROLL * UNROLL
        # A list is filled up with rows of zeros, so that a layer of fewer rows has as many; and
        # as many of the largest weight fit.
        within = max(within, UNROLL)
        found[step.name] = Prepared(weights, step.size, packed(weights, table), within)
    return found


class Constants(NamedTuple):
    """Neurons as the kernels take them, one level of them or more.

    Args:
        numbers: decay, threshold, keep, after, once if they are the same everywhere, else of each
            output; a level's behind the other's.
        each: numbers of each kind.
        initial: membranes at first, as many as whole blocks of outputs take, of each level.
        gain, offset: of the currents, of each output of each level.
    """

    numbers: Floats
    each: int
    initial: Floats
    gain: Floats
    offset: Floats


def constants(*levels: Neurons) -> Constants:
    """Of a layer of neurons, or of levels of the same input."""
    uniform = all(n.uniform for n in levels)
    outputs = len(levels[0].initial)
    parts = [p for n in levels for p in (n.decay, n.threshold, n.keep, n.after)]
    rest = np.zeros(-outputs % LANES, np.float32)
    return Constants(
        np.concatenate([p[:1] if uniform else p for p in parts]),
        1 if uniform else outputs,
        np.concatenate([part for n in levels for part in (n.initial, rest)]),
        np.concatenate([n.gain for n in levels]),
        np.concatenate([n.offset for n in levels]),
    )


# Gives room by name, size and type.
_Array = Callable[[str, int, Any], NDArray]


def call(layer: Prepared, x: Signal, array: _Array) -> Call:
    """What a kernel gets for inputs like x.

    Args:
        layer: to be run.
        x: its input.
        array: gives room by name, size and type.
    """
    return Call(
        _geometry(layer, x),
        layer.weights.scale * np.float32(x.scale),
        _room_for_counts(layer, x, array) if x.counts else _blocks(array),
    )


def padded(x: Floats, padding: tuple[int, int]) -> Floats:
    """Values with zeros around each map, with one axis."""
    (up, left), (steps, samples, height, width, channels) = padding, x.shape
    if not (up or left):
        return x.reshape(-1)
    values = np.zeros((steps, samples, height + 2 * up, width + 2 * left, channels), np.float32)
    values[:, :, up : up + height, left : left + width] = x
    return values.reshape(-1)


def _room_for_counts(layer: Prepared, x: Signal, array: _Array) -> tuple[Any, ...]:
    """In the order of `run_layer`."""
    steps, samples, height, width, channels = x.array.shape
    window, (planes, repeats) = len(layer.weights.matrix[0]), _planes(x)
    listed = LISTED if len(layer.table) < LARGE else LISTED_OF_LARGE
    longest = steps * (max(planes, repeats) * window + 2 * planes * LANES)
    # Of TOGETHER timesteps, and of what is left of them.
    times, left = divmod(steps, TOGETHER)
    lists = planes * (times * (2**TOGETHER - 1) + 2**left - 1)
    words = width * -(-channels // LANES)
    by = (
        array("line_patterns", words * LANES, np.uint8),
        array("line_words", words, np.uint64),
        array("pattern_ends", 2**TOGETHER, np.int64),
    )
    counted, together = array("counted", 3, np.int64), array("together", planes, np.int64)
    stops = array("stops", planes * (times + 1), np.int64)
    return (
        array("events", x.array.size * max(planes, repeats) + LANES, np.uint32),
        array("begins", lists * samples * height * (width + 1), np.int64),
        array(f"rows of {listed}", max(listed, longest), np.uint32),
        array("ends", lists * samples * layer.size[0] * layer.size[1] + 1, np.int64),
        *_blocks(array),
        (counted, together, array("patterns", lists, np.int64), stops, by),
    )


def _blocks(array: _Array) -> tuple[NDArray, NDArray]:
    """Sums and membranes of a block of outputs, at TOGETHER timesteps or of PIXELS pixels."""
    size = max(TOGETHER * LANES, PIXELS * LANES_OF_FLOATS)
    return array("sums", size, np.float32), array("fresh", size, np.float32)


def _planes(x: Signal) -> tuple[int, int]:
    """Planes of counts, a bit each; how often a row may be listed instead."""
    return x.top.bit_length(), _repeats(x.top)


def _repeats(top: int) -> int:
    """The largest count if it is small enough to repeat, else 1."""
    return top if top <= REPEATED else 1


def _geometry(layer: Prepared, x: Signal) -> NDArray[np.int64]:
    """In the order of the names in `listing`."""
    weights = layer.weights
    steps, samples, height, width, channels = x.array.shape
    if not x.counts:
        height, width = height + 2 * weights.padding[0], width + 2 * weights.padding[1]
    pairs = (layer.size, weights.kernel, weights.stride, weights.padding, weights.dilation)
    rest = (*_planes(x), weights.bits, layer.within)
    flat = [n for pair in pairs for n in pair]
    return np.array([steps, samples, height, width, channels, *flat, *rest], np.int64)
