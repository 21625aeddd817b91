"""Whole recordings: physics that a pencil can check, and the contracts of Events."""

from dataclasses import replace

import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.simulate import DVS128, ClosedLoop, DvsCamera, simulate

SMALL = DvsCamera(size=32)


class Slide:
    """One pixel to the right in 10 ms, and on."""

    def times(self, duration):
        return np.arange(int(duration) + 1) * 1000.0

    def offsets(self, times):
        return np.stack([times / 10_000, np.zeros_like(times)], axis=1)


@pytest.fixture
def picture():
    coarse = np.random.default_rng(4).integers(0, 256, (3, 8, 8), dtype=np.uint8)
    return coarse.repeat(2, axis=1).repeat(2, axis=2)


def test_a_bright_bar_that_moves_right_is_on_at_its_front_and_off_at_its_back():
    image = np.zeros((32, 32), dtype=np.uint8)
    image[:, 12:20] = 255
    events = simulate(image, SMALL, Slide(), duration=40.0)
    on, off = (set(events.x[events.p == p].tolist()) for p in (1, 0))
    assert min(on) >= 20 and max(on) <= 24
    assert min(off) >= 12 and max(off) <= 16
    assert np.bincount(events.y).tolist() == [len(events) // 32] * 32
    # From black to white are ln(1.05 / 0.05) / 0.3 = 10.1 thresholds.
    assert np.bincount(events.x, events.p == 1)[20:23].tolist() == [320, 320, 320]


def test_a_still_image_gives_no_events_whatever_its_contrast(picture):
    events = simulate(picture, SMALL, ClosedLoop(amplitude=0.0), duration=100.0)
    assert len(events) == 0 and events.t.dtype == np.int64


def test_doubling_the_thresholds_about_halves_the_events(picture):
    counts = [
        len(simulate(picture, DvsCamera(level, level, size=32), ClosedLoop(), duration=200.0))
        for level in (0.05, 0.1)
    ]
    assert counts[1] / counts[0] == pytest.approx(0.5, abs=0.05)


def test_whole_loops_end_where_they_began(picture):
    camera = replace(SMALL, size=64)
    # A little longer than three loops: an event exactly at the end counts as the next loop's.
    events = simulate(picture, camera, ClosedLoop(period=20.0), duration=60.001)
    where = events.y.astype(int) * 64 + events.x
    difference = np.bincount(where, np.where(events.p == 1, 1, -1), minlength=64 * 64)
    assert len(events) > 10_000 and np.abs(difference).max() <= 1


def test_the_loops_of_a_noiseless_recording_are_alike(picture):
    events = simulate(picture, SMALL, ClosedLoop(period=20.0), duration=60.01)
    # A step back to the very level of the start fires exactly when the loop ends: count it there.
    counts = [len(events.between(start, start + 20_000)) for start in (1, 20_001, 40_001)]
    assert counts[0] == pytest.approx(counts[1], rel=1e-3)
    assert counts[1] == pytest.approx(counts[2], rel=1e-3)


def test_a_running_camera_fires_from_the_beginning(picture):
    share = {}
    for running in (False, True):
        camera = replace(SMALL, running=running)
        events = simulate(picture, camera, ClosedLoop(), duration=40.0)
        share[running] = len(events.between(0, 5000)) / len(events.between(20_000, 25_000))
    assert share[False] < 0.25 and share[True] == pytest.approx(0.75, abs=0.25)


def test_even_running_a_still_camera_gives_nothing_and_whole_loops_return(picture):
    camera = replace(SMALL, running=True)
    assert len(simulate(picture, camera, ClosedLoop(amplitude=0.0), duration=100.0)) == 0
    events = simulate(picture, camera, ClosedLoop(period=20.0), duration=60.0)
    where = events.y.astype(int) * 32 + events.x
    assert np.abs(np.bincount(where, np.where(events.p == 1, 1, -1))).max() == 1


def test_noise_alone_comes_at_its_rate():
    camera = replace(SMALL, noise_rate=5.0)
    flat = np.full((4, 4), 128, dtype=np.uint8)
    events = simulate(flat, camera, ClosedLoop(), duration=1000.0, seed=1)
    expected = 5.0 * 32 * 32
    assert abs(len(events) - expected) < 4 * expected**0.5


def test_a_refractory_period_parts_the_events_of_a_pixel(picture):
    camera = replace(SMALL, refractory=3000.0, noise_rate=5.0)
    events = simulate(picture, camera, ClosedLoop(), duration=200.0)
    where = events.y.astype(int) * 32 + events.x
    order = np.argsort(where, kind="stable")
    gaps = np.diff(events.t[order])[np.diff(where[order]) == 0]
    assert len(gaps) > 500 and gaps.min() >= 2999  # both stamps are rounded down


def test_events_keep_their_contract(picture):
    camera = replace(DVS128, noise_rate=20.0)
    events = simulate(picture, camera, ClosedLoop(), duration=33.3, seed=3, number=7)
    assert [a.dtype for a in (events.t, events.x, events.y, events.p)] == [
        np.int64, np.uint16, np.uint16, np.uint8
    ]  # fmt: skip
    assert (np.diff(events.t) >= 0).all() and events.t[0] >= 0 and events.t[-1] < 33_300
    assert (events.height, events.width, events.notes) == (128, 128, ())
    assert events.x.max() < 128 and events.y.max() < 128 and set(events.p) == {0, 1}


def test_the_same_arguments_give_the_same_events_and_others_do_not(picture):
    def record(**options):
        events = simulate(picture, DVS128, ClosedLoop(), duration=50.0, **options)
        return [a.tobytes() for a in (events.t, events.x, events.y, events.p)]

    first = record(seed=1, number=2)
    assert record(seed=1, number=2) == first
    assert record(seed=1, number=3) != first
    assert record(seed=2, number=2) != first


def test_a_shorter_recording_is_the_beginning_of_a_longer_one(picture):
    short, long = (simulate(picture, SMALL, ClosedLoop(), duration=d) for d in (37.0, 300.0))
    begin = long.between(0, 37_000)
    for own, expected in zip(
        (short.t, short.x, short.y, short.p), (begin.t, begin.x, begin.y, begin.p), strict=True
    ):
        assert (own == expected).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration": 0.0}, "duration is 0.0 ms, expected"),
        ({"duration": float("nan")}, "duration is nan ms, expected"),
        ({"duration": 3e6}, "duration is 3000000.0 ms, expected"),
        ({"seed": -1}, "seed is -1, expected"),
        ({"number": -1}, "number is -1, expected"),
    ],
)
def test_a_value_out_of_range_is_refused(picture, options, message):
    with pytest.raises(UsageError, match=message):
        simulate(picture, SMALL, ClosedLoop(), **options)
