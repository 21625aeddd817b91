import logging

import numpy as np
import pytest

from tssd.errors import DataError
from tssd.events.order import checked_events, noted

SIZE = (20, 30)


def fields(t, x=None, y=None, p=None):
    n = len(t)
    x = np.arange(n) % 30 if x is None else np.asarray(x)
    y = np.arange(n) % 20 if y is None else np.asarray(y)
    p = np.arange(n) % 2 if p is None else np.asarray(p)
    return np.asarray(t, dtype=np.int64), x, y, p


def check(*args, strict=False, clauses=()):
    return checked_events(fields(*args), SIZE, name="a.bin", strict=strict, clauses=clauses)


def test_sound_events_pass_unchanged_and_unnoted(caplog):
    events = check([3, 3, 8], strict=True)
    assert events.t.tolist() == [3, 3, 8]
    assert events.x.tolist() == [0, 1, 2]
    assert (events.t.dtype, events.x.dtype, events.p.dtype) == (np.int64, np.uint16, np.uint8)
    assert (events.height, events.width, events.notes) == (20, 30, ())
    assert not caplog.records


@pytest.mark.parametrize(("axis", "value"), [("x", 30), ("x", -1), ("y", 20), ("y", -1)])
def test_one_percent_off_the_sensor_is_dropped_and_counted(axis, value):
    n = 100
    off = {axis: np.r_[np.zeros(n - 1, dtype=np.int64), value]}
    t, x, y, p = fields(np.arange(n), **off)
    events = checked_events((t, x, y, p), SIZE, name="a.bin", strict=False)
    assert events.t.tolist() == list(range(n - 1))
    assert events.notes == ("a.bin has 1 of 100 events off the sensor of 30x20, dropped",)


def test_more_than_one_percent_off_the_sensor_is_refused():
    x = np.r_[np.zeros(97, dtype=np.int64), 40, 50]
    with pytest.raises(DataError, match=r"a\.bin has 2 of 99 events off .* 30x20 .* x 40, y 17:"):
        check(np.arange(99), x)


def test_a_coordinate_beyond_uint16_does_not_wrap_onto_the_sensor():
    x = np.r_[np.zeros(199, dtype=np.int64), 2**16]
    assert len(check(np.arange(200), x)) == 199


def test_small_steps_back_are_sorted_stably_and_noted():
    events = check([10, 30, 20, 30, 25])
    assert events.t.tolist() == [10, 20, 25, 30, 30]
    assert events.x.tolist() == [0, 2, 4, 1, 3]
    assert events.y.tolist() == [0, 2, 4, 1, 3]
    assert events.p.tolist() == [0, 0, 0, 1, 1]
    assert events.notes == ("a.bin goes back in time 2 times, by up to 10 us, sorted",)


def test_events_of_one_time_keep_their_order():
    # More than the few that any way to sort leaves in order.
    t = [10, 30, 20, 30, 25] * 40
    n = np.arange(len(t))
    events = check(t, n % 30, n // 30)
    assert (30 * events.y + events.x).tolist() == sorted(n.tolist(), key=t.__getitem__)


def test_a_step_back_just_below_a_second_is_sorted():
    assert check([0, 1_000_000, 1]).t.tolist() == [0, 1, 1_000_000]


@pytest.mark.parametrize("t", [[0, 1_000_000, 0], [0, 1_200_000, 600_000, 100_000]])
def test_a_reset_of_the_clock_is_refused_in_one_step_or_several(t):
    with pytest.raises(DataError, match=rf"goes back in time by 1\S* s at event {len(t) - 1}"):
        check(t)


def test_steps_beyond_int64_are_refused():
    with pytest.raises(DataError, match="goes back in time by 1.84467e"):
        check([2**63 - 1, -(2**63)])


def test_no_events_is_noted():
    events = check([])
    assert (len(events), events.notes) == (0, ("a.bin holds no events",))


@pytest.mark.parametrize("t", [[], [5, 4]])
def test_strict_raises_instead_of_repairing(t):
    with pytest.raises(DataError, match=r"^a\.bin (holds no events|goes back).*without strict$"):
        check(t, strict=True)


def test_everything_found_is_logged_once_as_a_warning(caplog):
    caplog.set_level(logging.INFO, logger="tssd")
    events = check([5, 4], clauses=["is cut off"])
    assert events.notes == (
        "a.bin is cut off",
        "a.bin goes back in time 1 times, by up to 1 us, sorted",
    )
    (record,) = caplog.records
    assert (record.levelname, record.name) == ("WARNING", "tssd")
    assert record.getMessage() == (
        "a.bin is cut off; goes back in time 1 times, by up to 1 us, sorted"
    )


def test_nothing_to_note_is_not_logged(caplog):
    assert noted([], name="a.bin", strict=True) == ()
    assert not caplog.records


def test_many_events_at_one_time_are_noted_and_a_few_are_not():
    (note,) = check([7] * 1000).notes
    assert note.startswith("a.bin has all its 1000 events at one time, 7 us: it is damaged, or its")
    with pytest.raises(DataError, match="at one time"):
        check([7] * 1000, strict=True)
    assert check([7] * 999).notes == check([7] * 999 + [8]).notes == ()
