import pytest

from tssd.config.compose import layers
from tssd.config.recipe import merge
from tssd.config.schema import SECTIONS, parse
from tssd.config.sections import MEANINGS
from tssd.errors import UsageError
from tssd.objectives import Timesteps


def test_every_section_has_a_type_and_says_what_it_is():
    assert {name: text for name, (_, text) in SECTIONS.items()} == MEANINGS
    assert all(MEANINGS.values())


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
