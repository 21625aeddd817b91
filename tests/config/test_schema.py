import pytest

from tssd.config.recipe import layers, merge
from tssd.config.schema import DEFAULTS, SECTIONS, parse, with_defaults
from tssd.errors import UsageError
from tssd.objectives import Timesteps


def test_every_section_says_what_it_is():
    assert all(text for _, text in SECTIONS.values())
    assert set(DEFAULTS) < set(SECTIONS)


def test_with_defaults_adds_sections_and_changes_none():
    config = merge(layers("digits/tssd"))
    full = with_defaults(config)
    assert list(full) == list(SECTIONS)
    assert {name: full[name] for name in config} == config
    assert full["seed"] == 0
    # A recipe's optimizer is its own: nothing of the default one creeps in.
    assert with_defaults({"optimizer": {"class_path": "a.B"}})["optimizer"] == {"class_path": "a.B"}


def test_parse_gives_values_and_defaults_of_some_sections():
    config = {"timesteps": {"student": 2, "teacher": "4"}, "trainer": {"epochs": 3}, "net": 5}
    parsed = parse(config, ["timesteps", "trainer"])
    assert vars(parsed.timesteps) == {"student": 2, "teacher": 4}
    assert (parsed.trainer.epochs, parsed.trainer.gradient_clip) == (3, 0.0)
    assert Timesteps(**vars(parsed.timesteps)) == Timesteps(2, 4)


def test_parse_raises_usage_errors_of_one_line():
    with pytest.raises(UsageError, match="student") as error:
        parse({"timesteps": {"student": "x", "teacher": 4}}, ["timesteps"])
    assert "\n" not in str(error.value)


def test_parse_leaves_the_configuration_alone():
    config = merge(layers("digits/tssd"))
    parse(config, ["objectives", "net"])
    assert config == merge(layers("digits/tssd"))


def test_defaults_are_not_shared():
    with_defaults({})["exits"]["init_args"] = {"taps": []}
    assert "init_args" not in with_defaults({})["exits"]
