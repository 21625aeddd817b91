"""Layers in NumPy: dense, simple, and the oracle of the kernels."""

import numpy as np
from numpy.typing import NDArray

from tssd.engine.blas import one_thread
from tssd.engine.layer import Floats, Neurons, Weights
from tssd.engine.values import Signal


def currents(x: Signal, weights: Weights, size: tuple[int, int]) -> Floats:
    """What a layer of weights gives, [T, N, rows, columns, O].

    Sums of whole numbers are exact, whatever their order.

    Args:
        x: its input.
        weights: the layer.
        size: rows, columns of its output.
    """
    groups, rows, outputs = weights.matrix.shape
    steps, samples = x.array.shape[:2]
    result = np.empty((steps, samples, *size, groups * outputs), np.float32)
    with one_thread():
        for t, n in np.ndindex(steps, samples):
            # One sample after the other: the windows of many would not fit into memory.
            windows = _windows(x.array[t, n], weights, size)
            for group in range(groups):
                part = windows[..., group * (windows.shape[-1] // groups) :]
                part = part[..., : windows.shape[-1] // groups].astype(np.float32)
                place = result[t, n, ..., group * outputs : (group + 1) * outputs]
                place[:] = (part.reshape(-1, rows) @ weights.matrix[group]).reshape(*size, outputs)
    result *= weights.scale * np.float32(x.scale)
    result += weights.bias
    return result


def _windows(x: NDArray, weights: Weights, size: tuple[int, int]) -> NDArray:
    """What each output sees, [rows, columns, kernel rows, kernel columns, C]; x is [H, W, C]."""
    up, left = weights.padding
    if up or left:
        x = np.pad(x, ((up, up), (left, left), (0, 0)))
    down, right, channel = x.strides
    strides = (
        down * weights.stride[0],
        right * weights.stride[1],
        down * weights.dilation[0],
        right * weights.dilation[1],
        channel,
    )
    shape = (*size, *weights.kernel, x.shape[-1])
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def fire(
    x: Floats, neurons: Neurons, v: Floats, timesteps: int
) -> tuple[NDArray[np.uint8], Floats]:
    """Spikes [T, N, H, W, C] and the membranes after the last reset.

    Args:
        x: currents [T, N, H, W, C]; of one timestep if all are the same.
        neurons: the layer.
        v: membranes [N, H, W, C]; they are left as they are.
        timesteps: T.
    """
    spikes = np.empty((timesteps, *v.shape), np.uint8)
    if neurons.adapts_input:
        x = x * neurons.gain + neurons.offset
    for t in range(timesteps):
        h = neurons.decay * v + x[t if len(x) > 1 else 0]
        fired = h >= neurons.threshold
        spikes[t] = fired
        v = np.where(fired, neurons.keep * h + neurons.after, h)
    return spikes, v


def at_first(neurons: Neurons, shape: tuple[int, ...]) -> Floats:
    """Membranes [*shape, C] before the first timestep."""
    v = np.empty((*shape, len(neurons.initial)), np.float32)
    v[:] = neurons.initial
    return v
