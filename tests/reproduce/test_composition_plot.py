import struct

import pytest

from tssd.reproduce.composition_plot import ROOM, plot_composition
from tssd.reproduce.lines import Line

from .fabricated import VANILLA, cell


def test_every_part_method_and_t_is_in_the_picture(tmp_path):
    lines = [
        Line(cell(row, VANILLA, at=t, column=column), "words", (50.0 + t, 52.0), (0, 1))
        for column in ("plif", "own $part$")
        for row in ("alone", "TSSD")
        for t in (1, 4)
    ]
    plot_composition(lines, tmp_path / "a", title="Parts")
    text = (tmp_path / "a.svg").read_text()
    for name in ("own $part$", "plif", "alone", "TSSD", "d, T = 1", "d, T = 4", "Parts"):
        assert f"<!-- {name}" in text or name in text, name
    assert text.count("<!-- TSSD -->") == 1  # one legend for both plots
    first = (tmp_path / "a.png").read_bytes()
    plot_composition(lines, tmp_path / "a", title="Parts")
    assert (tmp_path / "a.png").read_bytes() == first


def test_data_sets_stand_below_each_other_with_rows_of_their_own(tmp_path):
    lines = [
        Line(cell("alone", VANILLA, data=data, at=t, column=column), "words", (50.0,), (0,))
        for data, columns, steps in (("images", "abcdefgh", (1, 2)), ("events", "xy", (5,)))
        for column in columns
        for t in steps
    ]
    sizes = {}
    for name, some in (("both", lines), ("images", lines[:16])):
        plot_composition(some, tmp_path / name, title="Parts")
        sizes[name] = struct.unpack(">II", (tmp_path / f"{name}.png").read_bytes()[16:24])
    assert sizes["both"][0] == sizes["images"][0]
    # Two rows of names more, and a plot's title and axis.
    assert sizes["both"][1] - sizes["images"][1] == pytest.approx(0.3 * (2 + ROOM) * 150, abs=1)
    text = (tmp_path / "both.svg").read_text()
    assert [text.count(f"<!-- {name} -->") for name in "ahxy"] == [2, 2, 1, 1]


def test_without_any_value_there_is_an_empty_picture(tmp_path):
    plot_composition([Line(cell("a", VANILLA), "words", ())], tmp_path / "a", title="Nothing")
    assert (tmp_path / "a.png").exists()
