"""Is a difference between methods more than luck? Paired t tests over the seeds."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

FEWEST = 3
# From here on a t test on seeds is ordinary; below, the page says that n is small.
COMFORTABLE = 10

Verdict = Literal["too few", "no spread", "tested"]


@dataclass(frozen=True)
class Paired:
    """Two methods over the seeds that both have.

    Args:
        seeds: the common ones.
        difference: mean of the differences, in the unit of the values; NaN without seeds.
        half_width: of the 95 % confidence interval; None where nothing could be tested.
        p: two-sided; None where nothing could be tested.
        verdict: why p is None, or "tested".
    """

    seeds: tuple[int, ...]
    difference: float
    half_width: float | None
    p: float | None
    verdict: Verdict


def paired(method: Mapping[int, float], reference: Mapping[int, float]) -> Paired:
    """Paired t test of two methods' values by seed.

        t = mean(d) sqrt(n) / std(d),  n - 1 degrees of freedom

    A seed gives two methods the same initial weights and order of the samples as far as their
    networks agree, so that its luck cancels in the difference d.

    Edge cases: n < 3 is "too few"; equal differences have no spread to compare with.
    """
    seeds = tuple(sorted(method.keys() & reference.keys()))
    differences = [method[seed] - reference[seed] for seed in seeds]
    count = len(differences)
    if not count:
        return Paired((), math.nan, None, None, "too few")
    mean = statistics.fmean(differences)
    if count < FEWEST:
        return Paired(seeds, mean, None, None, "too few")
    error = statistics.stdev(differences) / math.sqrt(count)
    # Differences that are equal but for rounding would give a p of 1e-30.
    largest = max(abs(method[seed]) + abs(reference[seed]) for seed in seeds)
    if error <= 1e-12 * largest:
        return Paired(seeds, mean, None, None, "no spread")
    p = two_sided_p(mean / error, count - 1)
    return Paired(seeds, mean, critical_t(0.05, count - 1) * error, p, "tested")


def holm(ps: Sequence[float]) -> list[float]:
    """P values corrected for their number: any one false alarm among all is this likely.

    Source: Holm 1979, a simple sequentially rejective multiple test procedure.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    corrected, largest = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[i]))
        corrected[i] = largest
    return corrected


def two_sided_p(t: float, freedom: int) -> float:
    """P(|T| >= |t|) of Student's t: I_x(freedom / 2, 1 / 2) at x = freedom / (freedom + t^2)."""
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


@cache  # a page of thousands of methods asks for the same few
def critical_t(p: float, freedom: int) -> float:
    """The t > 0 with that two-sided p, by bisection."""
    low, high = 0.0, 1.0
    while two_sided_p(high, freedom) > p:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided_p(middle, freedom) > p else (low, middle)
    return (low + high) / 2


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function I_x(a, b), by its continued fraction.

    Args:
        x: 0 to 1.
        a: > 0.
        b: > 0.
    Source: Abramowitz and Stegun 26.5.8, evaluated by Lentz's method.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # there it would converge slowly
        return 1 - incomplete_beta(1 - x, b, a)
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(logs + a * math.log(x) + b * math.log1p(-x)) / a
    tiny = 1e-300
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1), tiny)
    c, value = 1.0, d
    for m in range(1, 400):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d, tiny)
            c = _away_from_zero(1 + term / c, tiny)
            change = d * c
            value *= change
        if abs(change - 1) < 1e-15:
            break
    return front * value


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
