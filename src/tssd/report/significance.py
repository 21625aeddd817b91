"""Is a difference between methods more than luck? Paired t tests over the seeds."""

import math
import statistics
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

FEWEST = 3
# Two methods are told apart where p, corrected for the number of comparisons, is below this.
LEVEL = 0.05
# From here on a t test on seeds is ordinary; below, the page says that n is small.
COMFORTABLE = 10

Key = TypeVar("Key", bound=Hashable)
Verdict = Literal["too few", "no spread", "tested"]


@dataclass(frozen=True)
class Paired:
    """Two methods over the seeds that both have.

    Args:
        seeds: the common ones.
        difference: mean of the differences, in the unit of the values; NaN without seeds.
        std: sample standard deviation of the differences; None for fewer than two seeds.
        half_width: of the 95 % confidence interval; None where nothing could be tested.
        p: two-sided; None where nothing could be tested.
        verdict: why p is None, or "tested".
    """

    seeds: tuple[int, ...]
    difference: float
    std: float | None
    half_width: float | None
    p: float | None
    verdict: Verdict

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the difference; None where nothing could be tested."""
        if self.half_width is None:
            return None
        return self.difference - self.half_width, self.difference + self.half_width


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
        return Paired((), math.nan, None, None, None, "too few")
    mean = statistics.fmean(differences)
    std = statistics.stdev(differences) if count > 1 else None
    if std is None or count < FEWEST:
        return Paired(seeds, mean, std, None, None, "too few")
    error = std / math.sqrt(count)
    # Differences that are equal but for rounding would give a p of 1e-30.
    largest = max(abs(method[seed]) + abs(reference[seed]) for seed in seeds)
    if error <= 1e-12 * largest:
        return Paired(seeds, mean, std, None, None, "no spread")
    p = two_sided_p(mean / error, count - 1)
    return Paired(seeds, mean, std, critical_t(LEVEL, count - 1) * error, p, "tested")


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


def corrected(tests: Mapping[Key, Paired]) -> dict[Key, float]:
    """P values of the tests that have one, corrected for their number (`holm`)."""
    tested = {key: test.p for key, test in tests.items() if test.p is not None}
    return dict(zip(tested, holm(list(tested.values())), strict=True))


def two_sided_p(t: float, freedom: int) -> float:
    """P(|T| >= |t|) of Student's t."""
    from scipy.special import stdtr  # a fifth of a second, which most commands need not wait for

    return float(2 * stdtr(freedom, -abs(t)))


def critical_t(p: float, freedom: int) -> float:
    """The t > 0 with that two-sided p."""
    from scipy.special import stdtrit

    return float(-stdtrit(freedom, p / 2))
