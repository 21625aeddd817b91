import math
import re

import pytest

from tssd.report.html.line_chart import COLOURS, MARKERS, Chart, Series, dash, look


def chart(*series, log=False):
    return Chart("c", "What it is", "T", "accuracy, %", series, log=log)


def places(page):
    """Where the markers are, in the order of the points."""
    found = [a["transform"] for a, _ in page.all("g") if "transform" in a]
    numbers = [tuple(map(float, re.findall(r"[\d.]+", text))) for text in found]
    return [n for n in numbers if n != (17.0, 8.0)]  # those of the legend


def test_markers_are_where_the_numbers_are(read):
    page = read(chart(Series("a", [(1, 10), (2, 20), (3, 40)])).draw())
    (x1, y1), (x2, y2), (x3, y3) = places(page)
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2)
    assert (y1 - y2) * 2 == pytest.approx(y2 - y3, abs=0.3)
    assert y1 > y3  # more is higher


def test_the_picture_says_what_it_is_and_every_point_its_numbers(read):
    page = read(chart(Series("<a>", [(1, 10), (2, 20)], [1.5, None])).draw())
    (svg, _) = page.all("svg")[0]
    assert svg["role"] == "img"
    ids = svg["aria-labelledby"].split()
    named = {a["id"]: text for tag in ("title", "desc") for a, text in page.all(tag) if "id" in a}
    assert named[ids[0]] == "What it is"
    assert "<a>" in named[ids[1]]
    spoken = [text for a, text in page.all("title") if "id" not in a]
    assert spoken == ["<a>, T 1: 10 ± 1.5", "<a>, T 2: 20"]


def test_nan_breaks_the_line_and_is_marked(read):
    page = read(chart(Series("a", [(1, 1), (2, math.nan), (3, 3), (4, 2)])).draw())
    (line,) = [a["d"] for a, _ in page.all("path") if a.get("fill") == "none"]
    assert re.sub(r"[^ML]", "", line) == "MML"
    assert [a["class"] for a, _ in page.all("path") if "class" in a] == ["bad"]
    assert "nan" not in " ".join(page.attributes("d") + page.attributes("transform"))


def test_only_nan_and_nothing_at_all_are_drawn(read):
    for series in ([Series("a", [(1, math.nan)])], [Series("a", [])], []):
        assert read(chart(*series).draw()).all("svg")


def test_every_line_has_its_own_look(read):
    lines = [Series(f"m{i}", [(1, i), (2, i)]) for i in range(len(COLOURS) + 2)]
    page = read(chart(*lines).draw())
    assert [text for _, text in page.all("li")] == [line.name for line in lines]
    looks = {(look(i), MARKERS[i % len(MARKERS)], dash(i)) for i in range(len(lines))}
    assert len(looks) == len(lines)
    assert look(6) == "var(--black)"  # visible in the dark


def test_a_single_line_needs_no_legend_and_long_ones_few_markers(read):
    page = read(chart(Series("a", [(i, i) for i in range(300)])).draw())
    assert not page.all("li")
    assert 5 < len(places(page)) <= 14


def test_a_ring_and_error_bars(read):
    page = read(chart(Series("a", [(1, 10), (2, 20)], [1, 2], ring=2)).draw())
    ((ring, _),) = page.all("circle")
    assert (float(ring["cx"]), float(ring["cy"])) == places(page)[1]
    bars = [a for a, _ in page.all("line") if "stroke-width" in a and a["x1"] == a["x2"]]
    assert len(bars) == 2


def test_an_error_bar_may_be_longer_on_one_side(read):
    page = read(chart(Series("a", [(1, 10), (2, 20)], [(4, 12), None])).draw())
    (bar,) = [a for a, _ in page.all("line") if "stroke-width" in a and a["x1"] == a["x2"]]
    (_, y1), (_, y2) = places(page)
    below, above = float(bar["y2"]) - y1, y1 - float(bar["y1"])
    assert below == pytest.approx(3 * above, abs=0.3)
    assert below == pytest.approx(0.6 * (y1 - y2), abs=0.3)
    spoken = [text for a, text in page.all("title") if "id" not in a]
    assert spoken == ["a, T 1: 10 (4 to 12)", "a, T 2: 20"]


def test_ratios_are_shown_where_all_is_positive(read):
    terms = Series("a", [(1, 0.01), (2, 1)]), Series("b", [(1, 0.1), (2, 0.1)])
    assert "(logarithmic)" in read(chart(*terms, log=True).draw()).text
    flat = Series("a", [(1, 0.0), (2, 1)])
    assert "(logarithmic)" not in read(chart(flat, log=True).draw()).text


def test_numbers_along_the_axis_keep_apart(read):
    points = [(x, x) for x in (0, 0.5, 0.9, 0.95, 0.99, 1.0)]
    page = read(chart(Series("a", points)).draw())
    shown = [float(a["x"]) for a, _ in page.all("text") if a.get("text-anchor") == "middle"][:-1]
    assert min(b - a for a, b in zip(shown, shown[1:], strict=False)) >= 36
