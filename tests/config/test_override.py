import inspect
from itertools import permutations

import pytest
from torch.optim import Adam

from tssd.config import load_recipe
from tssd.config.options import in_yaml, walk
from tssd.errors import UsageError


def overridden(*overrides):
    options = walk(load_recipe("digits/tssd", overrides))
    return {o.name: list(o.value) if isinstance(o.value, tuple) else o.value for o in options}


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("trainer.epochs", "5", 5),
        ("trainer.progress", "false", False),
        ("data.train_samples", "null", None),
        ("data.image_size", "null", None),
        ("exits.taps", "[0, -1]", [0, -1]),
        ("description", "2024", "2024"),
        ("description", "width #2", "width #2"),  # what YAML would take for a comment
        ("init", "#2", "#2"),
        ("description", "'width #2'", "width #2"),
        ("freeze", "*.norm", "*.norm"),  # an alias
        ("freeze", "[stages.0", "[stages.0"),
        ("net.neuron.tau", "3", 3),  # a class that is a default
        ("exits.channels", "3", 3),  # in a section that the recipe leaves out
        ("net.init_args.width", "1", None),
    ],
)
def test_an_override_sets_one_value(option, text, value):
    before, after = overridden(), overridden((option, text))
    name = option.replace("init_args.", "")
    assert after[name] == (1 if name == "net.width" else value)
    assert {k for k in before if before[k] != after[k]} == {name}


def test_another_class_drops_the_arguments_and_those_given_with_it_apply():
    """In either order: a rate for SGD is none for Adam, and one that is typed with it is."""
    adam = ("optimizer", "torch.optim.Adam")
    assert overridden(adam)["optimizer.lr"] == inspect.signature(Adam).parameters["lr"].default
    for given in permutations([adam, ("optimizer.lr", "0.125"), ("optimizer.betas", "[0.8, 0.9]")]):
        found = overridden(*given)
        assert found["optimizer"] == "torch.optim.Adam"
        assert (found["optimizer.lr"], found["optimizer.betas"]) == (0.125, [0.8, 0.9])
        assert found["optimizer.weight_decay"] == 0
        assert "optimizer.momentum" not in found


def test_the_same_class_again_keeps_its_arguments():
    before = overridden(("net.neuron.tau", "3"))
    for same in ("torch.optim.SGD", "SGD", "{class_path: torch.optim.SGD}"):
        assert overridden(("net.neuron.tau", "3"), ("optimizer", same)) == before
    again = [("net.neuron.tau", "3"), ("net.neuron", "LIF"), ("net", "tssd.vgg9")]
    assert overridden(*again) == before
    changed = overridden(("optimizer", "{class_path: SGD, init_args: {lr: 1}}"))
    assert (changed["optimizer.lr"], changed["optimizer.momentum"]) == (1, 0.9)


def test_a_mapping_comes_over_the_old_one_as_in_a_file():
    before, after = overridden(), overridden(("trainer", "{epochs: 5}"))
    assert {k for k in before if before[k] != after[k]} == {"trainer.epochs"}


@pytest.mark.parametrize(
    ("option", "short", "path"),
    [
        ("optimizer", "AdamW", "torch.optim.AdamW"),
        ("net", "resnet18", "tssd.models.resnet18"),
        ("net.neuron", "IF", "tssd.IF"),
        ("net.norm", "BatchNorm2d", "torch.nn.BatchNorm2d"),
        ("net.norm", "per_step_batch_norm", "tssd.norms.per_step_batch_norm"),
        ("net.neuron.surrogate", "ATan", "tssd.surrogates.ATan"),
        ("schedule", "StepDecay", "tssd.training.schedule.StepDecay"),
        ("objectives.spatial.distance", "SquaredNorm", "tssd.objectives.SquaredNorm"),
        ("objectives.more", "TaskCrossEntropy", "tssd.objectives.TaskCrossEntropy"),
    ],
)
def test_a_class_by_its_own_name(option, short, path):
    assert overridden((option, short))[option] == path


def test_options_of_a_class_that_was_just_chosen():
    found = overridden(
        ("objectives.spatial.distance", "tssd.objectives.TemperatureKL"),
        ("objectives.spatial.distance.temperature", "2"),
        ("net.neuron.surrogate", "tssd.surrogates.ATan"),
        ("net.neuron.surrogate.slope", "3"),
    )
    assert found["objectives.spatial.distance.temperature"] == 2
    assert (found["net.neuron.surrogate.slope"], found["net.neuron.tau"]) == (3, 2.0)


