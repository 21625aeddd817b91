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


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["digits/tsd"], "recipe: 'digits/tsd' is neither a recipe nor a YAML file; did you mean"),
        (["--complet"], "--complet: no such option; did you mean --complete?"),
        (["a", "b"], "unexpected: b"),
    ],
)
def test_mistakes(tssd, words, expected):
    outcome = tssd("recipes", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake
