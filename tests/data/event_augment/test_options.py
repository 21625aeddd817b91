import math

import numpy as np
import pytest

from tssd.data.event_augment.options import check_between, check_ratios, check_whole
from tssd.errors import UsageError


@pytest.mark.parametrize("value", [-1, 2.0, True, "3", None, np.nan])
def test_check_whole_refuses(value):
    with pytest.raises(UsageError) as caught:
        check_whole("pixels", value, low=0)
    assert str(caught.value) == f"pixels: got {value!r}, expected a whole number >= 0"


def test_check_whole_accepts_from_the_lowest_on():
    check_whole("pixels", 0, low=0)
    check_whole("pixels", 7, low=1)
    with pytest.raises(UsageError):
        check_whole("pixels", 0, low=1)


@pytest.mark.parametrize("value", [-0.1, 1.01, math.inf, math.nan, False, "0.5", None])
def test_check_between_refuses(value):
    with pytest.raises(UsageError) as caught:
        check_between("probability", value, 0, 1)
    assert str(caught.value) == f"probability: got {value!r}, expected a number from 0 to 1"


def test_check_between_accepts_both_ends():
    for value in (0, 1, 0.0, 1.0, 0.3):
        check_between("probability", value, 0, 1)


def test_check_ratios_refuses_none_and_names_the_bad_one():
    check_ratios("ratios", (0, 0.5, 1))
    with pytest.raises(UsageError, match=r"^ratios: got \(\), expected one or more numbers"):
        check_ratios("ratios", ())
    with pytest.raises(UsageError, match="^ratios: got 0.5, expected one or more numbers"):
        check_ratios("ratios", 0.5)  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="^ratios: got 1.5, expected a number from 0 to 1$"):
        check_ratios("ratios", (0.5, 1.5))
