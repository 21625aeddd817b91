"""Which pixel falls where, against the formula in Python integers."""

import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.events.pooling import cell_area, cells


@pytest.mark.parametrize(
    ("length", "count"), [(128, 48), (128, 32), (34, 34), (240, 7), (346, 345), (65_536, 65_535)]
)
def test_cells_follow_the_formula(length, count):
    found = cells(np.arange(length, dtype=np.uint16), length, count)
    assert found.tolist() == [i * count // length for i in range(length)]


def test_cells_of_128_to_48_are_2_or_3_wide():
    widths = np.bincount(cells(np.arange(128, dtype=np.uint16), 128, 48))
    assert set(widths.tolist()) == {2, 3}


def test_coordinates_are_not_changed():
    coordinates = np.arange(128, dtype=np.uint16)
    cells(coordinates, 128, 48)
    assert coordinates.tolist() == list(range(128))


def test_area_by_hand_and_in_total():
    # i * 2 // 5 and i * 2 // 3 are 0 0 0 1 1 and 0 0 1.
    assert cell_area((5, 3), (2, 2)).tolist() == [[6, 3], [4, 2]]
    area = cell_area((180, 240), (42, 48))
    assert (area.dtype, area.shape, area.sum()) == (np.float32, (42, 48), 180 * 240)


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (9, 4), (4, 9)])
def test_impossible_size_is_refused(size):
    with pytest.raises(UsageError, match=rf"{size[0]}x{size[1]} .* 1x1 to the sensor's 8x8"):
        cell_area((8, 8), size)
