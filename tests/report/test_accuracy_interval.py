import pytest
from scipy.stats import binomtest

from tssd.report.accuracy_interval import accuracy_interval


@pytest.mark.parametrize(("right", "samples"), [(0, 10), (10, 10), (324, 359), (5, 10_000), (1, 1)])
def test_the_interval_is_scipys(right, samples):
    found = binomtest(right, samples).proportion_ci(0.95, method="wilson")
    assert accuracy_interval(right / samples, samples) == pytest.approx((found.low, found.high))
