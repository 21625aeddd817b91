"""What methods add to many parts or networks, for people: one row each, gains of row over row."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from tssd.report.answer import p_is
from tssd.report.shown_names import in_markdown
from tssd.report.significance import LEVEL, Paired, corrected, paired
from tssd.reproduce.lines import Line, spread

# By the later and the earlier method, of each column: the test and its corrected p.
Gains = Mapping[tuple[str, str], Mapping[str, tuple[Paired, float | None]]]


def composition_markdown(lines: Sequence[Line]) -> list[str]:
    """For each data set and T: a line a column with all methods, and what each gains over others.

    Methods are the plan's rows, in its order. A gain is the mean of the differences of seeds that
    both have; it is bold where a paired t test, corrected for the number of columns (Holm), tells
    the two apart.
    """
    found: list[str] = []
    for data, t in dict.fromkeys((line.cell.data, line.cell.at) for line in lines if line.values):
        own = [line for line in lines if (line.cell.data, line.cell.at) == (data, t)]
        against = gains(own)
        found += [f"## {in_markdown(data)}, T = {t}", "", *_rows(own, against), ""]
        found += [*(f"- {in_markdown(sentence)}" for sentence in sentences(against)), ""]
    return found[:-1]


def gains(lines: Sequence[Line]) -> Gains:
    """Of every method over every earlier one, by column, with its corrected p.

    Args:
        lines: of one data set and T.
    """
    by_place = {(line.cell.row, line.cell.column): line for line in lines}
    rows = list(dict.fromkeys(line.cell.row for line in lines))
    found = {}
    for earlier, later in combinations(rows, 2):
        tests = {
            column: paired(by_place[later, column].by_seed, by_place[earlier, column].by_seed)
            for column in dict.fromkeys(line.cell.column for line in lines)
            if (later, column) in by_place and (earlier, column) in by_place
        }
        ps = corrected(tests)
        found[later, earlier] = {
            column: (test, ps.get(column)) for column, test in tests.items() if test.seeds
        }
    return found


def sentences(against: Gains) -> Iterator[str]:
    """How often a method is above another, by how much over all, and where that is told apart.

    Over all: mean and deviation of the columns' differences, each of which counts once, and p of a
    t test over the columns.

    Args:
        against: what `gains` found.
    """
    for (later, earlier), tests in against.items():
        if not tests:
            continue
        differences = {column: test.difference for column, (test, _) in tests.items()}
        above = [column for column, difference in differences.items() if difference > 0]
        text = f"{later} is above {earlier} in {len(above)} of {len(tests)}"
        if len(tests) > 1:
            text += f" ({_over(list(differences.values()))})"
        told = [column for column, (_, p) in tests.items() if p is not None and p < LEVEL]
        for name, some in (
            ("above", [column for column in told if column in above]),
            ("below", [column for column in told if column not in above]),
        ):
            if some:
                text += f"; told apart, {name}: {', '.join(some)}"
        yield f"{text}." if told else f"{text}; none is told apart."


def _over(differences: Sequence[float]) -> str:
    over = paired(dict(enumerate(differences)), dict.fromkeys(range(len(differences)), 0.0))
    text = f"{spread(over.difference, over.std, '+')} over all of them"
    return text if over.p is None else f"{text}, {p_is(over.p)}"


def _rows(lines: Sequence[Line], against: Gains) -> Iterator[str]:
    rows = list(dict.fromkeys(line.cell.row for line in lines))
    heads = ["", "n", *map(in_markdown, rows)]
    heads += [f"{in_markdown(later)} - {in_markdown(earlier)}" for later, earlier in against]
    yield "| " + " | ".join(heads) + " |"
    yield "| --- |" + " ---: |" * (len(heads) - 1)
    for column in dict.fromkeys(line.cell.column for line in lines):
        own = {line.cell.row: line for line in lines if line.cell.column == column}
        counts = {len(line.values) for line in own.values()}
        if counts == {0}:
            continue
        n = str(min(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
        cells = [in_markdown(column), n]
        cells += [spread(own[row].mean, own[row].std) if row in own else "" for row in rows]
        cells += [_gain(tests.get(column)) for tests in against.values()]
        yield "| " + " | ".join(cells) + " |"


def _gain(found: tuple[Paired, float | None] | None) -> str:
    if found is None:
        return "-"
    test, p = found
    text = spread(test.difference, test.std, "+")
    return f"**{text}**" if p is not None and p < LEVEL else text
