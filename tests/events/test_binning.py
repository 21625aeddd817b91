"""Frames against counting one by one, against np.histogramdd, tonic and SpikingJelly."""

from dataclasses import replace

import numpy as np
import pytest
import tonic
from hypothesis import given
from hypothesis import strategies as st
from spikingjelly.datasets.utils import integrate_events_by_fixed_duration

from tssd.errors import DataError, UsageError
from tssd.events import binning
from tssd.events.binning import to_frames
from tssd.events.slicing import EqualCount, EqualTimeShare, FixedTime

from .recordings import at, counted, random_events

MS = 1000


@pytest.fixture(params=["one histogram", "one a slice"])
def way(request, monkeypatch):
    """Both ways to count, whatever the number of events."""
    threshold = 10**9 if request.param == "one histogram" else 0
    monkeypatch.setattr(binning, "SLICEWISE_FROM", threshold)


@pytest.mark.parametrize("size", [None, (12, 16), (5, 7), (1, 1)])
def test_frames_are_counted_events(way, size):
    events = random_events(3000, seed=1)
    frames = to_frames(events, FixedTime(10.0, start="zero"), 7, size=size)
    borders = [k * 10 * MS for k in range(8)]
    assert frames.counts.dtype == np.uint8
    np.testing.assert_array_equal(frames.counts, counted(events, borders, size=size))


@pytest.mark.parametrize("sensor", [(181, 182), (260, 346)])  # flat index within 16 bits, beyond
def test_frames_are_the_histogram_on_large_sensors(way, sensor):
    events = random_events(50_000, seed=2, height=sensor[0], width=sensor[1])
    expected, _ = np.histogramdd(
        np.stack([events.t, events.p, events.y, events.x], axis=1).astype(float),
        bins=(4, 2, *sensor),
        range=((0, 100 * MS), (0, 2), (0, sensor[0]), (0, sensor[1])),
    )
    frames = to_frames(events, FixedTime(25.0, start="zero"), 4)
    np.testing.assert_array_equal(frames.counts, expected)


@given(st.integers(0, 400), st.integers(1, 9), st.integers(0, 2**32))
def test_every_event_counts_once_in_its_slice(count, slices, seed):
    events = random_events(count, seed=seed)
    for slicing in (EqualCount(), EqualTimeShare(), FixedTime(3.0)):
        frames = to_frames(events, slicing, slices, size=(5, 3), bits=16)
        sizes = np.diff(slicing.edges(events.t, slices))
        assert frames.counts.sum(axis=(1, 2, 3)).tolist() == sizes.tolist()
        assert frames.empty == (sizes == 0).sum()


def structured(events):
    dtype = [(name, np.int64) for name in ("x", "y", "t", "p")]
    table = np.zeros(len(events), dtype=dtype)
    for name in ("x", "y", "t", "p"):
        table[name] = getattr(events, name)
    table["t"] -= events.t[0]
    return table


def test_frames_equal_tonics(way):
    events = random_events(20_000, seed=3, height=34, width=40)
    transform = tonic.transforms.ToFrame(
        sensor_size=(40, 34, 2), time_window=8 * MS, start_time=0, end_time=80 * MS
    )
    frames = to_frames(events, FixedTime(8.0), 10)
    np.testing.assert_array_equal(frames.counts, transform(structured(events)))


def test_frames_equal_spikingjellys(way):
    events = random_events(20_000, seed=4, height=34, width=40, duration=80 * MS)
    columns = {name: getattr(events, name) for name in ("t", "x", "y", "p")}
    expected = integrate_events_by_fixed_duration(columns, 8 * MS, 34, 40)
    np.testing.assert_array_equal(to_frames(events, FixedTime(8.0), 10).counts, expected)


def test_polarity_is_the_channel_and_off_comes_first():
    events = at([0, 0, 0], x=[1, 1, 2], y=[3, 3, 0], p=[0, 0, 1])
    counts = to_frames(events, FixedTime(), 1).counts
    assert counts[0, 0, 3, 1] == 2
    assert counts[0, 1, 0, 2] == 1
    assert counts.sum() == 3


@pytest.mark.parametrize(("bits", "maximum"), [(8, 255), (16, 65_535)])
def test_counts_saturate_exactly_at_the_maximum(way, bits, maximum):
    at_most = to_frames(at(np.zeros(maximum)), FixedTime(), 1, bits=bits)
    assert (at_most.counts.max(), at_most.saturated) == (maximum, 0)
    one_more = to_frames(at(np.zeros(maximum + 1)), FixedTime(), 1, bits=bits)
    assert (one_more.counts.max(), one_more.saturated) == (maximum, 1)
    # 256 and 300 are 0 and 44 in eight bits that overflow.
    times = np.repeat([0, 0, 10 * MS], maximum + 45)
    places = np.repeat([0, 1, 2], maximum + 45)
    three = to_frames(at(times, x=places), FixedTime(), 2, bits=bits)
    assert three.saturated == 3
    assert np.unique(three.counts).tolist() == [0, maximum]


def test_first_frames_do_not_depend_on_how_many_follow(way):
    events = random_events(5000, seed=5)
    teacher = to_frames(events, FixedTime(9.0), 10, size=(6, 8))
    student = to_frames(events, FixedTime(9.0), 5, size=(6, 8))
    np.testing.assert_array_equal(student.counts, teacher.counts[:5])


@pytest.mark.parametrize("slicing", [FixedTime(), EqualCount(), EqualTimeShare()])
def test_no_events_give_zeros(slicing):
    frames = to_frames(random_events(0), slicing, 3, size=(6, 8))
    assert frames.counts.shape == (3, 2, 6, 8)
    assert (frames.counts.sum(), frames.saturated, frames.empty) == (0, 0, 3)


def test_one_event_goes_to_the_first_slice():
    frames = to_frames(at([123_456]), FixedTime(), 3)
    assert frames.counts.sum(axis=(1, 2, 3)).tolist() == [1, 0, 0]
    assert frames.empty == 2


@pytest.mark.parametrize("column", ["x", "y", "p"])
def test_events_outside_of_the_sensor_are_refused(way, column):
    events = random_events(100)
    wrong = getattr(events, column).copy()
    wrong[50] = {"x": 16, "y": 12, "p": 2}[column]
    with pytest.raises(DataError, match="expected below 16, 12 and 2"):
        to_frames(replace(events, **{column: wrong}), FixedTime(), 20)


def test_events_are_not_changed():
    events = random_events(1000)
    before = [getattr(events, name).copy() for name in ("t", "x", "y", "p")]
    to_frames(events, FixedTime(1.0), 20, size=(6, 8))
    for name, values in zip(("t", "x", "y", "p"), before, strict=True):
        np.testing.assert_array_equal(getattr(events, name), values)


def test_wrong_options_are_refused():
    with pytest.raises(UsageError, match="bits is 32"):
        to_frames(random_events(1), FixedTime(), 1, bits=32)
    with pytest.raises(UsageError, match="20x20"):
        to_frames(random_events(1), FixedTime(), 1, size=(20, 20))