def test_objectives_are_added_and_removed():
    found = overridden(
        ("objectives.spatial", "null"),
        ("objectives.more", "tssd.objectives.TaskCrossEntropy"),
        ("objectives.more.weight", "0.5"),
    )
    assert found["objectives.more.weight"] == 0.5
    assert not any(name.startswith("objectives.spatial") for name in found)


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("trainer.epoch", "5", "no such option; did you mean --trainer.epochs?"),
        ("epochs", "5", "no such option; did you mean --trainer.epochs?"),
        ("trainer.gpus", "2", "no such option; valid are --trainer.epochs, --trainer.accel"),
        ("trainer.logger", "2", "no such option; did you mean --logger?"),
        ("optimizer", "AdmW", "'AdmW' is neither a known class nor an import path; did you mean A"),
        ("optimizer", "vgg9", "'vgg9' is neither a known class nor an import path; "),
        ("trainer.epochs", "1e400", "got 1e400, expected a whole number"),
        ("trainer.epochs", ".nan", "got .nan, expected a whole number"),
        ("trainer", "{epochs: 1, epochs: 2}", "the key 'epochs' stands twice"),
        ("optimizer.lr", ".nan", "got .nan, expected a number"),
        ("optimizer.lr", f"1{'0' * 400}", "got 1000000000"),
        ("exits.taps", "[" * 10_000, "nested more than 50 levels"),
        ("lr", "5", "no such option; did you mean --optimizer.lr?"),
        ("net.widht", "5", "no such option; did you mean --net.width?"),
        ("objectives.spatal.weight", "5", "did you mean --objectives.spatial.weight?"),
        ("trainer.epochs.more", "5", "no such option; did you mean --trainer.epochs?"),
        ("trainer.epochs", "many", "got many, expected a whole number"),
        ("trainer.epochs", "010", "010 would be read as 8"),
        ("trainer.epochs", "null", "got null, expected a whole number"),
        ("trainer.epochs", "1.5", "got 1.5, expected a whole number"),
        ("trainer.precision", "8", "got 8, expected one of 32-true, bf16-mixed, 16-mixed"),
        ("trainer.progress", "perhaps", "got perhaps, expected true or false"),
        ("net.width", "wide", "got wide, expected a number"),
        ("exits.taps", "1", "got 1, expected a list, each a whole number or text"),
        ("exits.taps", "[1", "'[1' is not a YAML value"),
        ("net", "tssd.models.vgg99", "tssd.models.vgg99 does not exist; did you mean tssd.models"),
        ("net", "5", "got 5, expected the import path of a Module"),
        ("data", "tssd.LIF", "got tssd.LIF, expected one of tssd.data.CIFAR10, "),
        (
            "timesteps",
            "4",
            "it takes no value but has options: --timesteps.student, --timesteps.tea",
        ),
        ("trainer", "{epoch: 5}", "trainer.epoch: no such option; did you mean --trainer.epochs?"),
        ("objectives.new", "{init_args: {weight: 1}}", "it has no class_path, expected one of tss"),
        ("objectives", "{1: tssd.objectives.TaskCrossEntropy}", "a name has to be text; write it"),
        ("data", "tssd.data.DataModule", "got tssd.data.DataModule, which is only their base, exp"),
        ("objectives.task", "tssd.objectives.Objective", "which is only their base, expected one"),
        ("objectives.new", "5", "got 5, expected one of tssd.objectives."),
        ("net.neuron", "tssd.models.vgg9", "got tssd.models.vgg9, expected one of tssd.IF"),
        (
            "objectives.spatial.distance.temperature",
            "2",
            "objectives.spatial.distance is null and has no options; first set it to one of tssd",
        ),
    ],
)
def test_a_mistake_names_the_option_what_was_found_and_what_is_expected(option, text, message):
    with pytest.raises(UsageError) as error:
        load_recipe("digits/tssd", [(option, text)])
    assert str(error.value).startswith(f"--{option}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_every_option_can_be_set_to_what_it_is():
    before = overridden()
    for name, value in before.items():
        assert overridden((name, in_yaml(value))) == before, name
