"""Arrays that a thread fills again."""

import numpy as np
import pytest

from .small import conv

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine import room  # noqa: E402
from tssd.engine.events import Events  # noqa: E402

from .layers import signal, step_of  # noqa: E402

RANDOM = np.random.default_rng(0)
STEP = step_of(conv(RANDOM, "c", "x", (200, 3, 3), 6), bits=7)


def test_a_thread_forgets_shapes_before_there_are_too_many(monkeypatch):
    monkeypatch.setattr(room, "REMEMBERED", 1)
    events = Events([STEP])
    few, more = (signal(STEP, samples=n) for n in (1, 2))
    found = [events.layer(STEP, x, None, 2, False)[0].array for x in (few, more, few)]
    assert np.array_equal(found[0], found[2])


def test_what_is_released_is_filled_again():
    events = Events([STEP])
    x = signal(STEP)
    first = events.layer(STEP, x, None, 2, False)[0]
    expected = first.array.copy()
    events.release(first)
    again = events.layer(STEP, x, None, 2, False)[0]
    assert again.array is first.array
    assert np.array_equal(again.array, expected)
