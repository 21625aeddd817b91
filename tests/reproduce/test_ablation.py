import pytest

from tssd.reproduce.ablation import ablation_markdown, best_sentences, blocks
from tssd.reproduce.lines import Line, with_gains

from .fabricated import VANILLA, cell

VALUES = {
    # At T = 1 and 2: cheap is worse at 2 only, poor is worse at both, dear is the best of all.
    ("dear", 4): ([50.0, 51.0, 52.0, 53.0], [60.0, 61.0, 62.0, 63.0]),
    ("control", 4): ([49.9, 51.2, 51.7, 53.1], [59.0, 60.1, 60.9, 62.0]),
    ("cheap", 1): ([49.8, 51.1, 51.8, 53.2], [55.0, 56.1, 56.9, 58.0]),
    ("poor", 2): ([30.0, 31.1, 31.9, 33.0], [40.0, 41.1, 41.9, 43.0]),
}


def lines(values=VALUES, **place):
    return [
        Line(cell(row, VANILLA, at=t, **place), "words", tuple(own), tuple(range(len(own))), steps)
        for (row, steps), pair in values.items()
        for t, own in enumerate(pair, 1)
    ]


def test_methods_stand_against_timesteps_with_their_cost_and_their_gains():
    rows = ablation_markdown(with_gains(lines(column="VGG-9"), "control"), "control")
    assert rows[0] == "## d: VGG-9"
    assert "| method | steps a sample | n | T = 1 | T = 2 |" in rows
    assert "| cheap | 1 | 4 | 51.48 ± 1.42 | 56.50 ± 1.27 |" in rows
    assert "Gain over control, points (p; corrected):" in rows
    head = rows.index("| method | pairs | T = 1 | T = 2 |")
    gains = {row.split(" | ")[0][2:]: row for row in rows[head + 2 : head + 5]}
    assert set(gains) == {"dear", "cheap", "poor"}
    # Bold where told apart: differences at T = 2 of 1, 0.9, 1.1, 1.
    assert gains["dear"].endswith("**+1.00 ± 0.08 (0.00015; 0.00015)** |")
    assert "| 4 | +0.02 ± 0.22 (0.84; 1) |" in gains["dear"]
    # Equal differences have no spread to test with.
    assert gains["cheap"].endswith("| -4.00 ± 0.00 |")


def test_each_data_set_and_column_has_its_own_part_and_empty_ones_have_none():
    found = [*lines(column="a"), *lines(column="b"), *lines(column="b", data="e")]
    empty = Line(cell("dear", VANILLA, column="c"), "words", ())
    assert [(b[0].cell.data, b[0].cell.column) for b in blocks([*found, empty])] == [
        ("d", "a"), ("d", "b"), ("e", "b")
    ]  # fmt: skip
    rows = ablation_markdown(with_gains(found, "control"), "control")
    assert sum(row.startswith("## ") for row in rows) == 3
    assert ablation_markdown([empty], "control") == []


def test_the_best_of_each_t_and_the_cheapest_that_is_not_told_apart():
    one, two = best_sentences(lines())
    assert one == (
        "T = 1: dear has the highest mean, 51.50 ± 1.29 (4 network steps a sample); the cheapest "
        "not told apart from it is cheap, 51.48 ± 1.42 (1 network step a sample); told apart from "
        "1 of 3 others."
    )
    assert two == (
        "T = 2: dear has the highest mean, 61.50 ± 1.29 (4 network steps a sample); told apart "
        "from 3 of 3 others."
    )


def test_of_one_method_alone_nothing_is_said():
    rows = ablation_markdown(lines({("dear", 4): VALUES["dear", 4]}), "control")
    assert "| dear | 4 | 4 | 51.50 ± 1.29 | 61.50 ± 1.29 |" in rows
    assert not any(row.startswith("- ") for row in rows)
    assert rows[-1].startswith("| dear")


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_tell_nothing_apart(seeds):
    few = {key: tuple(own[:seeds] for own in pair) for key, pair in VALUES.items()}
    rows = ablation_markdown(with_gains(lines(few), "control"), "control")
    assert sum("too few seeds tell the others apart" in row for row in rows) == 2
    assert not any("**" in row for row in rows)


def test_without_the_baseline_s_runs_there_are_no_gains():
    few = {key: pair for key, pair in VALUES.items() if key[0] != "control"}
    rows = ablation_markdown(with_gains(lines(few), "control"), "control")
    assert not any(row.startswith("Gain over") for row in rows)
    unknown = [Line(cell(row, VANILLA), "words", (50.0,), (0,)) for row in ("dear", "cheap")]
    assert "| dear | - | 1 | 50.00 |" in ablation_markdown(unknown, None)
    assert any("(cost not recorded)" in row for row in ablation_markdown(unknown, None))


def test_gains_over_more_rows_have_tables_of_their_own():
    rows = ablation_markdown(with_gains(lines(), "control"), "control", ("dear", "cheap"))
    heads = [row for row in rows if row.startswith("Gain over")]
    assert [head.split(",")[0] for head in heads] == [
        "Gain over control", "Gain over dear", "Gain over cheap",
    ]  # fmt: skip
    over_dear = rows[rows.index(heads[1]) : rows.index(heads[2])]
    assert not any(row.startswith("| dear") for row in over_dear)
    cheap = next(row for row in over_dear if row.startswith("| cheap"))
    assert "**-5.00 ± 0.08 (" in cheap  # 55.0 - 60.0, 56.1 - 61.0, 56.9 - 62.0, 58.0 - 63.0
