"""Pixels, by pencil: what fires when, at which time and with which sign."""

from itertools import pairwise

import numpy as np
import pytest

from tssd.simulate.pixels import fire, in_order


def run(levels, times, on=0.25, off=0.25):
    """Events of pixels whose log intensities are the rows of `levels`, one row a moment."""
    frames = np.array(levels, dtype=np.float32)
    pixels = frames.shape[1]
    thresholds = [np.full(pixels, value, dtype=np.float32) for value in (on, off)]
    return fire(iter(frames), np.array(times, dtype=float), on=thresholds[0], off=thresholds[1])


def test_a_pixel_that_rises_by_four_thresholds_fires_four_times_at_even_intervals():
    t, pixel, p = run([[0.0], [1.0]], [0, 1000])
    assert t.tolist() == [250, 500, 750, 1000]
    assert pixel.tolist() == [0] * 4 and p.tolist() == [1] * 4


def test_the_way_since_the_last_event_counts_across_frames():
    # 0.2 then 0.2 more: the threshold 0.25 is crossed a quarter into the second interval.
    t, _, p = run([[0.0], [0.2], [0.4]], [0, 100, 200])
    assert t == pytest.approx([125], abs=1e-3) and p.tolist() == [1]


def test_a_fall_gives_off_events_with_the_threshold_of_their_own():
    t, _, p = run([[1.0], [0.0]], [0, 1000], on=0.25, off=0.5)
    assert t.tolist() == [500, 1000] and p.tolist() == [0, 0]


def test_going_back_needs_a_whole_threshold_from_the_last_event():
    # Up by 0.375 fires at 0.25; down again from 0.375 to 0.125 stays within one threshold of it.
    t, _, _ = run([[0.0], [0.375], [0.125]], [0, 100, 200])
    assert len(t) == 1
    t, _, p = run([[0.0], [0.375], [-0.125]], [0, 100, 200])
    assert p.tolist() == [1, 0] and t[1] == pytest.approx(175)


def test_pixels_do_not_disturb_each_other_and_events_come_in_order_of_time():
    alone = [run([[0.0], [rise], [0.0]], [0, 500, 1000]) for rise in (1.0, -0.75)]
    t, pixel, p = run([[0.0, 0.0], [1.0, -0.75], [0.0, 0.0]], [0, 500, 1000])
    assert (np.diff(t) >= 0).all()
    for n, (own_t, _, own_p) in enumerate(alone):
        assert t[pixel == n].tolist() == own_t.tolist()
        assert p[pixel == n].tolist() == own_p.tolist()


def test_a_lead_brings_the_first_event_forward_and_all_others_with_it():
    frames = np.array([[0.0], [1.0]], dtype=np.float32)
    level, lead = (np.array([value], dtype=np.float32) for value in (0.25, 0.125))
    t, _, p = fire(iter(frames), np.array([0.0, 1000.0]), on=level, off=level, lead=lead)
    assert t.tolist() == [125, 375, 625, 875] and p.tolist() == [1] * 4
    t, _, p = fire(iter(-frames), np.array([0.0, 1000.0]), on=level, off=level, lead=lead)
    assert t.tolist() == [375, 625, 875] and p.tolist() == [0] * 3


def test_no_change_and_a_change_below_the_threshold_give_nothing():
    for levels in ([[0.5], [0.5]], [[0.5], [0.74]], [[0.5]]):
        t, pixel, p = run(levels, range(len(levels)))
        assert (t.dtype, pixel.dtype, p.dtype) == (np.float64, np.int64, np.uint8)
        assert len(t) == len(pixel) == len(p) == 0


def test_more_frames_of_the_same_line_give_the_same_events():
    coarse = run([[0.0], [2.0]], [0, 800])
    fine = run([[n / 4] for n in range(9)], [n * 100 for n in range(9)])
    assert coarse[0].tolist() == fine[0].tolist()


def test_a_walk_that_returns_leaves_as_many_on_as_off_events():
    steps = np.random.default_rng(3).normal(0, 0.3, (200, 50))
    walk = np.concatenate([steps.cumsum(axis=0), np.zeros((1, 50))])
    walk = np.concatenate([np.zeros((1, 50)), walk])
    t, pixel, p = run(walk, range(len(walk)))
    difference = np.bincount(pixel, np.where(p == 1, 1, -1), minlength=50)
    assert len(t) > 5000 and np.abs(difference).max() <= 1


def plain(levels, times, on, off, lead):
    """One pixel, one event after the other."""
    events, reference = [], levels[0] - lead
    for (start, end), (here, there) in zip(pairwise(times), pairwise(levels), strict=True):
        while there >= reference + on or there <= reference - off:
            reference += on if there > reference else -off
            share = (reference - here) / (there - here)
            events.append((start + share * (end - start), int(there > here)))
    return events


def test_many_pixels_agree_with_the_plain_rule():
    generator = np.random.default_rng(8)
    pixels, moments = 40, 60
    frames = generator.normal(0, 0.4, (moments, pixels)).cumsum(axis=0).astype(np.float32)
    times = generator.uniform(1, 1000, moments).cumsum()
    on, off = generator.uniform(0.1, 0.6, (2, pixels)).astype(np.float32)
    lead = (generator.uniform(0.05, 0.95, pixels) * (on + off) - off).astype(np.float32)
    t, pixel, p = fire(iter(frames), times, on=on, off=off, lead=lead)
    assert len(t) > 1500
    for n in range(pixels):
        own = [float(values[n]) for values in (on, off, lead)]
        expected = plain(frames[:, n].astype(float).tolist(), times.tolist(), *own)
        assert p[pixel == n].tolist() == [polarity for _, polarity in expected]
        assert t[pixel == n] == pytest.approx([moment for moment, _ in expected], abs=1e-3)


def test_events_at_one_time_keep_their_order():
    t, pixel, p = in_order(
        np.array([2.0, 1.0, 1.0]), np.array([0, 7, 3]), np.array([1, 0, 1], dtype=np.uint8)
    )
    assert t.tolist() == [1, 1, 2] and pixel.tolist() == [7, 3, 0] and p.tolist() == [0, 1, 1]
