"""A pass through the steps."""

import numpy as np

from tssd.engine.dense import Dense
from tssd.engine.plan import needed, plan
from tssd.engine.running import Pass
from tssd.engine.values import from_input

from .small import frames, network

STEPS = needed(plan(network(), 0), ("early", "head"))
X, _ = from_input(frames(), None, (2, 9, 8))


def run(**options):
    return Pass(STEPS, Dense(), X, 4, **options)


def test_it_stops_where_it_is_told_and_goes_on_from_there():
    halves = run()
    halves.until("early")
    assert "head" not in halves.signals
    assert np.array_equal(halves.until("early").array, run().until("early").array)
    assert np.array_equal(halves.until("head").array, run().until("head").array)
    assert set(halves.signals) == {"early", "head"}


def test_samples_that_are_taken_out_change_nothing_for_the_others():
    some = run(keep=True)
    some.until("early")
    some.keep_only(np.array([0, 2]))
    whole = run(keep=True)
    assert np.array_equal(some.until("head").array, whole.until("head").array[:, [0, 2]])
    for name, v in some.state.items():
        assert np.array_equal(v, whole.state[name][[0, 2]]), name


def test_membranes_are_kept_on_demand():
    assert set(_state(run(keep=True))) == {node.name for node in network().neurons()}
    assert _state(run()) == {}


def _state(passing):
    passing.until("head")
    return passing.state


def test_outputs_on_the_way_are_shown():
    shown = dict(run().every(["sum", "pool"]))
    assert {name: s.top for name, s in shown.items()} == {"sum": 2, "pool": 8}


def test_what_nobody_needs_is_released_but_for_the_input_and_what_was_shown():
    class Counting(Dense):
        released = 0

        def release(self, signal):
            self.released += 1

    runner = Counting()
    passing = Pass(STEPS, runner, X, 4)
    list(passing.every(["sum", "pool"]))
    assert runner.released == len(STEPS) - len({"early", "head"}) - len({"sum", "pool"})
