import re

import pytest

from tssd.cli.option_list import lines, meaning, value
from tssd.config import load_recipe
from tssd.config.options import Option, Slot, walk
from tssd.config.types import MISSING


@pytest.mark.parametrize("width", [80, 120])
def test_the_help_of_a_recipe_lists_every_option_in_the_width_of_the_terminal(
    tssd, monkeypatch, width
):
    monkeypatch.setenv("COLUMNS", str(width))
    outcome = tssd("train", "digits/tssd", "--help", "--net.neuron.tau", "3")
    assert (outcome.code, outcome.err) == (0, "")
    listed = re.findall(r"^  --([\w.]+) \S", outcome.out, re.MULTILINE)
    listed = [name for name in listed if name not in ("output", "trust")]
    assert listed == [option.name for option in walk(load_recipe("digits/tssd"))]
    assert "--net.neuron.tau 3 " in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= width


def test_what_is_listed_can_be_typed(tssd):
    given = ["--description", "two words", "--exits.taps", "[1]"]
    out = tssd("train", "digits/tssd", "--help", *given).out
    assert "  --description 'two words'" in out
    assert "  --exits.taps '[1]'" in out
    assert "  --net.in_channels FROM_DATA" in out
    assert "  --data.seed SEED" in out


def test_value_shows_what_is_missing_and_what_is_given():
    option = Option("net.image_size", 8, Slot(int))
    assert value(option, {"net": {"class_path": "a.B"}}) == "FROM_DATA"
    assert value(option, {"net": {"class_path": "a.B", "init_args": {"image_size": 8}}}) == "8"
    assert value(Option("net.depth", MISSING, Slot(int)), {}) == "REQUIRED"


def test_meaning_is_one_style():
    def of(text, kind=int):
        return meaning(Option("a", 1, Slot(kind, 1, text)))

    assert of("Images a batch.") == "images a batch"
    assert of("CPU threads. 0 = all.") == "CPU threads. 0 = all"
    assert of("None = as the tap (default: None)") == "null = as the tap"
    assert of("First sentence. " + "More. " * 100) == "first sentence"
    options = {o.name: o for o in walk(load_recipe("digits/tssd"))}
    assert "(one of student, teacher, both)" in meaning(options["objectives.task.span"])
    assert "(one of tssd.IF, tssd.LIF, tssd.neurons." in meaning(options["net.neuron"])
    # One of the objectives is what its class is.
    assert "CE(mean over time" in meaning(options["objectives.task"])


def test_no_option_is_without_a_meaning():
    assert [o.name for o in walk(load_recipe("digits/tssd")) if not meaning(o)] == []


def test_lines_puts_the_meaning_below_a_long_option():
    assert lines("a", "1", "what it is", 80) == "  --a 1" + " " * 31 + "what it is"
    long = lines("a" * 40, "1", "what it is", 80)
    assert long == f"  --{'a' * 40} 1\n" + " " * 38 + "what it is"
