import json
import math

import pytest

from tssd.report.html.rounding import (
    digits,
    percent,
    two,
)
from tssd.report.html.sourced import Sourced, number, shown
from tssd.runs.results import LengthChange

ROOT = Sourced({"a": [0.3731, None, math.nan], "b": {"x/y~z": 7}, "s": "<i>", "t": True}, "r.json#")


def test_places_are_json_pointers():
    assert ROOT["a"][0].at == "r.json#/a/0"
    assert ROOT["b"]["x/y~z"] == Sourced(7, "r.json#/b/x~1y~0z")
    assert [node.at for node in ROOT["a"]] == ["r.json#/a/0", "r.json#/a/1", "r.json#/a/2"]


@pytest.mark.parametrize("path", [("gone",), ("a", 9), ("a", "k"), ("s", 0), ("gone", "x", 1)])
def test_what_is_not_there_is_nothing(path):
    node = ROOT
    for step in path:
        node = node[step]
    assert node.value is None
    assert not node
    assert list(node) == []
    assert "–" in shown(node, percent)


def test_a_dataclass_is_walked_by_the_names_of_its_file():
    change = Sourced(LengthChange("trainer.epochs", 3, 5, 2), "r.json#/changes/0")
    assert change["from"] == Sourced(3, "r.json#/changes/0/from")
    assert Sourced((4, 5), "r.json#")[1] == Sourced(5, "r.json#/1")
    assert not Sourced((), "r.json#")
    # A name that the file cannot have is a mistake of ours, and is not shown as missing.
    with pytest.raises(AttributeError, match="epoch"):
        change["epoch"]


def test_zero_is_something_and_a_truth_value_is_no_number():
    assert Sourced(0, "")
    assert math.isnan(ROOT["t"].number())
    assert ROOT["a"][0].number() == 0.3731


def test_a_number_keeps_its_full_value_and_its_place():
    assert shown(ROOT["a"][0], percent) == (
        '<data value="0.3731" data-at="r.json#/a/0">37.31</data>'
    )
    assert number(2.0, two) == '<data value="2.0">2.00</data>'


def test_what_is_not_finite_is_marked():
    for value, text in ((math.nan, "NaN ⚠"), (math.inf, "inf ⚠"), (-math.inf, "-inf ⚠")):
        made = number(value, percent, at="x")
        assert 'class="nan"' in made
        assert f">{text}</data>" in made


def test_text_is_escaped():
    assert shown(ROOT["s"], digits) == '<span data-at="r.json#/s">&lt;i&gt;</span>'


def test_places_survive_json(tmp_path):
    again = Sourced(json.loads(json.dumps(ROOT.value)), "r.json#")
    assert again["a"][0] == ROOT["a"][0]


def test_a_whole_number_of_hundreds_of_digits_is_no_measurement():
    node = Sourced(10**400, "r.json#/a")
    assert math.isnan(node.number())
    assert "not a number" in shown(node, digits)
