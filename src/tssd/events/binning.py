"""Events to frames: counts per timestep, polarity and cell, saturating and never overflowing."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tssd.errors import DataError, UsageError
from tssd.events.pooling import Size, cells, check_size
from tssd.events.slicing import Slicing
from tssd.events.stream import Events

Counts = NDArray[np.uint8] | NDArray[np.uint16]
Index = NDArray[np.unsignedinteger]

# Events a slice. From here on one histogram a slice, which stays in the processor's cache, beats
# one for all slices, which needs fewer calls. Measured: they are equal at 2,000 to 4,000 for frames
# of 128x128, at about 6,000 for 48x48.
SLICEWISE_FROM = 4000


@dataclass(frozen=True)
class Frames:
    """What a recording becomes.

    Args:
        counts: events per timestep, polarity (0 = OFF, 1 = ON) and cell, [T, C, H, W], C
            as the recording says.
        saturated: cells that saw more events than the numbers hold, and stand at the maximum.
        empty: timesteps without events.
    """

    counts: Counts
    saturated: int
    empty: int


def frame_dtype(bits: int) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
    """Type of counts. Raises: UsageError: `bits` is neither 8 nor 16."""
    if bits not in (8, 16):
        raise UsageError(f"bits is {bits}; expected 8 (counts to 255) or 16 (counts to 65535)")
    return np.dtype(np.uint8) if bits == 8 else np.dtype(np.uint16)


def to_frames(
    events: Events,
    slicing: Slicing,
    slices: int,
    *,
    size: Size | None = None,
    bits: Literal[8, 16] = 8,
) -> Frames:
    """Count events in T timesteps, C polarities and H x W cells.

    Pixel i of n falls into cell i * H // n, so that every event counts exactly once whatever the
    size (sum pooling); for averages divide by `pooling.cell_area`.

    Args:
        events: the recording.
        slicing: how it is cut into timesteps.
        slices: T.
        size: H and W; None takes the sensor's.
        bits: 8 counts to 255, 16 to 65535.

    Raises: UsageError: a wrong option. DataError: an event lies outside of the sensor.
    """
    sensor = (events.height, events.width)
    size = sensor if size is None else size
    check_size(sensor, size)
    dtype = frame_dtype(bits)
    edges = slicing.edges(events.t, slices)
    used = slice(int(edges[0]), int(edges[-1]))
    index = _cell_index(events, used, sensor, size)
    edges = edges - edges[0]
    sizes = edges[1:] - edges[:-1]
    shape = (slices, events.channels * size[0] * size[1])
    if len(index) >= SLICEWISE_FROM * slices:
        counts, saturated = _slicewise(index, edges.tolist(), shape, dtype)
    else:
        counts, saturated = _at_once(index, sizes, shape, dtype)
    empty = slices - int(np.count_nonzero(sizes))
    return Frames(counts.reshape(slices, events.channels, *size), saturated, empty)


def _cell_index(events: Events, used: slice, sensor: Size, size: Size) -> Index:
    """Position of each event in a frame [C, H, W] laid flat."""
    x, y, p = events.x[used], events.y[used], events.p[used]
    if len(x) and (x.max() >= sensor[1] or y.max() >= sensor[0] or p.max() >= events.channels):
        raise DataError(
            f"an event has column {x.max()}, row {y.max()} or polarity {p.max()} (the largest of "
            f"each); expected below {sensor[1]}, {sensor[0]} and {events.channels}: drop such "
            "events, or correct the sensor's size"
        )
    area = size[0] * size[1]
    dtype = np.uint16 if 2 * area <= 2**16 else np.uint32
    index = cells(y, sensor[0], size[0]).astype(dtype)  # a copy, to be changed
    index *= dtype(size[1])
    index += cells(x, sensor[1], size[1]).astype(dtype, copy=False)
    index += p * dtype(area)
    return index


def _slicewise(index: Index, edges: list[int], shape: Size, dtype: np.dtype) -> tuple[Counts, int]:
    """One histogram a slice; index is cut at `edges`."""
    counts = np.empty(shape, dtype=dtype)
    saturated = 0
    for k, (first, last) in enumerate(pairwise(edges)):
        exact = np.bincount(index[first:last], minlength=shape[1])
        saturated += _saturate(exact, dtype)
        counts[k] = exact
    return counts, saturated


def _at_once(
    index: Index, sizes: NDArray[np.int64], shape: Size, dtype: np.dtype
) -> tuple[Counts, int]:
    """One histogram of all slices, which hold `sizes` events."""
    frame, total = shape[1], shape[0] * shape[1]
    shifted = np.repeat(np.arange(0, total, frame), sizes)
    shifted += index
    exact = np.bincount(shifted, minlength=total)
    saturated = _saturate(exact, dtype)
    return exact.astype(dtype), saturated


def _saturate(exact: NDArray[np.int64], dtype: np.dtype) -> int:
    """Cut counts to what `dtype` holds, in place; how many had more."""
    maximum = (1 << 8 * dtype.itemsize) - 1
    if exact.max() <= maximum:
        return 0
    over = exact > maximum
    exact[over] = maximum
    return int(np.count_nonzero(over))
