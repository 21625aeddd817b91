"""Is a difference between methods more than luck? Paired t tests over the seeds."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """P(|T| >= |t|) of Student's t."""
    from scipy.special import stdtr  # a fifth of a second, which most commands need not wait for

    return float(2 * stdtr(freedom, -abs(t)))


def critical_t(p: float, freedom: int) -> float:
    """The t > 0 with that two-sided p."""
    from scipy.special import stdtrit

    return float(-stdtrit(freedom, p / 2))
