import math
import random
import statistics

import pytest
from scipy import stats

from tssd.report.significance import corrected, critical_t, holm, paired, two_sided_p


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 30, 1000])
def test_p_and_critical_t_agree_with_scipy(freedom):
    for t in (0, 1e-3, 0.5, 1, 2, 4.303, 20, 1e3, -2):
        expected = 2 * stats.t.sf(abs(t), freedom)
        assert two_sided_p(t, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-300)
    for p in (0.5, 0.05, 0.001):
        assert critical_t(p, freedom) == pytest.approx(stats.t.isf(p / 2, freedom), rel=1e-9)


def test_textbook_critical_values():
    assert critical_t(0.05, 2) == pytest.approx(4.303, abs=5e-4)
    assert critical_t(0.05, 9) == pytest.approx(2.262, abs=5e-4)


@pytest.mark.parametrize("count", [3, 5, 10])
def test_the_paired_test_agrees_with_scipy(count):
    draw = random.Random(count)
    own = {seed: draw.gauss(1, 1) for seed in range(count)}
    their = {seed: draw.gauss(0, 1) for seed in range(count)}
    found = paired(own, their)
    expected = stats.ttest_rel(list(own.values()), list(their.values()))
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    interval = expected.confidence_interval()
    assert found.interval == (pytest.approx(interval.low), pytest.approx(interval.high))
    differences = [own[seed] - their[seed] for seed in own]
    assert found.std == pytest.approx(statistics.stdev(differences))


def test_only_common_seeds_count():
    found = paired({0: 1.0, 1: 2.0, 2: 4.0, 7: 99.0}, {2: 1.0, 1: 1.5, 0: 0.0, 9: -99.0})
    assert found.seeds == (0, 1, 2)
    assert found.difference == pytest.approx((1 + 0.5 + 3) / 3)


@pytest.mark.parametrize("count", [1, 2])
def test_few_seeds_are_not_tested(count):
    found = paired({s: 1.0 + s for s in range(count)}, dict.fromkeys(range(count), 0.0))
    assert (found.verdict, found.p, found.half_width) == ("too few", None, None)
    assert found.interval is None
    assert found.difference == pytest.approx(1 + (count - 1) / 2)
    # Of 1 and 2: sqrt(2 * 0.5^2 / 1).
    assert found.std == (None if count == 1 else pytest.approx(0.5**0.5))


def test_no_common_seed_and_no_spread():
    none = paired({0: 1.0}, {1: 1.0})
    assert none.seeds == ()
    assert math.isnan(none.difference)
    same = paired(
        {0: 61.1, 1: 62.2, 2: 63.3}, {0: 51.1, 1: 52.2, 2: 53.3}
    )  # equal but for rounding
    assert (same.verdict, same.p) == ("no spread", None)
    assert same.difference == pytest.approx(10)


def test_holm_by_hand():
    assert holm([]) == []
    assert holm([0.04]) == [0.04]
    assert holm([0.5, 0.01, 0.9]) == pytest.approx([1.0, 0.03, 1.0])
    assert holm([0.02, 0.02]) == [0.04, 0.04]
    assert holm([0.7, 0.6]) == [1.0, 1.0]  # and not 1.2


def test_only_what_has_a_p_counts_among_the_comparisons():
    seeds = range(4)
    base = dict.fromkeys(seeds, 0.0)
    tests = {
        "far": paired({s: 10.0 + s for s in seeds}, base),
        "near": paired({s: s - 1.0 for s in seeds}, base),
        "alone": paired({0: 1.0}, base),
        "same": paired(base, base),
    }
    found = corrected(tests)
    assert found == {"far": pytest.approx(2 * tests["far"].p), "near": tests["near"].p}
