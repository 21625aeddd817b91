"""The closed loop: corners, speed, closure, and the moments that are rendered."""

import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.simulate.movement import ClosedLoop


def test_the_corners_are_a_diamond_passed_in_equal_times():
    loop = ClosedLoop(amplitude=2.0, period=40.0)
    corners = loop.offsets(np.array([0, 10e3, 20e3, 30e3, 40e3]))
    assert corners.tolist() == [[-2, 0], [0, -2], [2, 0], [0, 2], [-2, 0]]


def test_the_speed_is_constant_along_straight_sides():
    loop = ClosedLoop(amplitude=3.0, period=200.0, step=0.1)
    times = loop.times(200.0)
    way = np.diff(loop.offsets(times), axis=0)
    assert np.hypot(*way.T) == pytest.approx(4 * 3 * 2**0.5 / (len(times) - 1))
    assert np.hypot(*way.T).max() <= 0.1
    assert np.abs(way[:, 0]) == pytest.approx(np.abs(way[:, 1]))


def test_every_loop_repeats_the_first_exactly():
    loop = ClosedLoop()
    times = loop.times(1300.0)
    offsets = loop.offsets(times)
    one = len(loop.times(200.0)) - 1
    for k in range(1, 6):
        assert (offsets[k * one : (k + 1) * one] == offsets[:one]).all()


def test_the_corners_are_among_the_moments_and_the_last_covers_the_duration():
    loop = ClosedLoop(amplitude=4.0, period=200.0, step=0.25)
    times = loop.times(130.0)
    assert times[0] == 0 and times[-2] < 130e3 <= times[-1]
    assert {50e3, 100e3} <= set(times.tolist())


def test_without_amplitude_nothing_moves():
    loop = ClosedLoop(amplitude=0.0)
    assert not loop.offsets(loop.times(300.0)).any()


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"amplitude": -1.0}, "amplitude is -1.0"),
        ({"period": 0.0}, "period is 0.0"),
        ({"step": float("nan")}, "step is nan"),
    ],
)
def test_a_value_out_of_range_is_refused(options, found):
    with pytest.raises(UsageError, match=f"movement {found}, expected"):
        ClosedLoop(**options)
