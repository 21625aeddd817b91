"""One simulated trial: twelve gestures, their windows, and the original's label error."""

import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.simulate.datasets.gesture_trial import ORDER, GestureStyle, record_trial

STYLE = GestureStyle(seconds=0.5, rate=4000.0, seed=1)


def test_a_trial_holds_every_gesture_once_and_the_arm_roll_twice():
    assert ORDER == (0, 1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10)
    _, windows = record_trial("user01_led", 1, 3, style=STYLE)
    assert tuple(window.label for window in windows) == ORDER


def test_windows_follow_each_other_with_a_pause_and_last_about_as_asked():
    _, windows = record_trial("user01_led", 1, 3, style=STYLE)
    for before, after in zip(windows, windows[1:], strict=False):
        assert after.start - before.end == 75_000
    lengths = [window.end - window.start for window in windows]
    assert min(lengths) >= 450_000 and max(lengths) <= 550_000


def test_gestures_fire_at_the_rate_and_pauses_only_by_noise():
    events, windows = record_trial("user01_led", 1, 3, style=STYLE)
    within = [len(events.between(w.start, w.end)) / (w.end - w.start) * 1e6 for w in windows]
    assert np.mean(within) == pytest.approx(4000 * 1.05, rel=0.05)
    assert len(events.between(0, windows[0].start)) < 40  # 0.075 s of 200 events a second
    assert (events.height, events.width) == (128, 128) and (np.diff(events.t) >= 0).all()
    assert events.t.dtype == np.int64 and events.x.dtype == events.y.dtype == np.uint16
    assert events.p.dtype == np.uint8


def test_only_one_trial_has_the_label_error_and_its_events_are_as_they_would_be():
    good, sound = record_trial("user21_led", 22, 3, style=STYLE)
    bad, wrong = record_trial("user22_led", 22, 3, style=STYLE)
    assert (good.t == bad.t).all()
    assert [a != b for a, b in zip(sound, wrong, strict=True)].index(True) == 9
    assert sum(a != b for a, b in zip(sound, wrong, strict=True)) == 1
    assert wrong[9].label == 8 and wrong[10].start < wrong[9].end < wrong[10].end


def test_the_same_arguments_give_the_same_trial_and_others_do_not():
    def times(user, light, seed=1):
        style = GestureStyle(seconds=0.2, rate=2000.0, seed=seed)
        return record_trial("user01_led", user, light, style=style)[0].t.tobytes()

    first = times(1, 3)
    assert times(1, 3) == first
    assert len({first, times(2, 3), times(1, 4), times(1, 3, seed=2)}) == 4


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"seconds": 0.0}, "gesture seconds is 0.0"),
        ({"rate": float("inf")}, "gesture rate is inf"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_a_value_out_of_range_is_refused(options, found):
    with pytest.raises(UsageError, match=f"{found}, expected"):
        GestureStyle(**options)
