import warnings
from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau, StepLR

from tssd.errors import UsageError
from tssd.training.given import GivenSchedule, maker_of, named
from tssd.training.schedule import step_schedule


def weights():
    return [nn.Parameter(torch.ones(2))]


def sgd():
    return SGD(weights(), lr=0.1)


def half(optimizer):
    return StepLR(optimizer, 2, gamma=0.5)


def test_what_makes_an_optimiser_is_a_class_a_partial_or_a_function():
    for maker in (SGD, partial(SGD, lr=0.2), lambda parameters: SGD(parameters, lr=0.3)):
        assert isinstance(maker_of(maker)(weights()), SGD)


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        (sgd(), r"got SGD with parameters of its own, .*partial\(torch\.optim\.SGD, lr="),
        (3, "got 3, expected a name such as 'AdamW'"),
    ],
)
def test_what_makes_no_optimiser_is_refused(optimizer, words):
    with pytest.raises(UsageError, match=f"^optimizer: {words}"):
        maker_of(optimizer)


def test_a_function_that_returns_something_else_is_refused_when_it_is_called():
    with pytest.raises(UsageError, match="^optimizer: list returned a list, expected a torch"):
        maker_of(list)(weights())


def test_schedulers_are_stepped_every_epoch_unless_they_say_otherwise():
    assert GivenSchedule(half).configured(sgd(), 4, 3)["interval"] == "epoch"
    stepped = GivenSchedule(lambda it: {"scheduler": half(it), "interval": "step"})
    assert stepped.configured(sgd(), 4, 3)["interval"] == "step"
    plateau = GivenSchedule(ReduceLROnPlateau).configured(sgd(), 4, 3)
    assert (plateau["interval"], plateau["monitor"]) == ("epoch", "val/loss")
    own = GivenSchedule(lambda it: {"scheduler": half(it), "reduce_on_plateau": True})
    assert own.configured(sgd(), 4, 3)["monitor"] == "val/loss"


def test_timms_schedulers_are_told_epochs_or_steps_as_they_count_them():
    timm = pytest.importorskip("timm.scheduler", reason="needs the extra: pip install tssd[timm]")
    rates = {}
    for in_epochs in (True, False):
        optimizer = sgd()
        make = partial(timm.StepLRScheduler, decay_t=2, decay_rate=0.5, t_in_epochs=in_epochs)
        told = GivenSchedule(make).configured(optimizer, 4, 3)
        for n in range(1, 5):
            over = {"epoch": n} if told["interval"] == "epoch" else {"steps": n}
            step_schedule(told["scheduler"], **over)
            rates.setdefault(told["interval"], []).append(optimizer.param_groups[0]["lr"])
    assert rates == {"epoch": [0.1, 0.05, 0.05, 0.025], "step": [0.1, 0.05, 0.05, 0.025]}


def test_timms_plateau_is_refused_since_it_can_not_be_resumed():
    timm = pytest.importorskip("timm.scheduler", reason="needs the extra: pip install tssd[timm]")
    told = "^schedule: PlateauLRScheduler of timm saves .*; use torch's ReduceLROnPlateau$"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        with pytest.raises(UsageError, match=told):
            GivenSchedule(timm.PlateauLRScheduler).configured(sgd(), 4, 3)


def test_a_metric_is_handed_on():
    optimizer = sgd()
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for metric in (1.0, 2.0, 3.0):
        step_schedule(scheduler, epoch=1, metric=torch.tensor(metric))
    assert optimizer.param_groups[0]["lr"] == 0.025


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda optimizer: None, "<lambda> returned a NoneType, expected a scheduler"),
        (lambda: None, "<lambda>: .*takes 0 positional arguments"),
        (lambda it: {"scheduler": half(it), "interval": "batch"}, "the interval 'batch'"),
        (lambda it: {"scheduler": half(it), "frequency": 0}, "the frequency 0, expected a whole"),
        (lambda it: {"scheduler": half(it), "frequency": 0.5}, "the frequency 0.5, expected a wh"),
        (partial(OneCycleLR, max_lr=1, total_steps=9), "OneCycleLR has 9 steps, but there are 4"),
        (partial(StepLR, gamma=1), "StepLR: .*step_size"),
    ],
)
def test_what_makes_no_schedule_is_refused_before_training(make, words):
    with pytest.raises(UsageError, match=f"^schedule: .*{words}"):
        GivenSchedule(make).check(SGD, 4)


def test_a_scheduler_itself_is_refused():
    with pytest.raises(UsageError, match="^schedule: got a StepLR, expected one of tssd.training"):
        GivenSchedule(half(sgd()))


def test_names_are_those_of_what_is_inside():
    assert named(partial(partial(SGD, lr=1), momentum=1)) == "SGD"
    assert named(nn.Linear(1, 1)) == "Linear"
    assert named(half) == "half"
