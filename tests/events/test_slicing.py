"""Slices against definitions, event by event."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tssd.errors import UsageError
from tssd.events.slicing import EqualCount, EqualTimeShare, FixedTime, Slicing

ALL = [FixedTime(1.0), FixedTime(0.007, start="zero"), EqualCount(), EqualTimeShare()]

times = st.lists(st.integers(-50_000, 200_000), max_size=60).map(
    lambda values: np.array(sorted(values), dtype=np.int64)
)
slices = st.integers(1, 12)


def held(slicing, t, count):
    edges = slicing.edges(t, count)
    assert edges.dtype == np.int64 and edges.shape == (count + 1,)
    assert (np.diff(edges) >= 0).all() and edges[0] >= 0 and edges[-1] <= len(t)
    return [t[a:b].tolist() for a, b in zip(edges[:-1], edges[1:], strict=True)]


@given(times, slices, st.integers(1, 40_000), st.sampled_from(["first", "zero"]))
def test_fixed_time_holds_half_open_slices(t, count, dt, start):
    origin = int(t[0]) if start == "first" and len(t) else 0
    expected = [[v for v in t.tolist() if (v - origin) // dt == k] for k in range(count)]
    assert held(FixedTime(dt / 1000, start=start), t, count) == expected


@given(times, slices, slices)
def test_fixed_time_with_more_slices_only_adds_later_ones(t, few, more):
    slicing = FixedTime(2.5)
    assert held(slicing, t, few + more)[:few] == held(slicing, t, few)


@given(times, slices)
def test_equal_count_differs_by_one_and_takes_all(t, count):
    parts = held(EqualCount(), t, count)
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1 and sum(sizes) == len(t)


@given(times, slices)
def test_equal_time_share_follows_its_definition_and_takes_all(t, count):
    span = int(t[-1] - t[0]) + 1 if len(t) else 1
    share = [(v, (v - int(t[0])) * count // span) for v in t.tolist()]
    expected = [[v for v, k in share if k == wanted] for wanted in range(count)]
    assert held(EqualTimeShare(), t, count) == expected


@pytest.mark.parametrize("slicing", ALL)
def test_no_events_make_empty_slices(slicing):
    assert slicing.edges(np.empty(0, dtype=np.int64), 3).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("slicing", [EqualCount(), EqualTimeShare()])
def test_only_fixed_time_is_a_prefix_and_the_others_say_why(slicing):
    t = np.arange(0, 1000, 7)
    assert held(slicing, t, 8)[:4] != held(slicing, t, 4)
    assert not slicing.is_prefix
    assert type(slicing).__name__ in slicing.why_not_prefix
    assert FixedTime().is_prefix and not FixedTime().why_not_prefix


def test_times_near_the_largest_integer_do_not_wrap():
    t = np.array([2**63 - 5_000, 2**63 - 2], dtype=np.int64)
    assert FixedTime(3.0).edges(t, 4).tolist() == [0, 1, 2, 2, 2]


def test_needed_is_the_end_of_the_last_slice():
    assert FixedTime(30.0).needed(40) == 1_200_000
    assert EqualCount().needed(4) is None
    assert EqualTimeShare().needed(4) is None


def test_keys_tell_slicings_apart():
    assert all(isinstance(slicing, Slicing) for slicing in ALL)
    keys = [str(slicing.key()) for slicing in [*ALL, FixedTime(2.0), FixedTime(1.0, start="zero")]]
    assert len(set(keys)) == len(keys)
    # The same slices, so the same cache.
    assert FixedTime(10).key() == FixedTime(10.0).key()
    assert FixedTime(10) == FixedTime(10.0)


@pytest.mark.parametrize("dt", [0, -1.0, 0.0005, 1.0005, float("nan"), float("inf")])
def test_duration_that_is_no_whole_number_of_microseconds_is_refused(dt):
    with pytest.raises(UsageError, match=r"^dt is .* expected whole microseconds"):
        FixedTime(dt)


def test_wrong_start_and_number_of_slices_are_refused():
    with pytest.raises(UsageError, match="start is 'last'"):
        FixedTime(start="last")
    for slicing in ALL:
        with pytest.raises(UsageError, match="number of slices is 0"):
            slicing.edges(np.arange(3), 0)
