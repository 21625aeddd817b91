import re
from dataclasses import replace

import pytest

from tssd.reproduce.counted import Collected
from tssd.reproduce.picture import (
    COLOURS,
    by_data,
    heading,
    new_figure,
    plot_lines,
    plot_sweep,
    plot_table,
    put_title,
)
from tssd.reproduce.table import Table

from .fabricated import TSSD, VANILLA, cell, plan, results

CELLS = (
    cell("vanilla", VANILLA, paper=50.0, std=1.0),
    cell("TSSD", TSSD, paper=70.0, x=3),
    cell("TSSD", TSSD, paper=None, x=4, column="wide"),
    cell("TSSD", TSSD, data="e", x=3),
)
FULL = Collected({VANILLA: [results(s, [0.5 + s / 9]) for s in (0, 1)], TSSD: []}, ())


def table(collected=FULL, scale="paper"):
    cells = [replace(one, runs={scale: one.runs["small"]}) for one in CELLS]
    of = {"scale": scale, "seeds": [0, 1], "epoch": "best"}
    return Table.of(plan(*cells), cells, collected, **of)


@pytest.mark.parametrize("draw", [plot_table, plot_sweep])
@pytest.mark.parametrize("collected", [FULL, Collected({}, ())])
def test_pictures_are_written_twice_the_same(tmp_path, draw, collected):
    draw(table(collected), tmp_path / "a")
    draw(table(collected), tmp_path / "b")
    for suffix in ("png", "svg"):
        one = (tmp_path / f"a.{suffix}").read_bytes()
        assert len(one) > 1000
        assert one == (tmp_path / f"b.{suffix}").read_bytes()
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")


def test_an_empty_cell_is_no_point_at_zero(tmp_path):
    plot_table(table(), tmp_path / "some")
    plot_table(table(Collected({}, ())), tmp_path / "none")
    some, none = ((tmp_path / f"{n}.svg").read_text() for n in ("some", "none"))
    assert len(some) > len(none)


@pytest.mark.parametrize("draw", [plot_table, plot_sweep])
def test_the_paper_s_numbers_do_not_squeeze_those_of_the_small_scale(tmp_path, draw):
    draw(table(), tmp_path / "paper")
    draw(table(scale="small"), tmp_path / "small")
    drawn = {n: (tmp_path / f"{n}.svg").read_text() for n in ("paper", "small")}
    assert "numbers are in the table" in heading(table(scale="small"))
    ours = replace(table(scale="small"), lines=())
    assert heading(ours) == "A table (small scale)"
    # Matplotlib names the text of a label in a comment.
    assert ["paper -->" in text for text in drawn.values()] == [True, False]


def test_lines_with_bands(tmp_path):
    lines = [("g", "n", [1.0, 10.0], [1.0, 0.1], [0.0, 0.0])]
    plot_lines(tmp_path / "l", lines, x_label="x", y_label="y", title="t", log=True)
    assert (tmp_path / "l.svg").stat().st_size > 1000


def test_a_method_has_one_colour_in_all_plots(tmp_path):
    """Its name may say another T where the data are others."""
    lines = [
        (group, f"{method}, T = {t}", [1.0, 2.0], [1.0, 2.0], [0.5, 0.5])
        for group, t in (("g", 2), ("h", 5))
        for method in ("vanilla", "TSSD")
    ]
    plot_lines(tmp_path / "l", lines, x_label="x", y_label="y", title="t")
    drawn = (tmp_path / "l.svg").read_text().lower()
    assert [colour.lower() in drawn for colour in COLOURS[:4]] == [True, True, False, False]


def test_many_lines_share_one_legend_with_every_name_once(tmp_path):
    names = ["vanilla, T = 1", "vanilla, T = 2", "TSSD, T = 1", "TSSD, T = 2", "TSSD, T = 4"]
    lines = [(g, n, [1.0, 2.0], [1.0, 2.0], [0.5, 0.5]) for g in "gh" for n in names]
    plot_lines(tmp_path / "l", lines, x_label="x", y_label="y", title="t")
    drawn = (tmp_path / "l.svg").read_text()
    assert [drawn.count(f"<!-- {name} -->") for name in names] == [1] * 5


def test_a_long_title_is_broken_into_lines():
    figure = new_figure(5.0, 3.0)
    put_title(figure, "word " * 30)
    lines = figure.get_suptitle().splitlines()
    assert len(lines) == 3 and max(map(len, lines)) <= 60


def test_lines_by_data():
    assert {k: len(v) for k, v in by_data(table().lines).items()} == {"d": 3, "e": 1}


@pytest.mark.parametrize("draw", [plot_table, plot_sweep])
def test_names_are_drawn_as_text(tmp_path, draw):
    evil = r"_$^$ $\bad{$ [/b] <x>"
    cells = [replace(one, row=evil, column=evil, data=evil) for one in CELLS[:2]]
    of = {"scale": "small", "seeds": [0, 1], "epoch": "best"}
    own = Table.of(plan(*cells, x_label=evil), cells, FULL, **of)
    draw(own, tmp_path / "p")
    plot_lines(
        tmp_path / "q", [(evil, evil, [0, 1], [1, 2], [0, 0])], x_label="x", y_label="y", title=evil
    )
    assert "<svg" in (tmp_path / "q.svg").read_text()


def at_several():
    """A sweep whose cells are read at T = 1 and 2."""
    cells = [cell("vanilla", VANILLA, at=t, x=x, column=f"x{x}") for x in (3, 4) for t in (1, 2)]
    found = Collected({VANILLA: [results(s, [0.5, 0.8 + s / 9]) for s in (0, 1)]}, ())
    of = {"scale": "small", "seeds": [0, 1], "epoch": "best"}
    return Table.of(plan(*cells), cells, found, **of)


def texts(path):
    """Matplotlib names the text of a label in a comment."""
    return re.findall("<!-- (.*?) -->", path.read_text())


def test_a_sweep_at_several_t_has_a_curve_for_each_and_an_axis_of_none(tmp_path):
    plot_sweep(at_several(), tmp_path / "several")
    drawn = texts(tmp_path / "several.svg")
    assert {"vanilla, T = 1, ours", "vanilla, T = 2, ours", "test accuracy, %"} <= {*drawn}
    plot_sweep(table(), tmp_path / "one")
    drawn = texts(tmp_path / "one.svg")
    assert {"vanilla, ours", "test accuracy at T = 1, %"} <= {*drawn}


def test_rows_of_a_table_that_differ_in_t_alone_are_told_apart(tmp_path):
    plot_table(at_several(), tmp_path / "several")
    wanted = [f"vanilla, x{x}, T = {t}" for x in (3, 4) for t in (1, 2)]
    assert {*wanted} <= {*texts(tmp_path / "several.svg")}
    plot_table(table(), tmp_path / "one")
    assert "vanilla, net" in texts(tmp_path / "one.svg")
