"""The pixel: it fires whenever log intensity has moved by a threshold since its last event."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]
Int64s = NDArray[np.int64]
# Share of a threshold that counts as reached: where the comparison sees a crossing, rounding must
# not hide it from the division, or it would fire in the next interval, in which nothing need move.
ROUNDING = 1e-9

Fired = tuple[NDArray[np.float64], Int64s, NDArray[np.uint8]]


def fire(
    frames: Iterable[Float32s],
    times: NDArray[np.float64],
    *,
    on: Float32s,
    off: Float32s,
    lead: Float32s | None = None,
) -> Fired:
    """Events of all pixels, whose log intensity L moves linearly from each frame to the next.

        reference = L(first frame) - lead + n_on * on - n_off * off
        ON while L >= reference + on, OFF while L <= reference - off

    Args:
        frames: log intensity of each pixel, F times float32 [P].
        times: moments of the frames, rising, in microseconds, [F].
        on: ON threshold of each pixel, [P].
        off: OFF threshold of each pixel, [P].
        lead: how far each pixel has come since its last event at the first frame, in log intensity,
            -off < lead < on, [P]; None if all have just fired.

    Returns:
        Time in microseconds, pixel and polarity (1 = ON) of each event [E], in order of time.
    """
    moments = times.tolist()
    remaining = iter(frames)
    before = next(remaining)
    first = before.astype(np.float64) - (0 if lead is None else lead)
    # Counting steps instead of adding them up: a loop of the image leaves no rounding behind.
    ups, downs = np.zeros((2, len(on)))
    reference, above, under = first.copy(), first + on, first - off
    found: list[Fired] = []
    for start, end, after in zip(moments[:-1], moments[1:], remaining, strict=True):
        crossed = np.flatnonzero((after >= above) | (after <= under))
        if len(crossed):
            old, here, there = reference[crossed], before[crossed], after[crossed]
            rising = there > old
            step_up, step_down = (x[crossed].astype(np.float64) for x in (on, off))
            step = np.where(rising, step_up, step_down)
            count = np.floor(np.abs(there - old) / step + ROUNDING)
            ups[crossed] += count * rising
            downs[crossed] += count * ~rising
            event, rank = _ranks(count.astype(np.int64))
            levels = old[event] + rank * np.where(rising, step, -step)[event]
            share = (levels - here[event]) / (there - here)[event]
            moment = start + share.clip(0, 1) * (end - start)
            found.append(in_order(moment, crossed[event], rising[event].astype(np.uint8)))
            new = first[crossed] + ups[crossed] * step_up - downs[crossed] * step_down
            reference[crossed], above[crossed], under[crossed] = new, new + step_up, new - step_down
        before = after
    return joined(found)


def joined(parts: Sequence[Fired]) -> Fired:
    """One stream after the other; none at all give an empty one."""
    return (
        np.concatenate([np.empty(0), *(t for t, _, _ in parts)]),
        np.concatenate([np.empty(0, dtype=np.int64), *(pixel for _, pixel, _ in parts)]),
        np.concatenate([np.empty(0, dtype=np.uint8), *(p for _, _, p in parts)]),
    )


def in_order(t: NDArray[np.float64], pixel: Int64s, p: NDArray[np.uint8]) -> Fired:
    """Sort events by time; those at the same time stay in the order that they had."""
    order = np.argsort(t, kind="stable")
    return t[order], pixel[order], p[order]


def _ranks(count: Int64s) -> tuple[Int64s, Int64s]:
    """Number each of several groups' members: [2, 1] -> groups [0, 0, 1], ranks [1, 2, 1]."""
    group = np.repeat(np.arange(len(count)), count)
    return group, np.arange(1, len(group) + 1) - np.repeat(np.cumsum(count) - count, count)
