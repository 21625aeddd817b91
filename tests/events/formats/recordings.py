"""Recordings for the tests of the formats, and how to compare them."""

import dataclasses

import numpy as np

from tssd.events import Events

FIELDS = ("t", "x", "y", "p")
DTYPES = {"t": np.int64, "x": np.uint16, "y": np.uint16, "p": np.uint8}


def recording(n, *, side=128, latest=1_000_000, seed=0):
    """Random events of a square sensor, in order of time."""
    rng = np.random.default_rng(seed)
    return Events(
        t=np.sort(rng.integers(0, latest, n, endpoint=True)),
        x=rng.integers(0, side, n).astype(np.uint16),
        y=rng.integers(0, side, n).astype(np.uint16),
        p=rng.integers(0, 2, n).astype(np.uint8),
        height=side,
        width=side,
    )


def of(t, x, y, p, *, side=128):
    """The events of these lists."""
    fields = {
        key: np.array(value, DTYPES[key]) for key, value in zip(FIELDS, (t, x, y, p), strict=True)
    }
    return Events(**fields, height=side, width=side)


def with_times(events, t):
    """The same pixels at other times, which may fall."""
    return dataclasses.replace(events, t=np.asarray(t, dtype=np.int64))


def assert_same(found, expected, *, notes=0):
    """Equal events of equal sensors, contiguous and of the promised types."""
    for key in FIELDS:
        values = getattr(found, key)
        assert values.dtype == DTYPES[key], key
        assert values.flags.c_contiguous, key
        np.testing.assert_array_equal(values, getattr(expected, key), err_msg=key)
    assert (found.height, found.width) == (expected.height, expected.width)
    assert len(found.notes) == notes, found.notes


def rows(events):
    """The events as lists [t, x, y, p], for literal expectations."""
    return [
        list(row) for row in zip(*(getattr(events, key).tolist() for key in FIELDS), strict=True)
    ]
