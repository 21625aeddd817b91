"""Neurons of a block of outputs and of a whole layer, and pools of spikes; compiled by numba."""

# numba fills in an intrinsic's first argument.
# pyright: reportCallIssue=false

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

from tssd.engine.packing import LANES, LANES_OF_FLOATS
from tssd.engine.vectors import (
    copy_floats,
    fire_32,
    fire_64,
    largest_in_window,
    scale_32,
    scale_64,
    sum_in_window,
)

# Modules of this package whose code or numbers go into kernels.
SOURCES = (
    "firing", "kernels", "listing", "packing", "row_sums", "values_kernel", "vectors", "words",
)  # fmt: skip


def _digest() -> str:
    """Of the sources: another one where any of them was changed."""
    files = (Path(__file__).with_name(f"{name}.py") for name in SOURCES)
    return hashlib.sha256(b"".join(f.read_bytes() for f in files if f.exists())).hexdigest()[:16]


DIGEST = _digest()


def compiled(function: Callable[..., Any]) -> Any:
    """A kernel, kept on disk where there is a place for it, until any of the sources changes."""
    # numba names what it keeps by it, and would else look for changes in the function's file alone.
    function.__qualname__ = f"{function.__name__}_{DIGEST}"
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder that could be written
        return njit(nogil=True)(function)


# A part of a kernel: arrays are structures of seven numbers, which would all go over the stack.
inlined = njit(nogil=True, forceinline=True)


@inlined
def fire(
    sums, sum_at, scale, bias, first, count, neurons, neuron_at, each, v, at, spikes, spike_at, kept
):
    """One timestep of the neurons of a block of outputs; v is replaced.

    Args:
        sums: of the block, from `sum_at` on; the current is scale * sums + bias.
        scale, bias: of the block from `first` on.
        count: outputs of the block.
        neurons: decay, threshold, keep, after, from `neuron_at` on: `each` numbers of each kind, 1
            if all neurons are the same.
        v: membranes, the block's from `at` on.
        spikes: filled, the block's from `spike_at` on.
        kept: bits of what stands in `spikes` that are kept, and added to: 255, or 0.
    """
    if each == 1 and count == LANES:
        fire_64(sums, sum_at, scale, bias, first, neurons, neuron_at, v, at, spikes, spike_at, kept)
        return
    if each == 1 and count == LANES_OF_FLOATS:
        fire_32(sums, sum_at, scale, bias, first, neurons, neuron_at, v, at, spikes, spike_at, kept)
        return
    for j in range(count):
        o = neuron_at if each == 1 else neuron_at + j
        x = sums[sum_at + j] * scale[first + j] + bias[first + j]
        h = neurons[o] * v[at + j] + x
        fired = h >= neurons[each + o]
        spikes[spike_at + j] = (spikes[spike_at + j] & kept) + fired
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
def fire_all(
    x, gain, offset, neurons, each, initial, levels, timesteps, size, outputs, v, fresh, spikes
):
    """Neurons of a whole layer from currents, or of several levels of them, whose spikes add up.

    Args:
        x: currents, [T M C], or [M C] if all timesteps are the same.
        gain, offset: of the currents [levels C].
        neurons, each: as `fire`, a level's behind the other's.
        initial: membranes at first, in whole blocks of outputs a level, used where v is empty.
        levels: how many.
        timesteps: T.
        size: values of a timestep, M C.
        outputs: C.
        v: membranes [levels M C], replaced; empty: they begin at `initial` and are not kept.
        fresh: room for the membranes of a block of outputs.
        spikes: filled, uint8 [T M C].
    """
    from_initial = len(v) == 0
    membranes = fresh if from_initial else v
    same = len(x) == size
    blocks = (outputs + LANES - 1) // LANES
    for pixel in range(0, size, outputs):
        for first in range(0, outputs, LANES):
            count = min(LANES, outputs - first)
            for level in range(levels):
                at = level * size + pixel + first
                if from_initial:
                    at = 0
                    copy_floats(initial, level * blocks * LANES + first, LANES, fresh, 0)
                neuron_at = 4 * each * level + (0 if each == 1 else first)
                for t in range(timesteps):
                    spike_at = pixel + first + t * size
                    fire(
                        x, pixel + first if same else spike_at, gain, offset,
                        level * outputs + first, count, neurons, neuron_at, each, membranes, at,
                        spikes, spike_at, 0 if level == 0 else 255,
                    )  # fmt: skip


@compiled
def pool(
    largest, x, lanes, images, height, width, channels, up, across, down, right, rows, columns,
    pooled,
):  # fmt: skip
    """Sums or largest values in windows that lie inside, of bytes or float32.

    Args:
        largest: whether the largest are wanted.
        x: [images, height, width, channels].
        lanes: values of a vector, 64 bytes or 16 float32, of which channels are a multiple.
        up, across: rows, columns of a window.
        down, right: from one window to the next.
        rows, columns: of the output.
        pooled: filled, [images, rows, columns, channels].
    """
    at = 0
    line = width * channels
    for image in range(images):
        for row in range(rows):
            for column in range(columns):
                first = (image * height + row * down) * line + column * right * channels
                for c in range(0, channels, lanes):
                    if largest:
                        largest_in_window(x, first + c, up, line, across, channels, pooled, at + c)
                    else:
                        sum_in_window(x, first + c, up, line, across, channels, pooled, at + c)
                at += channels
