"""The first screen of a comparison: what the method gains at its T, and how sure that is."""

from tssd.report.answer import certainty, interval
from tssd.report.comparison import Row
from tssd.report.html.elements import Content, Html, element, note, together
from tssd.report.html.figures import figure
from tssd.report.html.line_chart import Chart, Series
from tssd.report.html.methods import Methods
from tssd.report.html.rounding import two
from tssd.report.html.sourced import number
from tssd.report.html.tables import facts
from tssd.report.signed import signed

# Further methods are in the tables below.
TILES = 6


def answer(methods: Methods) -> Html:
    """The answer, a tile for each other method, and the picture beside them."""
    found, comparison = methods.answer, methods.comparison
    rivals = [row for row in comparison.rows if row.name != found.subject.name]
    # The baseline's tile is never left out; the order stays.
    first = [row for row in rivals if row.name == methods.reference]
    kept = {row.name for row in [*first, *(r for r in rivals if r not in first)][:TILES]}
    tiles = [_tile(methods, row) for row in rivals if row.name in kept]
    left = len(rivals) - len(tiles)
    more = f"{left} more methods: see Differences." if left else None
    return together(
        [
            element("p", {"class": "answer"}, methods.differences.answered()),
            element(
                "div",
                {"class": "split"},
                element(
                    "div",
                    None,
                    element("div", {"class": "cards"}, _own_tile(methods), *tiles),
                    _remarks(methods, more),
                ),
                curves(methods),
            ),
            _known(methods),
        ]
    )


def curves(methods: Methods) -> Html:
    """Accuracy against T of all methods that can be told apart."""
    comparison, labels = methods.comparison, methods.labels
    rows = {row.name: row for row in comparison.rows}
    series = [
        Series(
            labels[name],
            [(t, rows[name].mean(t)) for t in comparison.timesteps],
            [rows[name].std(t) for t in comparison.timesteps],
            rows[name].student,
        )
        for name in methods.drawn
    ]
    title = "Accuracy against T"
    drawn = Chart(
        "accuracy-chart", title, "timesteps T at inference", "test accuracy, %", series
    ).draw()
    small = "Bars: ± one standard deviation over the seeds. Rings: the T that a method is meant "
    small += f"for. {methods.undrawn}"
    return figure(title, drawn, None, small=small)


def _own_tile(methods: Methods) -> Html:
    found = methods.answer
    return _card(
        "own",
        methods.labels[found.subject.name],
        together([_mean(found.subject, found.at), element("span", None, " %")]),
        [f"at T = {found.at}, which it is meant for; {_spread(found.subject, found.at)}"],
    )


def _tile(methods: Methods, row: Row) -> Html:
    found = methods.answer
    test = found.tests[row.name]
    is_baseline = row.name == methods.reference
    kind = "the fair baseline: " * (is_baseline and found.is_fair)
    head = f"against {kind}{methods.labels[row.name]}"
    value: Content = "–"
    if test.seeds:
        value = together([number(test.difference, signed), element("span", None, " points")])
    lines: list[Content] = []
    if (between := interval(test)) is not None:
        lines.append(f"95 % interval {between}")
    p, among = found.corrected.get(row.name), len(found.corrected)
    if is_baseline:  # as the headline and the table of differences have it
        p, among = methods.differences.corrected_p, len(methods.differences.corrected)
    lines.append(certainty(test, p, among))
    trained = f"trained for T = {row.student}"
    if (row.teacher or row.student) > row.student:
        trained += f" with a teacher of T = {row.teacher}"
    own = [f"{trained}; at T = {found.at}: ", _mean(row, found.at), f" %, {_spread(row, found.at)}"]
    lines.append(together(own))
    return _card("baseline" if is_baseline else "", head, value, lines)


def _remarks(methods: Methods, more: str | None) -> Html:
    found = methods.answer
    words = [f"T = {found.at} throughout. Differences are means over the common seeds, paired; "]
    words.append("intervals and p are of a paired t test, two-sided. ")
    if found.baseline is not None and not found.is_fair:
        words.append(
            f"The baseline is no fair one: it was not trained at T = {found.at} alone, nor as the "
            "method without its distillation. "
        )
    if found.at != found.subject.student:
        words.append(
            f"It is meant for T = {found.subject.student}, but the runs were evaluated up to "
            f"T = {found.at}. "
        )
    return note("".join(words), more)


def _known(methods: Methods) -> Html:
    comparison = methods.comparison
    counts = [len(row.seeds) for row in comparison.rows]
    few, most = min(counts), max(counts)
    each = f"{most} seed{'s' * (most > 1)}" if few == most else f"{few} to {most} seeds"
    methods_in_words = f"each of {len(counts)} methods" if len(counts) > 1 else "one method"
    left_out = len(methods.collection.left_out)
    dataset = methods.runs(methods.reference)[0].results.dataset
    return facts(
        [
            ("data set", dataset or "not recorded"),
            ("test samples", str(comparison.samples)),
            ("weights", comparison.weights),
            ("runs", f"{sum(counts)}: {each} for {methods_in_words}"),
            ("not counted", f"{left_out}, listed at the end" if left_out else "none"),
            ("split hash", element("code", None, comparison.split_hash)),
        ]
    )


def _mean(row: Row, t: int) -> Html:
    return number(row.mean(t), two)


def _spread(row: Row, t: int) -> str:
    std = row.std(t)
    return "one seed" if std is None else f"± {std:.2f} over {len(row.seeds)} seeds"


def _card(kind: str, head: str, value: Content, lines: list[Content]) -> Html:
    return element(
        "div",
        {"class": f"card {kind}".strip()},
        element("small", None, head),
        element("b", None, value),
        *[element("small", None, line) for line in lines],
    )
