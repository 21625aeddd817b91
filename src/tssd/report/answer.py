"""The answer that a comparison is made for: what the method gains at the T that it is meant for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tssd.report.comparison import Comparison, Row
from tssd.report.method_labels import CONTROLS, control_of, is_ann
from tssd.report.signed import signed_range
from tssd.report.significance import LEVEL, Paired, corrected, paired


@dataclass(frozen=True)
class Answer:
    """One method against all others, at the T that it is meant for.

    Args:
        subject: the method.
        at: that T.
        baseline: what it is measured against; None = there is no other method.
        is_fair: whether the baseline has what the subject has but the distillation: a control with
            the same labels, or a method trained at that T alone.
        tests: its differences from each other method, in the order of the comparison.
        corrected: p values corrected for the number of tests (Holm), where there is one.
    """

    subject: Row
    at: int
    baseline: Row | None
    is_fair: bool
    tests: Mapping[str, Paired]
    corrected: Mapping[str, float]

    @classmethod
    def of(cls, comparison: Comparison, reference: str | None = None) -> Self:
        """Find both.

        The subject is the method whose student has the lowest T below its teacher's; of several
        the first with tssd in its name, or else the first; a control is none. The baseline is the
        control for this T, the plain one rather than that with an exit. Without one it is the best
        of those that were trained at this T alone and without a teacher of their own (the choice is
        against the subject), or else the best of the others. A network without spikes (`ann`) is
        neither, if there are others.

        Args:
            comparison: the methods.
            reference: name of the baseline instead.
        """
        rows = comparison.rows
        # Other statistics are no gain of a method: the subject is a network as it was trained.
        own = [row for row in rows if row.of is None]
        own = [row for row in own if not is_ann(row.name)] or own
        others = [row for row in own if row.name != reference] or list(own)
        judged = [row for row in others if control_of(row.name) is None] or others
        taught = [row for row in judged if (row.teacher or 0) > row.student]
        free = taught or [row for row in judged if "vanilla" not in row.name] or judged
        lowest = min(row.student for row in free)
        meant = [row for row in free if row.student == lowest]
        subject = next((row for row in meant if "tssd" in row.name), meant[0])
        at = min(subject.student, *(len(curve) for row in rows for curve in row.accuracy))
        rivals = [row for row in rows if row.name != subject.name]
        spiking = [row for row in rivals if not is_ann(row.name)] or rivals
        meant_for = [row for row in spiking if row.student == at]
        fair = [[row for row in meant_for if control_of(row.name) == own] for own in CONTROLS]
        fair.append([r for r in spiking if _is_alone(r, at) and not is_ann(r.name)])
        if reference is not None:
            chosen = [row for row in rivals if row.name == reference]
        else:
            chosen = next(filter(None, fair), [row for row in spiking if row.of != subject.name])
        baseline = max(chosen, key=lambda row: row.mean(at), default=None)
        tests = {row.name: paired_at(subject, row, at) for row in rivals}
        return cls(
            subject, at, baseline, any(baseline in group for group in fair), tests, corrected(tests)
        )

    def sentence(self, labels: Mapping[str, str], *, p: float | None = None, among: int = 0) -> str:
        """The answer in words.

        Args:
            labels: what to call each method.
            p: corrected for more comparisons than the answer's own; None = for its own.
            among: their number.
        """
        own = f"{labels[self.subject.name]} has {self.subject.mean(self.at):.2f} % at T = {self.at}"
        if self.baseline is None:
            return f"{own}; there is no other method to compare it with."
        test = self.tests[self.baseline.name]
        than = labels[self.baseline.name]
        if not test.seeds:
            return f"{own}; it has no seed in common with {than}: nothing can be said."
        if p is None:
            p, among = self.corrected.get(self.baseline.name), len(self.corrected)
        between = "" if (found := interval(test)) is None else f", 95 % interval {found}"
        return f"{own}, {distance(test)} {than}{between}: {certainty(test, p, among)}."


def paired_at(row: Row, other: Row, t: int) -> Paired:
    """Paired test of two methods at T = t, over the seeds that both have."""
    own, their = (
        {seed: run[t - 1] for seed, run in zip(r.seeds, r.accuracy, strict=True)}
        for r in (row, other)
    )
    return paired(own, their)


def distance(test: Paired) -> str:
    """How far above or below a method is, mean ± std of the differences, in words.

    >>> distance(paired({0: 40.0, 1: 41.0}, {0: 39.0, 1: 41.0}))
    '0.50 ± 0.71 points above'
    >>> distance(paired({0: 40.0, 1: 41.0}, {0: 41.0, 1: 40.0}))
    'level with'
    """
    if f"{abs(test.difference):.2f}" == "0.00":
        return "level with"
    side = "above" if test.difference >= 0 else "below"
    std = "" if test.std is None else f" ± {test.std:.2f}"
    return f"{abs(test.difference):.2f}{std} points {side}"


def certainty(test: Paired, p: float | None, among: int) -> str:
    """How sure a difference is, in words.

    Args:
        test: of the difference.
        p: corrected for the number of comparisons; None where nothing could be tested.
        among: that number.
    """
    count = len(test.seeds)
    if not count:
        return "no common seed, nothing can be said"
    if count == 1:
        return "one seed, nothing can be said about others"
    if test.verdict == "too few":
        return f"{count} seeds, too few to test"
    if p is None:
        return f"the same for all {count} seeds, no test"
    told = "told apart" if p < LEVEL else "not told apart"
    by = "" if among == 1 else f" corrected for {among} comparisons"
    return f"{told} ({p_is(p)}{by}, {count} seeds)"


def interval(test: Paired) -> str | None:
    """The 95 % confidence interval of a difference; None = not known."""
    if test.interval is None:
        return None
    return signed_range(*test.interval)


def p_is(p: float) -> str:
    """A p value as in a sentence.

    >>> p_is(0.0001), p_is(0.034)
    ('p < 0.001', 'p = 0.034')
    """
    return f"p {'' if p < 0.001 else '= '}{p_value(p)}"


def p_value(p: float) -> str:
    """A p value with two or three digits.

    >>> p_value(0.0001), p_value(0.034), p_value(0.5)
    ('< 0.001', '0.034', '0.50')
    """
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _is_alone(row: Row, at: int) -> bool:
    """Whether a method was trained at a T alone, and without a teacher that is a run of its own."""
    alone = row.student == at and (row.teacher or row.student) <= row.student
    # A converted network was trained as an ANN, at no T.
    as_a_network = (row.trained_steps or row.student) >= row.student
    return alone and as_a_network and row.of_teachers() is None
