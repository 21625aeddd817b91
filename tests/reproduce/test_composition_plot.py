from tssd.reproduce.composition_plot import plot_composition
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


def test_without_any_value_there_is_an_empty_picture(tmp_path):
    plot_composition([Line(cell("a", VANILLA), "words", ())], tmp_path / "a", title="Nothing")
    assert (tmp_path / "a.png").exists()
