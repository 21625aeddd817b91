from dataclasses import replace
from xml.etree import ElementTree

import pytest
from PIL import Image

from tssd.report import Comparison, Row, plot_comparison
from tssd.report.method_labels import split_names
from tssd.report.plot import COLOURS


@pytest.fixture
def comparison():
    rows = [
        Row("digits/tssd", 2, (0, 1), ((80.0, 91.0), (82.0, 92.0))),
        Row("digits/vanilla_ts", 4, (0, 1), ((70.0, 85.0), (71.0, 85.5))),
    ]
    return Comparison(tuple(rows), timesteps=(1, 2), split_hash="abc", samples=400)


def test_the_picture_is_one(comparison, tmp_path):
    plot_comparison(comparison, tmp_path / "any.name")
    with Image.open(tmp_path / "any.name") as image:
        assert (image.format, image.size) == ("PNG", (1140, 600))
        assert len(image.convert("RGB").getcolors(maxcolors=10**6)) > 10


def test_a_vector_picture_names_the_methods_and_what_they_share(comparison, tmp_path):
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none"}):  # text as text
        plot_comparison(comparison, tmp_path / "p.svg", format="svg")
    text = " ".join(ElementTree.parse(tmp_path / "p.svg").getroot().itertext())
    for expected in ("digits", "tssd", "vanilla_ts", "timesteps T at inference", "of 2 seeds"):
        assert expected in text


def test_equal_comparisons_give_equal_files(comparison, tmp_path):
    for name in ("a.svg", "b.svg"):
        plot_comparison(comparison, tmp_path / name, format="svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_recalibrated_network_is_drawn_like_itself_dotted(comparison, tmp_path):
    first, second = comparison.rows
    again = replace(first, name=f"{first.name}, recalibrated", of=first.name)
    plot_comparison(
        replace(comparison, rows=(first, again, second)), tmp_path / "p.svg", format="svg"
    )
    drawn = (tmp_path / "p.svg").read_text()
    assert "stroke-dasharray" in drawn
    assert {colour for colour in COLOURS[:-1] if colour.lower() in drawn} == {*COLOURS[:2]}


def test_a_single_run_at_a_single_t_is_drawn(tmp_path):
    row = Row("m", 2, (0,), ((80.0, 91.0),))
    comparison = Comparison((row,), timesteps=(2,), split_hash="abc", samples=400)
    plot_comparison(comparison, tmp_path / "p.png", title="one")
    assert (tmp_path / "p.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("names", "shared", "rest"),
    [
        (["a/b/x", "a/b/y"], "a/b", ["x", "y"]),
        (["a/x", "b/x"], "", ["a/x", "b/x"]),
        (["a/b", "a/b/c"], "a", ["b", "b/c"]),
        (["a/x"], "a", ["x"]),
        (["x", "a/x"], "", ["x", "a/x"]),
    ],
)
def test_split_names(names, shared, rest):
    assert split_names(names) == (shared, rest)
