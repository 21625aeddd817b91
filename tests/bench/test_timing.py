import pytest

from tssd.bench import timing
from tssd.bench.timing import LEAST, MOST, Spread, interleaved


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until an action moves it; CPU time is half of it."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(timing.time, "perf_counter", lambda: Clock.now)
    monkeypatch.setattr(timing.time, "process_time", lambda: Clock.now / 2)
    return Clock


def test_quartiles_are_those_of_the_calls():
    assert Spread.of([0.001, 0.002, 0.003, 0.004, 0.005]) == Spread(3.0, 2.0, 4.0)


def test_rounds_are_interleaved_and_each_begins_with_another(clock):
    seen = []

    def action(name, seconds):
        def act(turn):
            seen.append((name, turn))
            clock.now += seconds * (1 + turn)

        return act

    found = interleaved({"a": action("a", 1), "b": action("b", 3)}, seconds=0)
    assert seen[:4] == [("a", 0), ("b", 0)] * 2  # not counted
    counted = seen[5::2]
    assert counted[:6] == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]
    # Each right behind a call that is not, with other samples.
    assert seen[4::2] == [(name, turn - 1) for name, turn in counted]
    assert (found["a"].rounds, len(counted)) == (LEAST, 2 * LEAST)
    assert found["a"].wall == Spread(3000, 2000, 4000)
    assert found["b"].cpu == Spread(4500, 3000, 6000)


@pytest.mark.parametrize(("seconds", "rounds"), [(40, 10), (1e9, MOST)])
def test_rounds_are_as_many_as_there_is_time_for(clock, seconds, rounds):
    def act(_):
        clock.now += 2

    assert interleaved({"a": act}, seconds=seconds)["a"].rounds == rounds
