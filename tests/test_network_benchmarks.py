"""That a step of a network is measured, for a sample and for the batch."""

from benchmarks.networks import METHODS, SETTINGS, Setting, Taken, report, step_of

from tssd.config.pieces import rooms

GIB = 2**30


def test_networks_are_pieces_and_stand_there_once():
    for setting in SETTINGS:
        assert set(setting.networks) <= set(rooms()["nets"])
        assert len(set(setting.networks)) == len(setting.networks)
        assert setting.data in rooms()["data"]


def test_a_step_of_the_whole_batch_is_taken_at_the_method_s_timesteps():
    vanilla, tssd = (step_of("digits", "vgg9", method, 4, width="0.0625") for method in METHODS)
    assert (vanilla.timesteps, tssd.timesteps) == (1, 4)
    assert vanilla.seconds > 0 and tssd.seconds > 0
    assert tssd.peak >= 0


def test_a_table_for_each_kind_of_input():
    own = Setting("digits", 4, ("vgg9",))
    shown = report({("digits", "vgg9"): [Taken(2, 0.5, GIB), Taken(4, 1.25, 3 * GIB)]}, [own])
    assert shown.splitlines() == [
        "### digits, batches of 4",
        "",
        "| network | vanilla_ts: T | s a sample | GiB for 4 | tssd: T | s a sample | GiB for 4 |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| `vgg9` | 2 | 0.50 | 1.00 | 4 | 1.25 | 3.00 |",
    ]
    assert METHODS == ("vanilla_ts", "tssd")
