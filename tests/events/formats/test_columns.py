import numpy as np
import pytest

from tssd.errors import DataError, UsageError
from tssd.events.formats.columns import (
    Columns,
    events_of_columns,
    named_columns,
    placed_columns,
)

from .recordings import rows

FIELDS = {"t": [5, 7], "x": [1, 2], "y": [3, 4], "p": [0, 1]}


def events(unit="us", **changes):
    fields = {key: np.asarray(value) for key, value in (FIELDS | changes).items()}
    return events_of_columns(fields, unit=unit, height=9, width=9, name="a.csv", strict=False)


@pytest.mark.parametrize(
    ("labels", "places", "unit"),
    [
        (["t", "x", "y", "p"], [0, 1, 2, 3], "us"),
        (["x", "y", "polarity", "timestamp"], [3, 0, 1, 2], "us"),
        ([" 'X'", "Y ", "id", "Pol", "time [ms]"], [4, 0, 1, 3], "ms"),
        (["time_s", "x", "y", "p"], [0, 1, 2, 3], "s"),
        (["Timestamp (µs)", "x", "y", "p"], [0, 1, 2, 3], "us"),
    ],
)
def test_columns_are_known_by_their_names(labels, places, unit):
    found, own = named_columns(labels, Columns(), name="a.csv")
    assert [found[key] for key in "txyp"] == places
    assert own == unit


def test_what_the_user_says_replaces_names():
    columns = Columns(("p", "x", "id", "y", "t"), "s")
    assert named_columns(list("abcde"), columns, name="a") == (
        {"t": 4, "x": 1, "y": 3, "p": 0},
        "s",
    )
    with pytest.raises(DataError, match=r"a has 3 columns, but data.columns names 5 \['p', 'x'"):
        placed_columns(3, columns, name="a")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            ["a", "b"],
            r"a.csv has the columns \['a', 'b'\], none of which is t: give --data.columns",
        ),
        (["t", "ts", "x", "y", "p"], "a.csv has two columns for t in"),
    ],
)
def test_unknown_names_are_refused(labels, message):
    with pytest.raises(DataError, match=message):
        named_columns(labels, Columns(), name="a.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": ("t", "x", "y")}, r"data.columns: got \['t', 'x', 'y'\], expected each of t, x"),
        ({"order": ("t", "t", "x", "y", "p")}, "data.columns: got .*, expected each of"),
        ({"time_unit": "min"}, "data.time_unit: got 'min', expected ns or us or ms or s"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        Columns(**options)


@pytest.mark.parametrize(
    ("unit", "times", "expected"),
    [
        ("us", [5, 7], [5, 7]),
        ("us", np.array([5, 7], dtype=np.uint64), [5, 7]),
        ("ms", [5, 7], [5000, 7000]),
        ("s", [0.000005, 1.0000071], [5, 1000007]),
        # Since 1970, to the microsecond, which nanoseconds in a float are not.
        ("s", [1.6e9 + 0.000005, 1.6e9 + 0.25], [1600000000000005, 1600000000250000]),
        ("ns", [1600000000000005999, 1600000000000007001], [1600000000000005, 1600000000000007]),
    ],
)
def test_times_become_microseconds(unit, times, expected):
    assert events(unit, t=times).t.tolist() == expected


@pytest.mark.parametrize("p", [[-1, 1], [0.0, 1.0], [False, True], np.array([-1, 1], np.int8)])
def test_polarity_is_zero_and_one(p):
    assert rows(events(p=p)) == [[5, 1, 3, 0], [7, 2, 4, 1]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p": [0]}, "columns of different length: {'t': 2, 'x': 2, 'y': 2, 'p': 1}"),
        ({"p": [0, 2]}, "p from 0 to 2, expected 0 and 1, or -1 and 1"),
        ({"p": [-1, 0]}, "p from -1 to 0, expected"),
        ({"x": [1.5, 2]}, "x 1.5 at event 0, expected whole pixels"),
        ({"y": [1, np.nan]}, "nan in y at event 1, expected a number"),
        ({"t": [1, np.inf]}, "inf in t at event 1"),
        ({"t": [1e300, 2e300]}, "times from 1e[+]300 to 2e[+]300 us, expected below"),
        ({"t": np.array([1, 2**63], np.uint64)}, "times from 1 to 9.22337e[+]18 us"),
        ({"t": ["a", "b"]}, r"<U1 of shape \[2\] in t, expected one number an event"),
        ({"x": [[1, 2], [3, 4]]}, r"of shape \[2, 2\] in x"),
        ({"x": [-1e30, 1e30]}, "2 of 2 events off the sensor of 9x9 pixels"),
    ],
)
def test_other_values_are_refused(changes, message):
    with pytest.raises(DataError, match=f"^a.csv has .*{message}"):
        events(**changes)


def at_times(unit, t):
    many = np.zeros(len(t), dtype=np.int64)
    return events(unit, t=t, x=many, y=many, p=many)


@pytest.mark.parametrize("origin", [0.0, 1.6e9])
@pytest.mark.parametrize(("unit", "count"), [("us", 2_000), ("ns", 200)])
def test_seconds_that_are_read_as_another_unit_are_refused(unit, count, origin):
    seconds = origin + np.linspace(0, 3, count)
    with pytest.raises(
        DataError, match=rf"^a.csv has {count} different times from .* in t, .*time_unit s$"
    ):
        at_times(unit, seconds)
    assert at_times("s", seconds).duration == 3_000_000


@pytest.mark.parametrize(
    ("unit", "times"),
    [
        # A simulator's, 20 million events a second; few within a microsecond; a float's fractions.
        ("us", np.linspace(0, 100, 2_000)),
        ("us", np.linspace(0.1, 0.4, 90)),
        ("ms", np.repeat(np.arange(20) / 1000, 1_000).astype(np.float32)),
        # Finer than any camera, but said to be seconds.
        ("s", np.linspace(0, 1e-6, 1_000)),
    ],
)
def test_times_close_to_each_other_are_taken(unit, times):
    assert len(at_times(unit, times)) == len(times)
