import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.events.crop import centre

from .recordings import random_events


@pytest.mark.parametrize(("side", "left", "top"), [(12, 2, 0), (5, 5, 3), (1, 7, 5)])
def test_the_middle_becomes_the_sensor(side, left, top):
    events = random_events(400)  # 12 rows, 16 columns
    found = centre(events, side)
    expected = [
        (t, x - left, y - top, p)
        for t, x, y, p in zip(events.t, events.x, events.y, events.p, strict=True)
        if left <= x < left + side and top <= y < top + side
    ]
    assert expected
    np.testing.assert_array_equal(
        np.array(expected), np.stack([found.t, found.x, found.y, found.p], axis=1)
    )
    assert (found.height, found.width, found.x.dtype) == (side, side, np.uint16)


def test_without_a_side_all_stays():
    events = random_events(5)
    assert centre(events, None) is events


@pytest.mark.parametrize("side", [0, 13])
def test_a_side_that_does_not_fit_is_refused(side):
    with pytest.raises(
        UsageError, match=rf"data.crop: got {side}, but the sensor has 16x12 pixels"
    ):
        centre(random_events(5), side)
