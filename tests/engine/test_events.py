"""What runs event by event, what runs dense, and who works on it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from .small import conv

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine import events as module  # noqa: E402
from tssd.engine.events import Events  # noqa: E402
from tssd.engine.values import Signal  # noqa: E402

from .layers import check, signal, step_of  # noqa: E402

RANDOM = np.random.default_rng(0)
STEP = step_of(conv(RANDOM, "c", "x", (200, 3, 3), 6), bits=7)


def test_a_layer_in_groups_runs_dense():
    step = step_of(conv(RANDOM, "c", "x", (8, 3, 3), 6, groups=2))
    assert step.name not in Events([step]).prepared
    check(step, signal(step))


def test_too_many_events_are_run_dense(monkeypatch):
    calls = []
    currents = module.reference.currents
    monkeypatch.setattr(module.reference, "currents", lambda *a: calls.append(a) or currents(*a))
    events = Events([STEP])
    x = signal(STEP)
    share = x.array.mean()
    found = []
    for limit in (share + 0.01, share - 0.01):
        events.run_dense_above([STEP], limit)
        found.append(events.layer(STEP, x, None, 2, False)[0].array)
    assert len(calls) == 1
    assert np.array_equal(*found)


def test_real_values_do_not_meet_whole_numbers_as_float32():
    x = signal(STEP)
    values = Signal(x.array.astype(np.float32) / 4)
    assert STEP.weights.bits
    found = check(STEP, values)
    assert 0 < found.array.mean() < 1


def test_blocks_are_spread_over_threads():
    x = signal(STEP)
    events = Events([STEP])
    with ThreadPoolExecutor(2) as pool:
        found = events.spread(pool, 3).layer(STEP, x, None, 2, False)[0]
    assert np.array_equal(found.array, events.layer(STEP, x, None, 2, False)[0].array)


def test_room_grows_and_inputs_of_other_shapes_do_not_disturb():
    events = Events([STEP])
    small, large = signal(STEP), signal(STEP, samples=5, timesteps=3, top=4)
    first = events.layer(STEP, small, None, 2, False)[0].array
    events.layer(STEP, large, None, 3, False)
    assert np.array_equal(events.layer(STEP, small, None, 2, False)[0].array, first)
