"""Mean and spread of what was measured, whatever it is: NaN and infinity are passed on."""

import math
import statistics
from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean.

    >>> mean([1, 2]), mean([1, float("inf")]), mean([])
    (1.5, inf, nan)
    """
    if not values:
        return math.nan
    # The standard library raises where infinities have different signs.
    finite = all(map(math.isfinite, values))
    return statistics.fmean(values) if finite else sum(values) / len(values)


def deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation; None for fewer than two values, NaN where one is not finite."""
    if len(values) < 2:
        return None
    return statistics.stdev(values) if all(map(math.isfinite, values)) else math.nan
