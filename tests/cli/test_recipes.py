import json

import pytest
import yaml

from tssd.config import recipe_names
from tssd.config.recipe import recipe_text


def test_the_list_has_every_recipe_with_its_description(tssd):
    outcome = tssd("recipes")
    assert outcome.code == 0
    rows = [line.split("│") for line in outcome.out.splitlines() if line.startswith("│")]
    described = {row[1].strip(): row[2].strip() for row in rows}
    described.pop("", None)  # the second line of a long description
    assert list(described) == recipe_names()
    assert all(described.values())
    assert "tssd train RECIPE" in outcome.out


def test_a_recipe_is_shown_as_it_is_written_or_complete(tssd, tmp_path):
    assert tssd("recipes", "digits/tssd").out == recipe_text("digits/tssd")
    complete = tssd("recipes", "digits/tssd", "--complete").out
    config = yaml.safe_load(complete)
    assert "extends" not in config
    assert config["data"]["class_path"] == "tssd.data.Digits"
    # What it prints is a recipe.
    (tmp_path / "mine.yaml").write_text(complete)
    assert yaml.safe_load(tssd("recipes", "mine.yaml").out) == config


def test_json(tssd):
    found = json.loads(tssd("recipes", "--json").out)
    assert list(found) == recipe_names()
    assert found["digits/tssd"] == "handwritten digits, TSSD, T_s = 1, T_t = 4"
    shown = json.loads(tssd("recipes", "digits/tssd", "--json").out)
    assert shown == yaml.safe_load(tssd("recipes", "digits/tssd", "--complete").out)
    assert list(json.loads(tssd("recipes", "digits/v*", "--json").out)) == [
        "digits/vanilla_ts",
        "digits/vanilla_tt",
    ]


def test_words_are_no_markup(tssd, monkeypatch):
    from tssd.cli import recipes

    monkeypatch.setattr(recipes, "recipe_names", lambda: ["[/b]", "[cat]"])
    monkeypatch.setattr(recipes, "layers", lambda name: name)
    monkeypatch.setattr(recipes, "merge", lambda found: {"description": f"[red]{found}"})
    outcome = tssd("recipes")
    rows = [line.split() for line in outcome.out.splitlines()]
    assert ["│", "[/b]", "│", "[red][/b]", "│"] in rows
    assert ["│", "[cat]", "│", "[red][cat]", "│"] in rows


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["digits/tsd"], "recipe: 'digits/tsd' is neither a recipe nor a YAML file; did you mean"),
        (["nothing*"], "recipe: 'nothing*' fits none; `tssd recipes` lists all"),
        (["--complet"], "--complet: no such option; did you mean --complete?"),
        (["a", "b"], "unexpected: b"),
    ],
)
def test_mistakes(tssd, words, expected):
    outcome = tssd("recipes", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake
