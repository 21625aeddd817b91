from dataclasses import replace

import pytest
from scipy import stats

from tssd.report import Comparison, Row
from tssd.report.answer import Answer, certainty, interval, p_value, paired_at
from tssd.runs.training_cost import TeacherCost


def row(name, student, teacher, *accuracy, seeds=None):
    curves = tuple((float(a), float(a) + 1) for a in accuracy)
    return Row(name, student, seeds or tuple(range(len(curves))), curves, teacher)


def answer(*rows, reference=None):
    return Answer.of(Comparison(tuple(rows), (1, 2), "abc", 10), reference)


TSSD = row("x/tssd", 1, 2, 80, 82, 87)
FAIR, BETTER = row("vanilla_ts", 1, 1, 70, 71, 78), row("tuned", 1, 1, 75, 76, 77)
LONG = row("vanilla_tt", 2, 2, 90, 91, 92)


def test_the_subject_is_the_student_with_the_lowest_t_and_the_baseline_the_best_fair_one():
    found = answer(LONG, FAIR, row("tsd", 1, 2, 99), TSSD, BETTER, row("far", 2, 4, 99))
    assert (found.subject, found.baseline, found.at, found.is_fair) == (TSSD, BETTER, 1, True)
    assert list(found.tests) == ["vanilla_tt", "vanilla_ts", "tsd", "tuned", "far"]


def test_a_recalibrated_network_may_be_the_baseline_but_not_the_subject():
    own = replace(row("x/tssd, recalibrated", 1, 2, 99), of="x/tssd")
    other = replace(row("vanilla_ts, recalibrated", 1, 1, 79, 79, 79), of="vanilla_ts")
    found = answer(own, FAIR, other, TSSD)
    assert (found.subject, found.baseline) == (TSSD, other)
    assert list(found.tests) == [own.name, "vanilla_ts", "vanilla_ts, recalibrated"]
    # Without another network there is no baseline, unless one asks for this one.
    assert answer(own, TSSD).baseline is None
    assert answer(own, TSSD, reference=own.name).baseline == own


def test_a_network_without_spikes_is_a_bound_and_no_baseline():
    ann = row("x/digits+vgg9+ann", 1, 1, 99, 99, 99)
    found = answer(ann, FAIR, TSSD)
    assert (found.subject, found.baseline) == (TSSD, FAIR)
    assert list(found.tests) == [ann.name, "vanilla_ts"]
    assert answer(ann, FAIR).subject == FAIR
    alone = answer(ann, TSSD)
    assert (alone.baseline, alone.is_fair) == (ann, False)


def test_a_method_with_a_teacher_of_its_own_is_no_fair_baseline():
    taught = replace(row("kdsnn", 1, 1, 99, 99, 99), taught=(TeacherCost("runs/ann"),) * 3)
    assert answer(taught, FAIR, TSSD).baseline == FAIR
    found = answer(taught, TSSD)
    assert (found.baseline, found.is_fair) == (taught, False)


def test_a_converted_network_which_was_trained_at_no_t_is_no_fair_baseline():
    converted = replace(row("qcfs", 1, 1, 99, 99, 99), student=2, teacher=2, trained_steps=1)
    found = answer(converted, replace(TSSD, student=2, teacher=4))
    assert (found.baseline, found.is_fair) == (converted, False)
    assert converted.network_steps == 1
    assert FAIR.network_steps == FAIR.teacher


def test_without_tssd_in_a_name_the_first_is_the_subject():
    one, other = row("b", 1, 2, 1), row("a", 1, 3, 2)
    assert answer(FAIR, one, other).subject == one


def test_without_a_fair_baseline_it_is_the_best_other():
    found = answer(TSSD, LONG, row("ssd", 2, 4, 91.5))
    assert (found.baseline.name, found.is_fair) == ("ssd", False)


def test_a_reference_is_the_baseline_and_never_the_subject():
    found = answer(TSSD, FAIR, LONG, reference="vanilla_tt")
    assert (found.subject, found.baseline, found.is_fair) == (TSSD, LONG, False)
    found = answer(TSSD, FAIR, reference="x/tssd")
    assert (found.subject, found.baseline) == (FAIR, TSSD)


def test_only_vanilla_methods():
    found = answer(LONG, FAIR)
    assert (found.subject, found.baseline, found.at) == (FAIR, LONG, 1)


def test_results_without_a_teacher_are_taken_as_trained_alone():
    old = row("old", 1, None, 70, 70, 71)
    assert answer(TSSD, old).is_fair


