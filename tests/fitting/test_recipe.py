from functools import partial

import pytest
import torch

import tssd
from tssd.errors import UsageError
from tssd.fitting.recipe import method_of, put, with_optimizer, with_options, with_schedule
from tssd.objectives import TaskCrossEntropy
from tssd.training.given import GivenSchedule
from tssd.training.schedule import OneCycle


def optimizer(given, lr=None):
    config = {}
    objects = with_optimizer(config, given, lr)
    return config["optimizer"], objects


def test_methods_are_those_of_recipes():
    taught = method_of("tssd")
    assert taught.config["timesteps"] == {"student": 1, "teacher": 4}
    assert taught.config["description"] == "TSSD, T_s = 1, T_t = 4"
    assert [*taught.makes().terms] == [*tssd.tssd().terms]
    assert taught.needs_taps
    assert method_of("control", student=2, teacher=5).timesteps.teacher == 5
    assert method_of("tssd", student=6, teacher=8, taps=["a"]).makes().exit_plan.taps == ("a",)


def test_vanilla_is_trained_at_the_students_timesteps():
    for name in ("vanilla", "vanilla_ts"):
        taught = method_of(name, student=2, teacher=4)
        assert taught.config["timesteps"] == {"student": 2, "teacher": 2}
        assert taught.config["description"] == "vanilla, trained at T = 2"


def test_losses_of_objects_are_recorded_and_left_as_they_are():
    loss = tssd.tssd(2, 4, alpha=0.5, tap="1")
    taught = method_of(loss)
    assert taught.name == "own" and taught.makes() is loss
    assert taught.config["objectives"]["temporal"]["init_args"] == {
        "name": "TemporalDistillation",
        "weight": 0.5,
        "ramp_epochs": 0.0,
    }
    assert taught.config["exits"]["init_args"] == {"taps": ["1"]}
    copied = taught.objects()["objectives"]()
    assert copied["task"] is not loss.terms["task"]
    assert isinstance(copied["task"], TaskCrossEntropy)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"method": "tsd2"}, r"^method: got 'tsd2'; did you mean"),
        ({"method": 3}, "^method: got a int"),
        ({"method": "tssd", "student": 4, "teacher": 4}, "^teacher: got 4, but tssd needs more"),
        ({"method": "tssd", "student": 4, "teacher": 2}, "^timesteps.teacher: got 2"),
        ({"method": "tssd", "student": 0}, "^timesteps.student: got 0"),
        ({"method": tssd.vanilla(2), "student": 1}, "^student: got 1, but the loss has 2"),
        ({"method": tssd.vanilla(2), "taps": ["a"]}, "^taps: given, but the loss says"),
    ],
)
def test_methods_that_can_not_be_are_refused(given, words):
    with pytest.raises(UsageError, match=words):
        method_of(given.pop("method"), **given)


def test_optimisers_are_written_out_where_a_file_can_rebuild_them():
    assert optimizer(None) == (optimizer("SGD")[0], {})
    assert optimizer("AdamW", 0.01)[0] == {
        "class_path": "torch.optim.AdamW",
        "init_args": {"lr": 0.01},
    }
    for given in (torch.optim.AdamW, partial(torch.optim.AdamW, lr=0.5)):
        node, objects = optimizer(given, 0.01)
        assert (node["class_path"], objects) == ("torch.optim.AdamW", {})
        assert node["init_args"]["lr"] == 0.01
    as_in_yaml = {"class_path": "AdamW", "init_args": {"lr": 0.2}}
    assert optimizer(as_in_yaml)[0]["init_args"] == {"lr": 0.2}


def test_functions_that_make_optimisers_are_kept():
    node, objects = optimizer(lambda parameters: torch.optim.SGD(parameters, lr=1.0))
    assert node["init_args"] == {"name": "<lambda>"}
    assert objects["optimizer"]()([torch.nn.Parameter(torch.ones(1))]).param_groups[0]["lr"] == 1.0
    with pytest.raises(UsageError, match="^lr: got 0.1, but <lambda> makes the optimiser"):
        optimizer(lambda parameters: None, 0.1)
    with pytest.raises(UsageError, match="^optimizer: 'AdamV' is neither a known class"):
        optimizer("AdamV")


def test_schedules_are_written_out_where_a_file_can_rebuild_them():
    config = {}
    assert with_schedule(config, None) == {}
    assert config["schedule"]["class_path"] == "tssd.training.schedule.Cosine"
    assert with_schedule(config, OneCycle(warmup=0.5)) == {}
    assert config["schedule"]["init_args"]["warmup"] == 0.5
    assert with_schedule(config, "StepDecay") == {}
    objects = with_schedule(config, torch.optim.lr_scheduler.StepLR)
    assert isinstance(objects["schedule"](), GivenSchedule)
    assert config["schedule"]["init_args"] == {"name": "StepLR"}


def test_options_are_those_of_the_command_line():
    config = dict(method_of("tssd").config)
    with_options(config, {"objectives.temporal.weight": 2, "trainer.epochs": 3}, ())
    assert config["objectives"]["temporal"]["init_args"]["weight"] == 2
    assert config["trainer"] == {"epochs": 3}
    put(config, "objectives.temporal.weight", 3)
    for name in ("timesteps.student", "trainer"):
        with pytest.raises(UsageError, match=f"^options: '{name}' is an argument"):
            with_options(config, {name: 2}, ())
    with pytest.raises(UsageError, match="'optimizer.lr' is given, but the optimizer is an object"):
        with_options(config, {"optimizer.lr": 2}, ("optimizer",))
    with pytest.raises(UsageError, match="^objectives.temporal.wait: no such option"):
        with_options(config, {"objectives.temporal.wait": 2}, ())
