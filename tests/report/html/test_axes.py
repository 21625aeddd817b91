import math

import pytest

from tssd.report.html.axes import Axis, stretch, ticks


def test_places_are_linear_and_may_run_upwards():
    axis = Axis(0, 10, 300, 100)
    assert [axis.place(v) for v in (0, 5, 10)] == [300, 200, 100]


def test_equal_ratios_take_equal_room_on_a_logarithmic_axis():
    axis = Axis(0.01, 1, 0, 200, log=True)
    assert [round(axis.place(v), 6) for v in (0.01, 0.1, 1)] == [0, 100, 200]
    assert axis.ticks() == pytest.approx([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1])


def test_many_decades_have_few_ticks():
    assert 3 <= len(Axis(1e-9, 1e9, 0, 1, log=True).ticks()) <= 8


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (30.6, 38.8, [32, 34, 36, 38]),
        (-1, 1, [-1, -0.5, 0, 0.5, 1]),
        (0, 0.003, [0, 0.001, 0.002, 0.003]),
    ],
)
def test_ticks_are_round_and_inside(low, high, expected):
    assert ticks(low, high) == expected


def test_a_stretch_holds_all_finite_values_with_air():
    low, high = stretch([10, 20, math.nan, math.inf])
    assert low < 10 < 20 < high < 30
    assert stretch([0, 1])[0] == 0  # nothing lies below zero
    assert stretch([-1, 1])[0] < -1


@pytest.mark.parametrize("values", [[], [math.nan], [5], [0], [0, 0]])
def test_a_stretch_is_never_empty(values):
    for log in (False, True):
        low, high = stretch(values, log=log)
        assert low < high
        assert low > 0 or not log
        assert Axis(low, high, 0, 1, log).ticks() is not None


def test_nothing_to_divide_is_one_tick():
    assert ticks(1.0, 1.0) == [1.0]
    assert ticks(0.0, 5e-324) == [0.0]
    assert ticks(0.0, float("inf")) == [0.0]
    assert stretch([1.0, 1e308]) == stretch([1.0])
