"""Differences against a reference, and whether they are more than luck."""

import math

from tssd.report.answer import p_value, paired_at
from tssd.report.html.elements import Content, Html, element, note, paragraph, together
from tssd.report.html.methods import Methods
from tssd.report.html.rounding import signed
from tssd.report.html.sourced import number
from tssd.report.html.tables import table
from tssd.report.significance import COMFORTABLE, Paired, critical_t, holm


def differences(methods: Methods) -> Html:
    """Every other method against the reference, at every T."""
    comparison, labels = methods.comparison, methods.labels
    rows = {row.name: row for row in comparison.rows}
    reference = rows[methods.reference]
    others = [row for row in comparison.rows if row.name != methods.reference]
    if not others:
        return paragraph("There is one method only.")
    found: dict[tuple[str, int], Paired] = {}
    for row in others:
        for t in comparison.timesteps:
            found[row.name, t] = paired_at(row, reference, t)
    tested = {key: test for key, test in found.items() if test.p is not None}
    corrected = dict(zip(tested, holm([test.p or 0.0 for test in tested.values()]), strict=True))
    header: list[Content] = ["method", "n"]
    header += [f"T = {t}" for t in comparison.timesteps]
    body: list[list[Content]] = []
    for row in others:
        count = len(found[row.name, comparison.timesteps[0]].seeds)
        cells = [
            _cell(found[row.name, t], corrected.get((row.name, t))) for t in comparison.timesteps
        ]
        body.append([methods.headings[row.name], str(count), *cells])
    name = labels[methods.reference]
    caption = (
        f"Test accuracy minus that of {name}, percentage points, mean over the n common seeds, "
        "with its 95 % confidence interval and two-sided p of a paired t test; p* is corrected "
        f"for the {len(tested)} tests in this table (Holm)"
    )
    counts = [len(test.seeds) for test in found.values()]
    return together(
        [_statement(counts, tested, corrected), table(caption, header, body, kind="methods")]
    )


def _statement(
    counts: list[int],
    tested: dict[tuple[str, int], Paired],
    corrected: dict[tuple[str, int], float],
) -> Html:
    single = sum((test.p or 0.0) < 0.05 for test in tested.values())
    kept = sum(p < 0.05 for p in corrected.values())
    parts: list[Html] = []
    if tested:
        smaller = {True: "is", False: "are"}
        parts.append(
            paragraph(
                f"Of {len(tested)} tests, {single} {smaller[single == 1]} below p = 0.05 taken "
                f"alone (chance alone would give about {0.05 * len(tested):.1f}), and {kept} "
                f"{smaller[kept == 1]} after correction for their number."
            )
        )
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
