from tssd.config.compose import layers
from tssd.config.recipe import merge
from tssd.config.sections import DEFAULTS, MEANINGS, UNUSED, option_parts, with_defaults


def test_defaults_are_of_sections():
    assert set(DEFAULTS) < set(MEANINGS)
    assert set(UNUSED) < set(MEANINGS) - set(DEFAULTS)


def test_with_defaults_adds_sections_and_changes_none():
    config = merge(layers("digits/tssd"))
    full = with_defaults(config)
    assert list(full) == [name for name in MEANINGS if name not in UNUSED]
    assert {name: full[name] for name in config} == config
    assert full["seed"] == 0
    # A recipe's optimizer is its own: nothing of the default one creeps in.
    assert with_defaults({"optimizer": {"class_path": "a.B"}})["optimizer"] == {"class_path": "a.B"}


def test_defaults_are_not_shared():
    with_defaults({})["exits"]["init_args"] = {"taps": []}
    assert "init_args" not in with_defaults({})["exits"]


def test_option_parts_leave_out_what_only_the_file_has():
    assert option_parts("net.init_args.neuron.class_path") == ["net", "neuron"]
    assert option_parts("optimizer") == ["optimizer"]
    assert option_parts("class_path") == ["class_path"]
