import pytest

from tssd.config import build, load_recipe
from tssd.config.built_for import check_built_for
from tssd.errors import UsageError


def recipe(timesteps, teacher=4, **exits):
    neuron = {"class_path": "tssd.neurons.GLIF", "init_args": {"timesteps": timesteps}}
    net = {"class_path": "tssd.models.vgg9", "init_args": {"neuron": neuron}}
    return {"net": net, "timesteps": {"student": 1, "teacher": teacher}, **exits}


@pytest.mark.parametrize("timesteps", [None, 4, 6])
def test_enough_timesteps_are_no_mistake(timesteps):
    check_built_for(recipe(timesteps))


def test_too_few_are_refused_with_both_numbers_and_the_way_out():
    with pytest.raises(UsageError) as error:
        check_built_for(recipe(2))
    assert str(error.value) == (
        "net.neuron.timesteps: got 2, so that GLIF is built for 2 timesteps, but timesteps.teacher "
        "is 4; leave net.neuron.timesteps out, which is T_t then, or train for "
        "--timesteps.teacher 2"
    )
    exits = {"init_args": recipe(3)["net"]["init_args"], "class_path": "tssd.objectives.ExitPlan"}
    with pytest.raises(UsageError, match="^exits.neuron.timesteps: got 3"):
        check_built_for(recipe(4, exits=exits))


def test_other_options_of_that_name_mean_something_else():
    config = recipe(None)
    config["net"]["init_args"]["timesteps"] = 2  # vgg9 has no parameters for each timestep
    check_built_for(config)
    check_built_for({"net": "tssd.vgg9", "timesteps": {"teacher": "many"}})
    check_built_for({})


@pytest.mark.parametrize(
    "options",
    [
        [("net.neuron.timesteps", "2")],
        [("net.neuron.timesteps", "4"), ("timesteps.teacher", "8")],
    ],
)
def test_it_is_found_when_the_recipe_is_read(options):
    with pytest.raises(UsageError, match=r"^net.neuron.timesteps: .* timesteps.teacher is"):
        load_recipe("digits+vgg9+glif+tssd", options)


def test_a_part_built_for_more_is_run_for_more(tiny):
    parts = build(load_recipe("digits+vgg9+glif+tssd", [*tiny, ("net.neuron.timesteps", "6")]))
    assert parts.criterion.timesteps.teacher == 4
    assert all(p.shape[0] == 6 for n, p in parts.net.named_parameters() if "raw_gain" in n)
