import json
import subprocess
import sys

import pytest
import yaml

from tssd.config.compose import layers
from tssd.config.pieces import alias_groups, aliases, rooms
from tssd.config.recipe import merge, recipe_text


def rows(outcome):
    lines = [line.split("│") for line in outcome.out.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line[1:-1]] for line in lines]


def test_the_list_has_every_room_with_its_pieces_and_the_aliases(tssd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    outcome = tssd("recipes")
    assert outcome.code == 0
    found, room = {}, None
    for first, piece, text in rows(outcome):
        room = first or room
        found.setdefault(room, {})[piece] = text
    assert {room: list(pieces) for room, pieces in found.items()} == rooms()
    assert all(text for pieces in found.values() for text in pieces.values())
    assert "`tssd train DATA+NET+METHOD` trains a recipe" in outcome.out
    for group in alias_groups():
        assert f"  {group.name} = {group.means}+*\n" in outcome.out


def test_a_composition_is_shown_merged_and_is_a_recipe_itself(tssd, tmp_path):
    outcome = tssd("recipes", "tssd+cifar10+resnet18")
    assert "# tssd: Temporal and spatial self-distillation.\n" in outcome.out
    assert (
        "# The paper reports 93.48 ± 0.02 % at T = 2 (table1, table2); not run at full scale yet.\n"
        in outcome.out
    )
    config = yaml.safe_load(outcome.out)
    assert config == merge(layers("cifar10/resnet18_tssd"))
    assert list(config)[:3] == ["description", "data", "net"]
    (tmp_path / "mine.yaml").write_text(outcome.out)
    assert merge(layers("mine.yaml")) == config
    assert tssd("recipes", "mine.yaml").out == outcome.out
    # An alias is shown in the same way, with what the pieces say about themselves.
    outcome = tssd("recipes", "digits/tssd")
    assert outcome.out.startswith("# digits/tssd\n# digits: Handwritten digits")
    assert "#   With all of them even a vanilla network keeps 98 %" in outcome.out
    assert yaml.safe_load(outcome.out) == merge(layers("digits+vgg9+tssd"))


def test_a_piece_and_a_file_are_shown_as_they_are_written_or_complete(tssd, tmp_path):
    assert tssd("recipes", "nmnist").out == recipe_text("data/nmnist")
    (tmp_path / "mine.yaml").write_text("extends: digits+vgg9+tssd # why\nseed: 3\n")
    assert "# why" in tssd("recipes", "mine.yaml").out
    config = yaml.safe_load(tssd("recipes", "mine.yaml", "--complete").out)
    assert "extends" not in config
    assert (config["seed"], config["data"]["class_path"]) == (3, "tssd.data.Digits")


def test_json(tssd):
    found = json.loads(tssd("recipes", "--json").out)
    assert list(found) == [*rooms(), "aliases"]
    assert found["methods"]["tsd"] == "Temporal self-distillation alone."
    assert found["aliases"] == aliases()
    shown = json.loads(tssd("recipes", "digits/tssd", "--json").out)
    assert shown == yaml.safe_load(tssd("recipes", "digits/tssd", "--complete").out)
    piece = json.loads(tssd("recipes", "t8", "--json").out)
    assert piece["timesteps"] == {"student": 8, "teacher": 16}


def test_what_fits_a_pattern(tssd):
    assert json.loads(tssd("recipes", "digits/v*", "--json").out) == {
        "digits/vanilla_ts": "digits+vgg9+vanilla_ts",
        "digits/vanilla_tt": "digits+vgg9+vanilla_tt",
    }
    names = [row[0] for row in rows(tssd("recipes", "cifar10dv*small/v*"))]
    assert names == ["cifar10dvs/small/vanilla_ts", "cifar10dvs/small/vanilla_tt"]
    assert list(json.loads(tssd("recipes", "t*8", "--json").out)) == ["t8"]
    assert json.loads(tssd("recipes", "if+vgg9+digits+t*ssd", "--json").out) == {
        "digits+vgg9+if+tssd": "handwritten digits, VGG-9, IF, TSSD, T_s = 1, T_t = 4"
    }


def test_words_are_no_markup(tssd, monkeypatch):
    from tssd.cli import recipes

    monkeypatch.setattr(recipes, "rooms", lambda: {"data": ["[/b]"], "nets": ["[cat]"]})
    monkeypatch.setattr(recipes, "summary", lambda name: f"[red]{name}")
    for words in ([], ["[*"]):
        cells = [row[-2:] for row in rows(tssd("recipes", *words))]
        assert cells == [["[/b]", "[red][/b]"], ["[cat]", "[red][cat]"]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["digits/tsd"], "recipe: 'digits/tsd' is neither a recipe nor a YAML file; did you mean"),
        (["digits+vgg+tssd"], "recipe: 'vgg' in 'digits+vgg+tssd' is neither a piece of a recipe"),
        (
            ["digits+tssd"],
            f"digits+tssd: no network: add one of {', '.join(rooms()['nets'])}",
        ),
        (["nothing*"], "recipe: 'nothing*' fits none; `tssd recipes` lists all"),
        (["--complet"], "--complet: no such option; did you mean --complete?"),
        (["a", "b"], "unexpected: b"),
    ],
)
def test_mistakes(tssd, words, expected):
    outcome = tssd("recipes", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake


def test_listing_and_checking_names_import_no_torch():
    code = (
        "import sys\n"
        "from tssd.cli.main import main\n"
        "main(['recipes'])\n"
        "main(['recipes', 'digits/tssd'])\n"
        "main(['train', 'digits+vgg9+tsd+tssd'])\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
