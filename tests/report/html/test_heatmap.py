import math

from tssd.report.html.heatmap import Heatmap, short
from tssd.report.html.rounding import whole


def grid(values, names=None):
    size = len(values[0]) if values else 0
    shades = [[v / 10 for v in row] for row in values]
    columns = [f"c{j}" for j in range(size)]
    rows = names or [f"r{i}" for i in range(len(values))]
    return Heatmap("h", "What it is", rows, columns, values, shades, whole, "corner")


def test_every_cell_is_shaded_and_written(read):
    page = read(grid([[0, 5], [10, 3]]).draw())
    cells = [a for a, _ in page.all("rect") if a["class"] == "cell"]
    assert [float(a["fill-opacity"]) for a in cells] == [0, 0.5, 1, 0.3]
    written = [(a["class"], text) for a, text in page.all("text") if text.isdecimal()]
    assert written == [("tick", "0"), ("tick", "5"), ("tick on", "10"), ("tick", "3")]
    spoken = [text for a, text in page.all("title") if "id" not in a]
    assert "r1, c0: 10" in spoken


def test_many_columns_are_not_written_and_empty_cells_left_out(read):
    page = read(grid([[i % 2 for i in range(100)] for _ in range(100)]).draw())
    assert len([a for a, _ in page.all("rect") if a["class"] == "cell"]) == 5000
    assert not [text for _, text in page.all("text") if text in ("0", "1")]


def test_nan_is_written_and_not_shaded(read):
    page = read(grid([[math.nan, 1]]).draw())
    assert [a["fill-opacity"] for a, _ in page.all("rect") if a["class"] == "cell"][0] == "0.00"
    assert "nan" in page.text


def test_names_are_escaped_and_long_ones_cut(read):
    page = read(grid([[1]], ["<b>a very long name</b>"]).draw())
    assert not page.all("b")
    assert "<b>a very long name</b>, c0: 1" in page.text
    assert short("stages.0.0.2") == "stages.0.0.2"


def test_the_picture_says_what_it_is_also_when_it_is_empty(read):
    for values in ([[1]], []):
        (svg, _) = read(grid(values).draw()).all("svg")[0]
        assert (svg["role"], svg["aria-labelledby"]) == ("img", "h-title h-desc")


def test_narrow_cells_have_small_letters(read):
    page = read(grid([[1] * 12]).draw())
    assert {a["class"] for a, text in page.all("text") if text == "1"} == {"tick dense"}


def test_too_many_cells_are_not_drawn(read):
    names = [str(n) for n in range(501)]
    grid = [[0.0] * 501] * 501
    drawn = Heatmap("h", "t", names, names, grid, grid, write=str).draw()
    assert read(drawn).text == "501 x 501 cells are too many to draw."
