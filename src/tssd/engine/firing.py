"""Neurons of a block of outputs and of a whole layer, and pools of spikes; compiled by numba."""

# numba fills in an intrinsic's first argument.
# pyright: reportCallIssue=false

from collections.abc import Callable
from typing import Any

from numba import njit

from tssd.engine.packing import LANES, LANES_OF_FLOATS
from tssd.engine.vectors import fire_32, fire_64, scale_32, scale_64, sum_64


def compiled(function: Callable[..., Any]) -> Any:
    """A kernel, kept on disk where there is a place for it."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that could be written
        return njit(nogil=True)(function)


# A part of a kernel: arrays are structures of seven numbers, which would all go over the stack.
inlined = njit(nogil=True, forceinline=True)


@inlined
def fire(
    sums, sum_at, scale, bias, first, last, outputs, neurons, uniform, v, at, spikes, spike_at
):
    """One timestep of the neurons of a block of outputs, first to last; v is replaced.

    Args:
        sums: of the block, from `sum_at` on; the current is scale * sums + bias.
        scale, bias: of each output [O].
        neurons: decay, threshold, keep, after, once if they are uniform, else of each output.
        v: membranes, the block's from `at` on.
        spikes: filled, the block's from `spike_at` on.
    """
    if uniform and last - first == LANES:
        fire_64(sums, sum_at, scale, bias, first, neurons, v, at, spikes, spike_at)
        return
    if uniform and last - first == LANES_OF_FLOATS:
        fire_32(sums, sum_at, scale, bias, first, neurons, v, at, spikes, spike_at)
        return
    each = 1 if uniform else outputs
    for j in range(last - first):
        o = 0 if uniform else first + j
        x = sums[sum_at + j] * scale[first + j] + bias[first + j]
        h = neurons[o] * v[at + j] + x
        fired = h >= neurons[each + o]
        spikes[spike_at + j] = fired
        v[at + j] = neurons[2 * each + o] * h + neurons[3 * each + o] if fired else h


@inlined
def write_currents(sums, sum_at, scale, bias, first, last, currents, at):
    """Currents of a block of outputs, first to last, from `at` on; sums as in `fire`."""
    if last - first == LANES:
        scale_64(sums, sum_at, scale, bias, first, currents, at)
    elif last - first == LANES_OF_FLOATS:
        scale_32(sums, sum_at, scale, bias, first, currents, at)
    else:
        for j in range(last - first):
            currents[at + j] = sums[sum_at + j] * scale[first + j] + bias[first + j]


@compiled
def fire_all(x, gain, offset, neurons, uniform, timesteps, v, spikes):
    """Neurons of a whole layer from currents.

    Args:
        x: currents, [T M C], or [M C] if all timesteps are the same.
        gain, offset: of the currents [C].
        neurons, uniform: as `fire`.
        timesteps: T.
        v: membranes [M C], replaced.
        spikes: filled, uint8 [T M C].
    """
    size, outputs = len(v), len(gain)
    same = len(x) == size
    for pixel in range(0, size, outputs):
        for first in range(0, outputs, LANES):
            last = min(first + LANES, outputs)
            for t in range(timesteps):
                at = pixel + first
                spike_at = at + t * size
                fire(
                    x, at if same else spike_at, gain, offset, first, last, outputs, neurons,
                    uniform, v, at, spikes, spike_at,
                )  # fmt: skip


@compiled
def sum_windows(x, images, height, width, channels, up, across, down, right, rows, columns, total):
    """Sums of counts in windows that lie inside.

    Args:
        x: uint8 [images, height, width, channels], channels a multiple of 64.
        up, across: rows, columns of a window.
        down, right: from one window to the next.
        rows, columns: of the output.
        total: filled, uint8 [images, rows, columns, channels].
    """
    at = 0
    line = width * channels
    for image in range(images):
        for row in range(rows):
            for column in range(columns):
                first = (image * height + row * down) * line + column * right * channels
                for c in range(0, channels, LANES):
                    sum_64(x, first + c, up, line, across, channels, total, at + c)
                at += channels
