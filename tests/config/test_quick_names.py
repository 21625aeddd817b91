import pytest

import tssd.data
from tssd.config import load_recipe, recipe_names
from tssd.config.options import parameters, top_slots, walk
from tssd.config.quick_names import check_names, names
from tssd.errors import UsageError


@pytest.mark.parametrize("recipe", [*recipe_names()[::9], "digits/tssd"])
def test_the_source_tells_the_same_as_importing(recipe):
    config = load_recipe(recipe)
    imported = {option.name for option in walk(config)} | {*top_slots()}
    depth = {name: 2 if name.startswith("objectives.") else 1 for name in imported}
    expected = {name for name in imported if name.count(".") <= depth[name]}
    # A term of the loss is an option, too, and any name adds one.
    expected -= {name for name in expected if name.startswith("objectives.") and depth[name] == 2
                 and name.count(".") == 1}  # fmt: skip
    assert set(names(config)) == expected


@pytest.mark.parametrize("name", tssd.data.__all__)
def test_the_source_tells_the_options_that_a_data_module_inherits(name):
    found = names({"data": f"tssd.data.{name}"})
    expected = [f"data.{option}" for option in parameters(getattr(tssd.data, name))]
    assert sorted(each for each in found if each.startswith("data.")) == sorted(expected)
    assert ("data.root" in found) == (name != "Digits")


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("trainer.epoch", "no such option; did you mean --trainer.epochs?"),
        ("trainer.gpus", "no such option; valid are --trainer.epochs, --trainer.accelerator, "),
        ("epochs", "no such option; did you mean --trainer.epochs?"),
        ("lr", "no such option; did you mean --optimizer.lr?"),
        ("optimizer.lrr", "no such option; did you mean --optimizer.lr?"),
        ("optimizer.params", "no such option; valid are --optimizer.lr, "),  # given by training
        ("net.init_args.widht", "no such option; did you mean --net.width?"),
        ("trainr.epochs", "no such option; did you mean --trainer.epochs?"),
        ("trainer.max_epochs", "no such option; did you mean --trainer.epochs?"),
        ("trainer.accumulate_grad_batches", "no such option; did you mean --trainer.accumulate?"),
        ("objectives.spatial.wieght", "no such option; did you mean --objectives.spatial.weight?"),
        ("data.batchsize", "no such option; did you mean --data.batch_size?"),
        ("timesteps.studnt", "no such option; did you mean --timesteps.student?"),
    ],
)
def test_a_name_that_no_import_can_make_right_is_refused(option, expected):
    with pytest.raises(UsageError) as error:
        check_names("digits/tssd", [("net.width", "1"), (option, "5")])
    assert str(error.value).startswith(f"--{option}: {expected}")
    # The slow way says the same.
    with pytest.raises(UsageError) as slow:
        load_recipe("digits/tssd", [(option, "5")])
    assert str(slow.value).startswith(f"--{option}: {expected}")


@pytest.mark.parametrize(
    "overrides",
    [
        [("optimizer", "torch.optim.AdamW"), ("optimizer.betas", "[0, 0]")],
        [("optimizer.betas", "[0, 0]"), ("optimizer", "AdamW")],
        [("optimizer", "{class_path: torch.optim.AdamW}"), ("optimizer.betas", "[0, 0]")],
        [("net", "my_module.MyNet"), ("net.anything", "1")],
        [("net.neuron.tau", "1"), ("net.neuron.anything", "1"), ("tau", "1")],
        [("objectives.more", "tssd.objectives.TaskCrossEntropy"), ("objectives.more.weight", "1")],
        [("objectives.more.weight", "1"), ("description", "x"), ("seed", "1")],
        [("schedule", "StepDecay"), ("schedule.every", "3"), ("data", "ImageFolder"),
         ("data.folder", "x")],
    ],
)  # fmt: skip
def test_what_may_be_right_is_left_to_who_imports(overrides):
    check_names("digits/tssd", overrides)


def test_the_class_on_the_same_command_line_counts():
    with pytest.raises(UsageError, match=r"^--optimizer\.momentum: no such option; valid are --op"):
        check_names("digits/tssd", [("optimizer.momentum", "1"), ("optimizer", "AdamW")])


def test_an_unknown_recipe_is_refused():
    with pytest.raises(UsageError, match="did you mean digits/tssd"):
        check_names("digits/tsd", [])
