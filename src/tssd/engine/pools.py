"""Operations without weights, exact on counts: pools, means, sums, scales of channels."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tssd.engine.values import LARGEST, REAL, Range, Signal
from tssd.graph import Node


def apply(node: Node, inputs: list[Signal]) -> Signal:
    """What a node without weights and without neurons gives.

    Args:
        node: one of avg_pool, max_pool, mean, flatten, add, affine.
        inputs: what it gets.
    """
    return _APPLY[node.op](node, *inputs)


def range_of(node: Node, inputs: Sequence[Range]) -> Range:
    """The range of what such a node gives, from those of its inputs.

    What is planned and what is run ask it alike, so that no layer is planned for counts that gets
    real values.
    """
    if node.op in ("max_pool", "flatten"):
        return inputs[0]
    scales, tops = zip(*inputs, strict=True)
    found = REAL
    if node.op == "add" and all(tops) and len(set(scales)) == 1:
        found = Range(scales[0], sum(tops))
    elif node.op == "avg_pool" and not node.options["ceil"]:
        size = math.prod(node.options["kernel"])
        found = Range(scales[0] / size, tops[0] * size)
    return found if 0 < found.top <= LARGEST else REAL


def _avg_pool(node: Node, x: Signal) -> Signal:
    kernel, stride = node.options["kernel"], node.options["stride"]
    rows, columns = node.shape[1:]
    size = kernel[0] * kernel[1]
    if not node.options["ceil"]:
        found = range_of(node, [x.range])
        if found.top:
            total = _sum(_windows(x.array, kernel, stride, (rows, columns)))
            return Signal(total, *found)
        total = _sum(_windows(x.values(), kernel, stride, (rows, columns)))
        return Signal(total / np.float32(size))
    padded = _padded(x.values(), (0, 0), kernel, stride, (rows, columns), 0)
    inside = _padded(
        np.ones_like(x.array[:1, :1, ..., :1], np.float32),
        (0, 0),
        kernel,
        stride,
        (rows, columns),
        0,
    )
    windows = (_windows(values, kernel, stride, (rows, columns)) for values in (padded, inside))
    total, sizes = map(_sum, windows)
    return Signal(total / sizes)


def _max_pool(node: Node, x: Signal) -> Signal:
    options, size = node.options, node.shape[1:]
    kernel, stride = options["kernel"], options["stride"]
    outside = 0 if x.counts else -np.inf
    padded = _padded(x.array, options["padding"], kernel, stride, size, outside)
    windows = _windows(padded, kernel, stride, size)
    largest = next(windows).copy()
    for values in windows:
        np.maximum(largest, values, out=largest)
    return Signal(largest, x.scale, x.top)


def _mean(node: Node, x: Signal) -> Signal:
    size = x.array.shape[2] * x.array.shape[3]
    total = x.array.sum((2, 3), dtype=np.float32, keepdims=True)
    return Signal(total * np.float32(x.scale) / np.float32(size))


def _flatten(node: Node, x: Signal) -> Signal:
    shape = (*x.array.shape[:2], 1, 1, *node.shape)
    # A copy in any case: nothing that a node gives shares memory with its input.
    flat = np.array(x.array.transpose(0, 1, 4, 2, 3), order="C").reshape(shape)
    return Signal(flat, x.scale, x.top)


def _add(node: Node, x: Signal, y: Signal) -> Signal:
    found = range_of(node, [x.range, y.range])
    if found.top:
        return Signal(x.array + y.array, *found)
    return Signal(x.values() + y.values())


def _affine(node: Node, x: Signal) -> Signal:
    return Signal(x.values() * node.arrays["scale"] + node.arrays["shift"])


_APPLY = {
    "avg_pool": _avg_pool,
    "max_pool": _max_pool,
    "mean": _mean,
    "flatten": _flatten,
    "add": _add,
    "affine": _affine,
}


def _windows(
    x: NDArray, kernel: tuple[int, int], stride: tuple[int, int], size: tuple[int, ...]
) -> Iterator[NDArray]:
    """For each place in a window, its value in all windows: views [T, N, rows, columns, C]."""
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            rows = slice(row, row + stride[0] * (size[0] - 1) + 1, stride[0])
            yield x[:, :, rows, column : column + stride[1] * (size[1] - 1) + 1 : stride[1]]


def _sum(windows: Iterator[NDArray]) -> NDArray:
    total = next(windows).copy()
    for values in windows:
        total += values
    return total


def _padded(
    x: NDArray,
    padding: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    size: tuple[int, ...],
    value: float,
) -> NDArray:
    """With an edge of one value, so wide that every window fits."""
    along = zip(x.shape[2:4], padding, kernel, stride, size, strict=True)
    edges = [(p, max(0, (s - 1) * d + k - n - p)) for n, p, k, d, s in along]
    if not any(map(any, edges)):
        return x
    return np.pad(x, ((0, 0), (0, 0), *edges, (0, 0)), constant_values=value)
