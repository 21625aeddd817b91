"""What a real sensor adds and leaves out: background events and the refractory period."""

import numpy as np
from numpy.typing import NDArray

from tssd.simulate.pixels import Fired


def background(
    rate: float, duration: float, pixels: int, *, generator: np.random.Generator
) -> Fired:
    """Events without cause: independent Poisson processes of all pixels, half of the events ON.

    Args:
        rate: events a second and pixel.
        duration: length of the recording in microseconds.
        pixels: number of pixels.
        generator: source of the randomness.

    Returns:
        Time in microseconds, pixel and polarity of each event [E], in no order.
    """
    count = int(generator.poisson(rate * duration * 1e-6 * pixels))
    t = generator.uniform(0, duration, count)
    pixel = generator.integers(0, pixels, count)
    return t, pixel, generator.integers(0, 2, count, dtype=np.uint8)


def outlast(
    t: NDArray[np.float64], pixel: NDArray[np.int64], *, refractory: float
) -> NDArray[np.bool_]:
    """Which events remain if a pixel is silent for a time after each event that it sends.

    Args:
        t: times in microseconds, never falling, [E].
        pixel: pixel of each event, [E].
        refractory: silence in microseconds; an event that comes exactly at its end is sent.
    """
    keep = np.ones(len(t), dtype=bool)
    if refractory <= 0 or not len(t):
        return keep
    order = np.argsort(pixel, kind="stable")
    sorted_pixel = pixel[order]
    first = np.flatnonzero(np.r_[True, sorted_pixel[1:] != sorted_pixel[:-1]])
    length = np.diff(np.r_[first, len(t)])
    last_sent = np.full(len(first), -np.inf)
    # The n-th events of all pixels at once: what comes later depends on what was sent before.
    for rank in range(int(length.max())):
        has = np.flatnonzero(length > rank)
        event = order[first[has] + rank]
        sent = t[event] - last_sent[has] >= refractory
        keep[event] = sent
        last_sent[has[sent]] = t[event[sent]]
    return keep