def test_interval_and_p_agree_with_scipy():
    expected = stats.ttest_rel([80, 82, 87], [70, 71, 78])
    low, high = expected.confidence_interval()
    found = answer(TSSD, FAIR)
    test = found.tests["vanilla_ts"]
    assert test.p == pytest.approx(expected.pvalue)
    assert interval(test) == f"{low:+.2f} to {high:+.2f}"
    assert found.sentence({"x/tssd": "A", "vanilla_ts": "B"}) == (
        f"A has 83.00 % at T = 1, 10.00 ± 1.00 points above B, 95 % interval {low:+.2f} to "
        f"{high:+.2f}: told apart (p = {expected.pvalue:.3f}, 3 seeds)."
    )


def test_p_is_corrected_for_the_number_of_methods():
    found = answer(TSSD, FAIR, LONG)
    smallest = min(test.p for test in found.tests.values())
    assert min(found.corrected.values()) == pytest.approx(2 * smallest)


@pytest.mark.parametrize(
    ("own", "their", "expected"),
    [
        (row("a", 1, 1, 50), row("b", 1, 1, 40, seeds=(7,)), "no common seed, nothing can be"),
        (row("a", 1, 1, 50), row("b", 1, 1, 40), "one seed, nothing can be said about others"),
        (row("a", 1, 1, 50, 51), row("b", 1, 1, 40, 42), "2 seeds, too few to test"),
        (row("a", 1, 1, 5, 6, 7), row("b", 1, 1, 4, 5, 6), "the same for all 3 seeds, no test"),
        (row("a", 1, 1, 5, 6, 7), row("b", 1, 1, 9, 2, 6), "not told apart (p = 0.90"),
        (
            row("a", 1, 1, 99, 99, 99.01),
            row("b", 1, 1, 1, 1, 1),
            "told apart (p < 0.001, 3 seeds)",
        ),
    ],
)
def test_how_sure_it_is(own, their, expected):
    test = paired_at(own, their, 1)
    assert certainty(test, test.p, 1).startswith(expected)


def test_the_number_of_comparisons_is_said():
    test = paired_at(TSSD, FAIR, 1)
    assert (
        certainty(test, 0.2, 4) == "not told apart (p = 0.20 corrected for 4 comparisons, 3 seeds)"
    )


def test_a_control_is_the_baseline_and_never_the_subject():
    control = row("d+vgg9+control", 1, 2, 79)
    other = row("d+vgg9+control_exit", 1, 2, 80)
    found = answer(control, other, BETTER, TSSD)
    assert (found.subject, found.baseline, found.is_fair) == (TSSD, control, True)
    assert answer(control, FAIR, row("tsd", 1, 2, 9)).subject.name == "tsd"
    assert answer(control, FAIR).subject == FAIR
    # Where it stands alone, the one with an exit is the control; it is never judged beside others.
    found = answer(other, BETTER, TSSD)
    assert (found.subject, found.baseline, found.is_fair) == (TSSD, other, True)
    assert answer(other, control, row("tsd", 1, 2, 9)).subject.name == "tsd"
    # Another fair one may be asked for.
    for asked, is_fair in ((other, True), (BETTER, True), (LONG, False)):
        found = answer(control, other, BETTER, LONG, TSSD, reference=asked.name)
        assert (found.baseline, found.is_fair) == (asked, is_fair)


def test_a_loss_is_said_to_be_one():
    found = answer(row("tssd", 1, 2, 60), FAIR)
    assert "10.00 points below B" in found.sentence({"tssd": "A", "vanilla_ts": "B"})


def test_equal_means_are_neither_above_nor_below():
    found = answer(row("tssd", 1, 2, 70), FAIR)
    sentence = found.sentence({"tssd": "A", "vanilla_ts": "B"})
    assert "T = 1, level with B" in sentence and "points" not in sentence


def test_a_method_alone_and_without_a_common_seed():
    assert "no other method" in answer(TSSD).sentence({"x/tssd": "A"})
    apart = answer(TSSD, row("v", 1, 1, 50, seeds=(9,)))
    assert "no seed in common with B" in apart.sentence({"x/tssd": "A", "v": "B"})


@pytest.mark.parametrize(("p", "expected"), [(1e-9, "< 0.001"), (0.0123, "0.012"), (1.0, "1.00")])
def test_p_values(p, expected):
    assert p_value(p) == expected
