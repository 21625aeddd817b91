"""Differences against a reference, and whether they are more than luck."""

import math

from tssd.report.answer import p_value
from tssd.report.differences import Differences
from tssd.report.html.elements import Content, Html, element, note, paragraph, together
from tssd.report.html.methods import Methods
from tssd.report.html.sourced import number
from tssd.report.html.tables import table
from tssd.report.signed import signed
from tssd.report.significance import COMFORTABLE, LEVEL, Paired, critical_t


def differences(methods: Methods) -> Html:
    """Every other method against the reference, at every T."""
    found = methods.differences
    if not found.tests:
        return paragraph("There is one method only.")
    ts = methods.comparison.timesteps
    header: list[Content] = ["method", "n", *[f"T = {t}" for t in ts]]
    body: list[list[Content]] = [
        [
            methods.headings[name],
            str(len(found.tests[name, ts[0]].seeds)),
            *[_cell(found.tests[name, t], found.corrected.get((name, t))) for t in ts],
        ]
        for name in found.methods
    ]
    caption = (
        f"Test accuracy minus that of {methods.labels[found.against]}, percentage points, mean "
        "over the n common seeds, with its 95 % confidence interval and two-sided p of a paired t "
        f"test; p* is corrected for the {len(found.corrected)} tests in this table (Holm)"
    )
    return together([_statement(found), table(caption, header, body, kind="methods")])


def _statement(found: Differences) -> Html:
    count = len(found.corrected)
    alone = [found.tests[key].p for key in found.corrected]
    single = sum(p is not None and p < LEVEL for p in alone)
    kept = sum(p < LEVEL for p in found.corrected.values())
    parts: list[Html] = []
    if count:
        smaller = {True: "is", False: "are"}
        parts.append(
            paragraph(
                f"Of {count} tests, {single} {smaller[single == 1]} below p = {LEVEL:g} taken "
                f"alone (chance alone would give about {LEVEL * count:.1f}), and {kept} "
                f"{smaller[kept == 1]} after correction for their number."
            )
        )
    counts = [len(test.seeds) for test in found.tests.values()]
    largest = max(counts)
    if largest < 3:
        parts.append(
            _warning(
                f"n = {largest} common seed{'s' * (largest != 1)}: too few for any statement. "
                "Train at least 3, better 5 to 10."
            )
        )
    elif min(counts) < COMFORTABLE:
        least = min(n for n in counts if n >= 3) if any(n >= 3 for n in counts) else largest
        needed = critical_t(0.05, least - 1) / math.sqrt(least)
        parts.append(
            _warning(
                f"n is small: with {least} seeds a difference must be {needed:.1f} times the "
                "standard deviation of the paired differences to reach p = 0.05, so real "
                "differences are easily missed. The t test takes the differences for normally "
                "distributed, which so few cannot show."
            )
        )
    parts.append(
        note(
            "The seeds vary initial weights and the order of the samples, not the split: nothing "
            "is said about other samples."
        )
    )
    return together(parts)


def _warning(text: str) -> Html:
    return element("p", {"class": "warning"}, text)


def _cell(test: Paired, corrected: float | None) -> Html:
    if not test.seeds:
        return element("span", {"class": "none"}, "no common seed")
    mean = element("b", None, number(test.difference, signed))
    if test.verdict == "too few":
        return _lines(mean, "too few seeds to test")
    if test.p is None or test.half_width is None or corrected is None:
        return _lines(mean, "the same for all seeds, no test")
    low, high = (test.difference + s * test.half_width for s in (-1, 1))
    interval = together(["[", number(low, signed), ", ", number(high, signed), "]"])
    ps = together(["p ", number(test.p, p_value), ", p* ", number(corrected, p_value)])
    return _lines(mean, interval, ps)


def _lines(first: Html, *rest: Content) -> Html:
    small = [together([element("br"), element("small", None, line)]) for line in rest]
    return together([first, *small])
