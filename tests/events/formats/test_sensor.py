import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.events.formats.sensor import require_size, size_of


def test_given_sizes_win_and_missing_ones_come_from_the_events():
    x, y = np.array([3, 9], np.uint8), np.array([4, 255], np.uint8)
    assert size_of(x, y, None, None) == (256, 10)
    assert size_of(x, y, 5, None) == (5, 10)
    assert size_of(x, y, None, 7) == (256, 7)


def test_without_events_the_sensor_has_one_pixel():
    nothing = np.empty(0, np.uint8)
    assert size_of(nothing, nothing, None, None) == (1, 1)


def test_damaged_coordinates_do_not_make_a_sensor_beyond_uint16():
    assert size_of(np.array([2**40]), np.array([0]), None, None) == (1, 2**16)


def test_sizes_that_no_sensor_has_are_refused():
    require_size(None, 1)
    require_size(2**16, None)
    with pytest.raises(UsageError, match="height is 0, expected 1 to 65536"):
        require_size(0, 34)
    with pytest.raises(UsageError, match="width is 65537"):
        require_size(34, 65537)
