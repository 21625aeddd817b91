import re

import pytest

from tssd.cli.candidates import ACTIONS, candidates, own_options, recipes
from tssd.cli.parser import SUMMARIES


def test_commands_and_what_stands_below_them():
    assert candidates([]) == [*SUMMARIES, "--help", "--version"]
    assert candidates(["re"]) == ["reproduce", "report", "recipes"]
    assert candidates(["data", "s"]) == ["show", "simulate"]
    assert candidates(["completion", ""]) == ["bash", "zsh", "fish"]
    assert candidates(["hub", "digits"]) == ["digits-vgg9"]
    assert candidates(["no", "--"]) == []


def test_the_actions_are_those_of_the_commands():
    from tssd.cli.completion import SCRIPTS
    from tssd.cli.data import ACTIONS as OF_DATA

    assert {"data": (*OF_DATA, "simulate"), "completion": tuple(SCRIPTS)} == ACTIONS


@pytest.mark.parametrize("command", [*SUMMARIES, "data simulate"])
def test_the_options_are_those_of_the_help(tssd, command):
    shown = tssd(*command.split(), "--help").out
    listed = re.findall(r"^  (?:-h, )?(--[\w.-]+)", shown, re.MULTILINE)
    name, *given = command.split()
    assert set(own_options(name, given)) == set(listed)


def test_a_recipe_goes_on_with_the_pieces_that_it_lacks():
    assert recipes("cifar10_") == ["cifar10_jpeg", *[n for n in recipes("c") if "jpeg/" in n]]
    longer = recipes("digits+vgg9+")
    assert {"digits+vgg9+tssd", "digits+vgg9+quick", "digits+vgg9+atan"} <= set(longer)
    assert not {"digits+vgg9+cifar10", "digits+vgg9+vgg8", "digits+vgg9+vgg9"} & set(longer)
    # There may be several parts.
    assert "digits+vgg9+atan+hard_reset" in recipes("digits+vgg9+atan+h")
    assert candidates(["train", "digits+vgg9+tssd", "--seed", "digits"]) == []


def test_options_of_a_recipe_are_those_that_its_help_lists():
    found = candidates(["train", "digits+vgg9+tssd", "--optimizer.w"])
    assert found == ["--optimizer.weight_decay"]
    assert "--net.width" in candidates(["train", "digits+vgg9+tssd", "--resume", "--net."])
    assert candidates(["data", "info", "nmnist+vgg9+tssd", "--net."]) == []
    assert "--data.root" in candidates(["data", "info", "nmnist+vgg9+tssd", "--data."])
    of_a_run = candidates(["evaluate", "digits+vgg9+tssd", "--trainer.e"])
    assert of_a_run == ["--trainer.evaluate_timesteps"]  # it has no epochs to come
    assert candidates(["train", "no_such_recipe", "--res"]) == ["--resume"]
    assert candidates(["predict", "some_run", "ima"]) == []
