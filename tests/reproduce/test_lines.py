from functools import partial

import pytest
from scipy.stats import ttest_rel

from tssd.reproduce.lines import Line, minus, signed, spread, with_gains

from .fabricated import VANILLA, cell

CONTROL = (40.0, 42.0, 41.0, 43.0)
OWN = {"a": (41.0, 43.5, 43.0, 44.0), "b": (40.1, 41.7, 41.4, 42.6)}


def line(row, values, *, seeds=None, **place):
    seeds = tuple(range(len(values))) if seeds is None else seeds
    return Line(cell(row, VANILLA, **place), "words", tuple(values), seeds)


def test_gains_are_tested_in_pairs_and_corrected_for_all_over_the_same_baseline():
    lines = [line("control", CONTROL), *(line(row, values) for row, values in OWN.items())]
    base, *others = with_gains(lines, "control")
    ps = [ttest_rel(values, CONTROL).pvalue for values in OWN.values()]
    assert (base.gain, base.p, base.pairs) == (None, None, 0)
    assert [one.p for one in others] == [pytest.approx(p) for p in ps]
    # Holm: the smaller of two is doubled, and the larger is not below it.
    small = min(1.0, 2 * min(ps))
    assert sorted(one.corrected_p for one in others) == [
        pytest.approx(small), pytest.approx(max(small, *ps))
    ]  # fmt: skip
    assert others[0].gain == pytest.approx(1.375)  # of 1, 1.5, 2, 1
    assert others[0].gain_std == pytest.approx(0.478713, abs=1e-6)


def test_each_t_has_its_own_baseline_and_its_own_correction():
    lines = [line(row, values, at=t) for t in (1, 2) for row, values in
             (("control", [v + t for v in CONTROL]), ("a", OWN["a"]))]  # fmt: skip
    _, one, _, two = with_gains(lines, "control")
    assert (one.gain, two.gain) == (pytest.approx(0.375), pytest.approx(-0.625))
    assert (one.corrected_p, two.corrected_p) == (one.p, two.p)


def test_seeds_that_both_have_are_paired_and_others_are_left_out():
    lines = [line("control", CONTROL), line("a", (44.0, 41.0, 50.0), seeds=(3, 1, 7))]
    found = with_gains(lines, "control")[1]
    # Seed 1: 41 - 42; seed 3: 44 - 43.
    assert (found.pairs, found.gain, found.p) == (2, pytest.approx(0), None)
    assert found.gain_std == pytest.approx(2**0.5)
    nothing = with_gains([line("control", CONTROL), line("a", (1.0,), seeds=(9,))], "control")[1]
    assert (nothing.pairs, nothing.gain, nothing.gain_std) == (0, None, None)


def test_gains_are_over_the_same_network_at_the_same_t():
    base, own = line("control", CONTROL), partial(line, "a", OWN["a"])
    assert with_gains([base, own()], "control")[1].gain == pytest.approx(1.375)
    for other in (own(at=base.cell.at + 1), own(column="wide")):
        assert with_gains([base, other], "control")[1].gain is None
    assert with_gains([base, own()], None) == [base, own()]


def test_points_of_a_sweep_have_one_baseline_across():
    base, point = line("control", CONTROL), line("a", OWN["a"], column="wide", x=3)
    assert with_gains([base, point], "control")[1].gain == pytest.approx(1.375)
    two = [base, line("control", CONTROL, column="other"), point]
    assert with_gains(two, "control")[2].gain is None
    late = line("a", OWN["a"], column="wide", x=3, at=base.cell.at + 1)
    assert with_gains([base, late], "control")[1].gain is None


def test_words_for_numbers():
    assert (spread(None, None), spread(1.005, None), spread(2, 0.125)) == (
        "-", "1.00", "2.00 ± 0.12",
    )  # fmt: skip
    assert (signed(None), signed(0.5), signed(-1)) == ("-", "+0.50", "-1.00")
    assert (signed(-0.001), spread(-0.001, 1, "+")) == ("+0.00", "+0.00 ± 1.00")  # no -0.00
    assert (minus(3.0, 1.0), minus(None, 1.0), minus(1.0, None)) == (2.0, None, None)
