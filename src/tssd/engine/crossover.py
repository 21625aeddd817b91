"""Where the dense path of a layer becomes faster than its events: measured, not guessed."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tssd.engine import reference
from tssd.engine.plan import Step
from tssd.engine.values import Signal

if TYPE_CHECKING:
    from tssd.engine.events import Events

# Events per input value at which events are timed; in between they take time by their number.
SPARSE, CROWDED = 0.05, 0.4
ROUNDS = 3


def crossover(events: "Events", step: Step) -> float:
    """Events per input value at which both paths of a layer take as long, on this machine now.

    Args:
        events: runs the layer.
        step: it.
    """
    assert step.weights is not None
    shape = _input_shape(step)
    random = np.random.default_rng(0).random(shape)
    times = []
    for share in (SPARSE, CROWDED):
        spikes = Signal((random < share).astype(np.uint8), top=1)
        times.append(_seconds(lambda x=spikes: events.layer(step, x, None, 1, False)))
    x = spikes

    def dense() -> None:
        values = reference.currents(x, step.weights, step.size)  # pyright: ignore[reportArgumentType]
        if step.neurons is not None:
            events.fire(step, values, None, 1, False)

    each = (times[1] - times[0]) / (CROWDED - SPARSE)
    if each <= 0:
        return np.inf
    return max(0.0, SPARSE + (_seconds(dense) - times[0]) / each)


def _seconds(action: Callable[[], object]) -> float:
    """The shortest of some runs, behind one that may compile."""
    shortest = np.inf
    action()
    for _ in range(ROUNDS):
        start = time.thread_time()
        action()
        shortest = min(shortest, time.thread_time() - start)
    return float(shortest)


def _input_shape(step: Step) -> tuple[int, ...]:
    """(T, N, H, W, C) of one sample that gives the step's output."""
    weights = step.weights
    assert weights is not None
    along = zip(
        step.size, weights.kernel, weights.stride, weights.padding, weights.dilation, strict=True
    )
    size = [max(1, (n - 1) * s + d * (k - 1) + 1 - 2 * p) for n, k, s, p, d in along]
    channels = weights.matrix.shape[1] // (weights.kernel[0] * weights.kernel[1])
    return 1, 1, *size, channels
