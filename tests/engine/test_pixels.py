import numpy as np
import pytest

from tssd.engine.pixels import normalised
from tssd.errors import DataError, UsageError

SHAPE = (2, 3, 4)
OF_BOTH = {"mean": [0.5, 0.0], "std": [0.25, 2.0]}


def test_by_hand():
    found = normalised(np.full((5, 1, *SHAPE), 255, np.uint8), SHAPE, **OF_BOTH)
    assert found.dtype == np.float32
    assert found.shape == (5, 1, *SHAPE)
    assert np.unique(found[:, :, 0]).tolist() == [2.0]
    assert np.unique(found[:, :, 1]).tolist() == [0.5]
    assert np.array_equal(normalised(np.ones(SHAPE).tolist(), SHAPE, **OF_BOTH), found[0, 0])


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros(SHAPE, np.int64), "pixels of type int64, expected 0 to 255 as uint8"),
        (np.full(SHAPE, 255.0), "floats from 255 to 255, expected 0 to 255 as uint8 or 0 to 1"),
        (np.full(SHAPE, -0.1), "floats from -0.1 to -0.1"),
        (np.full(SHAPE, np.nan), "floats from nan to nan"),
        # Of one channel, where two would come of it; channels last; none.
        (np.zeros((1, 3, 4)), r"pixels of shape \[1, 3, 4\], expected \[..., 2, 3, 4\]; resize"),
        (np.zeros((3, 4, 2)), r"pixels of shape \[3, 4, 2\]"),
        (np.zeros((0, *SHAPE)), r"pixels of shape \[0, 2, 3, 4\]"),
    ],
)
def test_pixels_of_another_kind_are_refused(pixels, message):
    with pytest.raises(UsageError, match=f"^normalised: got {message}"):
        normalised(pixels, SHAPE, **OF_BOTH)


@pytest.mark.parametrize(
    "changed",
    [
        {"mean": "a"},
        {"mean": [0.1, 0.2, 0.3]},
        {"mean": {"a": 1}},
        {"std": [0.5, 0.0]},
        {"std": [0.5, float("nan")]},
        {"std": []},
    ],
)
def test_a_mean_or_deviation_that_is_none_is_refused(changed):
    (name,) = changed
    with pytest.raises(DataError, match=f"file has {name} .*, expected 2 finite numbers"):
        normalised(np.ones(SHAPE), SHAPE, **OF_BOTH | changed)
