"""Where dense is faster, measured."""

import numpy as np
import pytest

from .small import conv

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine import crossover as module  # noqa: E402
from tssd.engine.events import Events  # noqa: E402

from .layers import step_of  # noqa: E402

STEP = step_of(conv(np.random.default_rng(0), "c", "x", (8, 4, 4), 6))


def test_it_is_where_the_two_times_meet(monkeypatch):
    # 1 s at 5 % and 2.75 s at 40 %: 5 s more for each event per value; dense takes 2 s.
    times = iter((1.0, 2.75, 2.0))
    monkeypatch.setattr(module, "_seconds", lambda action: next(times))
    assert module.crossover(Events([STEP]), STEP) == pytest.approx(0.25)


def test_events_that_take_no_time_are_always_taken(monkeypatch):
    monkeypatch.setattr(module, "_seconds", lambda action: 1.0)
    assert module.crossover(Events([STEP]), STEP) == np.inf


def test_it_is_measured():
    assert module.crossover(Events([STEP]), STEP) >= 0
