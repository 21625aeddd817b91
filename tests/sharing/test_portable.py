from dataclasses import replace

import pytest

from tssd.runs.folder import RunFolder
from tssd.runs.training_cost import TeacherCost
from tssd.sharing.portable import (
    portable_command,
    portable_config,
    portable_environment,
    portable_results,
)


@pytest.mark.parametrize(
    ("command", "portable"),
    [
        ("tssd train digits+vgg9+tssd --seed 3", "tssd train digits+vgg9+tssd --seed 3"),
        ("tssd train a+b --output=/home/jane/x --seed=3", "tssd train a+b --seed=3"),
        ("tssd train a+b --data.root /home/jane --net.width 2", "tssd train a+b --net.width 2"),
        ("tssd train a+b --logger.api_key SECRET --seed 1", "tssd train a+b --seed 1"),
        ("tssd train a+b --resume --trainer.progress false", "tssd train a+b"),
        ("tssd train /home/jane/mine.yaml", "tssd train mine.yaml"),
        ("tssd train a+b --init ~/runs/first --exits.taps '[1, 2]'",
         "tssd train a+b --init first --exits.taps '[1, 2]'"),
        ("tssd train a+b --init=/home/jane/first", "tssd train a+b --init=first"),
        ("tssd train a+b --callbacks.m '{class_path: m.C, init_args: {dirpath: /home/jane/kept}}'",
         "tssd train a+b --callbacks.m '{class_path: m.C, init_args: {dirpath: kept}}'"),
        ("tssd train a+b '--x=[~/one, {run: /home/jane/two}, 3]' --seed 1",
         "tssd train a+b '--x=[one, {run: two}, 3]' --seed 1"),
        ("tssd train a+b --x '\"/home/jane/x\"' --y '{a: 1, b: [1e-3, null]}' --z '{a: '",
         "tssd train a+b --x x --y '{a: 1, b: [1e-3, null]}' --z '{a: '"),
        ("tssd train a+/home/jane/mine.yaml+~/b.yaml", "tssd train a+mine.yaml+b.yaml"),
        ("tssd train '/home/jane: x/a+b/config.yaml' --x on", "tssd train config.yaml --x on"),
        ("tssd train runs/a/seed0 --resume", None),
        ("tssd compare a+b", None),
        ("tssd train 'a", None),
        (None, None),
    ],
)  # fmt: skip
def test_the_command_says_what_was_trained_and_not_where(command, portable):
    assert portable_command(command) == portable


def test_a_configuration_keeps_what_trains_and_no_path_or_key():
    config = {
        "data": {"class_path": "tssd.data.CIFAR10", "init_args": {"root": "/home/jane/data"}},
        "logger": {"class_path": "x.Logger", "init_args": {"api_key": "SECRET"}},
        "callbacks": {"stop": {"init_args": {"dirpath": "/home/jane/kept", "patience": 3}}},
        "objectives": [{"run": "~/runs/teacher"}, 0.5, None, True],
        "init": "runs/first",
    }
    assert portable_config(config) == {
        "data": {"class_path": "tssd.data.CIFAR10", "init_args": {"root": None}},
        "callbacks": {"stop": {"init_args": {"dirpath": "kept", "patience": 3}}},
        "objectives": [{"run": "teacher"}, 0.5, None, True],
        "init": "runs/first",
    }
    assert config["data"]["init_args"]["root"] == "/home/jane/data"


def test_results_keep_operations_and_no_seconds(trained):
    results = RunFolder.open(trained).read_results()
    found = portable_results(results)
    assert results.train_seconds is not None
    assert "seconds" not in str({k for k, v in found.to_dict().items() if v is not None})
    assert (found.training.seconds, found.training.seconds_to) == (None, {})
    assert found.training.operations == results.training.operations
    assert found.best == results.best
    cost = TeacherCost("/home/jane/ann", 0.9, 1, 2e9, 3.0)
    taught = replace(results, training=replace(results.training, teachers={"kd.teacher": cost}))
    assert portable_results(taught).training.teachers == {
        "kd.teacher": TeacherCost("ann", 0.9, 1, 2e9)
    }


def test_the_environment_keeps_versions_and_processor_and_not_the_machine():
    facts = {
        "command": "tssd train a+b --output /home/jane/x",
        "packages": {"torch": "2.9"},
        "platform": "Linux-6.1-janes-laptop",
        "init": {"weights": "/home/jane/first", "fingerprint": "ab"},
    }
    assert portable_environment(facts) == {
        "command": "tssd train a+b",
        "packages": {"torch": "2.9"},
        "init": {"weights": "first", "fingerprint": "ab"},
    }
    assert portable_environment({}) == {}
