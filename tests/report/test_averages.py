import math

import pytest

from tssd.report.averages import deviation, mean


def test_by_hand():
    assert mean([1, 2, 6]) == 3
    assert deviation([1, 2, 6]) == pytest.approx(7**0.5)
    assert deviation([5]) is None


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_passed_on(odd):
    assert not math.isfinite(mean([1, odd, math.inf]))
    assert math.isnan(deviation([1, odd]))
