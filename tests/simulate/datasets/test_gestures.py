"""The simulated hands: where they go, which way round, and what their rims fire."""

import numpy as np
import pytest

from tssd.simulate.datasets.gestures import (
    ARM_ROLL,
    GESTURES,
    LEFT,
    OTHER,
    RIGHT,
    SIZE,
    Hand,
    Manner,
    events_of,
    hands_of,
)


def record(hands, seconds=1.0, rate=20_000.0, **manner):
    return events_of(
        hands,
        Manner(speed=1.0, **manner),
        duration=seconds * 1e6,
        rate=rate,
        generator=np.random.default_rng(0),
    )


def centres(t, pixel, slices=16):
    """Mean place of the events in each slice of time, (right, down)."""
    row, column = np.divmod(pixel, SIZE)
    which = (t * slices / 1e6).astype(int)
    count = np.bincount(which, minlength=slices)
    return np.stack([np.bincount(which, axis) / count for axis in (column, row)], axis=1)


def turned(way):
    """Signed area that a closed way encloses: positive is clockwise on the picture."""
    following = np.roll(way, -1, axis=0)
    return float((way[:, 0] * following[:, 1] - way[:, 1] * following[:, 0]).sum() / 2)


def test_a_hand_that_moves_right_is_on_at_its_right_and_off_at_its_left():
    # A quarter of a swing from the middle to the right.
    hand = Hand((64, 64), (20, 0))
    t, pixel, p = events_of(
        [hand], Manner(speed=1.0), duration=0.1e6, rate=50_000, generator=np.random.default_rng(1)
    )
    middle = 64 + 20 * np.sin(2 * np.pi * t * 1e-6)
    ahead = pixel % SIZE + 0.5 - middle
    assert ahead[p == 1].mean() > 4 and ahead[p == 0].mean() < -4
    assert abs(p.mean() - 0.5) < 0.05


def test_events_come_at_the_rate_asked_for_and_in_order():
    t, pixel, p = record(hands_of(0, np.random.default_rng(0)), seconds=2.0)
    assert len(t) == pytest.approx(40_000, rel=0.05)
    assert (np.diff(t) >= 0).all() and t[0] >= 0 and t[-1] < 2e6
    assert pixel.min() >= 0 and pixel.max() < SIZE**2 and p.dtype == np.uint8


@pytest.mark.parametrize(
    ("name", "side", "sign"),
    [
        ("right_arm_clockwise", RIGHT, 1),
        ("right_arm_counter_clockwise", RIGHT, -1),
        ("left_arm_clockwise", LEFT, 1),
        ("left_arm_counter_clockwise", LEFT, -1),
    ],
)
def test_arms_circle_the_way_that_their_name_says(name, side, sign):
    t, pixel, _ = record(hands_of(GESTURES.index(name), np.random.default_rng(0)))
    way = centres(t, pixel)
    assert sign * turned(way) > 1000
    assert way[:, 0].mean() == pytest.approx(side, abs=2)


def test_the_second_arm_roll_turns_the_other_way():
    for backward, sign in ((False, 1), (True, -1)):
        hands = hands_of(ARM_ROLL, np.random.default_rng(0), backward=backward)
        one = hands[:1]
        assert len(hands) == 2 and sign * turned(centres(*record(one)[:2])) > 200


def test_waving_hands_stay_on_their_side():
    for name, side in (("right_hand_wave", RIGHT), ("left_hand_wave", LEFT)):
        _, pixel, _ = record(hands_of(GESTURES.index(name), np.random.default_rng(0)))
        assert np.abs(pixel % SIZE - side).max() < 30


def test_only_other_gestures_are_drawn_by_lot():
    for label in range(len(GESTURES)):
        first, second = (hands_of(label, np.random.default_rng(seed)) for seed in (1, 2))
        assert (first != second) == (label == OTHER)


def test_a_person_is_somewhere_and_moves_widely_or_narrowly():
    hands = hands_of(3, np.random.default_rng(0))
    usual = centres(*record(hands)[:2])
    moved = centres(*record(hands, shift=(5, -3), scale=0.5)[:2])
    assert (moved.mean(axis=0) - usual.mean(axis=0)).tolist() == pytest.approx([5, -3], abs=0.5)
    assert np.ptp(moved, axis=0) == pytest.approx(np.ptp(usual, axis=0) / 2, rel=0.1)


def test_hands_that_do_not_move_or_no_events_wanted_give_an_empty_stream():
    assert len(record([Hand((64, 64), (0, 0))])[0]) == 0
    assert len(record([Hand((64, 64), (9, 9))], rate=1e-9)[0]) == 0
