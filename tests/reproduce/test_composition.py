from statistics import mean, stdev

import pytest
from scipy.stats import ttest_1samp, ttest_rel

from tssd.reproduce.composition import composition_markdown, gains, sentences
from tssd.reproduce.lines import Line

from .fabricated import VANILLA, cell

# TSSD adds to `a`, not to `b`, and `c` is trained with the first two methods alone.
VALUES = {
    ("alone", "a"): [50.0, 51.0, 52.0, 53.0],
    ("control", "a"): [51.0, 52.1, 52.9, 54.2],
    ("TSSD", "a"): [52.1, 53.0, 54.2, 55.1],
    ("alone", "b"): [40.0, 42.0, 41.0, 43.0],
    ("control", "b"): [39.0, 43.0, 40.5, 43.5],
    ("TSSD", "b"): [38.0, 42.0, 42.0, 43.9],
    ("alone", "c"): [30.0, 30.5, 31.0],
    ("control", "c"): [30.0, 30.6, 30.8],
}


def lines(values=VALUES, **place):
    return [
        Line(
            cell(row, VANILLA, column=column, **place), "words", tuple(own), tuple(range(len(own)))
        )
        for (row, column), own in values.items()
    ]


def test_every_method_is_tested_against_every_earlier_one_and_corrected_for_the_columns():
    found = gains(lines())
    assert list(found) == [("control", "alone"), ("TSSD", "alone"), ("TSSD", "control")]
    ps = {
        column: ttest_rel(VALUES["TSSD", column], VALUES["control", column]).pvalue
        for column in "ab"
    }
    own = found["TSSD", "control"]
    assert own["a"][0].difference == pytest.approx(1.05)
    assert own["a"][0].p == pytest.approx(ps["a"])
    # Holm: the smaller of two times 2, the larger times 1, no less than the smaller.
    assert own["a"][1] == pytest.approx(2 * ps["a"])
    assert own["b"][1] == pytest.approx(max(ps["b"], 2 * ps["a"]))
    assert set(found["control", "alone"]) == {"a", "b", "c"}


def test_a_line_has_all_methods_and_all_differences():
    rows = composition_markdown(lines())
    assert rows[:3] == [
        "## d, T = 1",
        "",
        "|  | n | alone | control | TSSD | control - alone | TSSD - alone | TSSD - control |",
    ]
    assert rows[4] == (
        "| a | 4 | 51.50 ± 1.29 | 52.55 ± 1.35 | 53.60 ± 1.32 | **+1.05 ± 0.13** | "
        "**+2.10 ± 0.08** | **+1.05 ± 0.19** |"
    )
    assert rows[5].endswith("| +0.00 ± 0.91 | -0.03 ± 1.39 | -0.03 ± 1.21 |")
    assert rows[6] == "| c | 3 | 30.50 ± 0.50 | 30.47 ± 0.42 |  | -0.03 ± 0.15 | - | - |"


def test_it_is_counted_where_a_method_is_above_another():
    over = [mean(VALUES["control", column]) - mean(VALUES["alone", column]) for column in "abc"]
    assert list(sentences(gains(lines()))) == [
        # A column counts once, whatever its seeds.
        f"control is above alone in 1 of 3 ({mean(over):+.2f} ± {stdev(over):.2f} over all of "
        f"them, p = {ttest_1samp(over, 0).pvalue:.2f}); told apart, above: a.",
        # Two are too few to test.
        "TSSD is above alone in 1 of 2 (+1.04 ± 1.50 over all of them); told apart, above: a.",
        "TSSD is above control in 1 of 2 (+0.51 ± 0.76 over all of them); told apart, above: a.",
    ]
    worse = {(row, column): own[::-1] for (row, column), own in VALUES.items() if column == "b"}
    first, *_ = sentences(gains(lines(worse)))
    assert first == "control is above alone in 0 of 1; none is told apart."


def test_each_data_set_and_t_has_its_own_table_and_what_was_not_trained_none():
    found = [*lines(), *lines(at=2), *lines(data="e")]
    found += [Line(cell("alone", VANILLA, column="z", data="f"), "words", ())]
    rows = composition_markdown(found)
    assert [r for r in rows if r.startswith("#")] == ["## d, T = 1", "## d, T = 2", "## e, T = 1"]
    found = [*lines(), Line(cell("alone", VANILLA, column="z"), "words", ())]
    assert not any(row.startswith("| z") for row in composition_markdown(found))
    assert composition_markdown([]) == []


def test_numbers_of_seeds_that_differ_are_said():
    uneven = {("alone", "a"): [50.0, 51.0, 52.0], ("control", "a"): [51.0, 52.0]}
    assert composition_markdown(lines(uneven))[4] == (
        "| a | 2 to 3 | 51.00 ± 1.00 | 51.50 ± 0.71 | +1.00 ± 0.00 |"
    )
