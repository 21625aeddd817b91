"""What is refused before there is a run folder, where it would show after an epoch or never."""

from functools import partial

import pytest
import torch
from lightning import Callback
from lightning.pytorch.callbacks import (
    BatchSizeFinder,
    EarlyStopping,
    GradientAccumulationScheduler,
    LearningRateFinder,
    StochasticWeightAveraging,
)
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau, StepLR
from torch.utils.data import DataLoader, TensorDataset

from tssd.data.given import GivenData
from tssd.errors import UsageError
from tssd.training.fit import fit
from tssd.training.given import GivenSchedule
from tssd.training.refusals import note_used, refuse_short_schedule, refuse_unfit

from .runs import small


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"monitor": "val/acc"},
            r"watches 'val/acc', but what is logged is train/exit_task, .*val/",
        ),
        (
            {"monitor": "val/accuracy_t2"},
            "watches val/accuracy_t2 with mode min, which stops where it grows",
        ),
    ],
)
def test_a_watcher_of_nothing_is_refused_before_there_is_a_folder(tmp_path, options, told):
    given = {f"callbacks.stop.{name}": value for name, value in options.items()}
    with pytest.raises(UsageError, match=f"^callbacks: EarlyStopping {told}"):
        fit(small({"callbacks.stop": "EarlyStopping", **given}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_averages_that_no_checkpoint_has_are_refused_with_those_that_it_has():
    parts = small()
    parts.callbacks = (StochasticWeightAveraging(swa_lrs=0.1),)
    with pytest.raises(UsageError, match="^callbacks: Stochastic.*; use EMAWeightAveraging$"):
        refuse_unfit(parts, resumes=False)


@pytest.mark.parametrize(
    ("callback", "remedy"),
    [
        (BatchSizeFinder(), "--data.batch_size"),
        (GradientAccumulationScheduler({1: 2}), "--trainer.accumulate"),
        (LearningRateFinder(), "--optimizer.lr"),
    ],
)
def test_what_would_train_otherwise_than_the_configuration_says_is_refused(callback, remedy):
    parts = small()
    parts.callbacks = (callback,)
    with pytest.raises(UsageError, match=rf"^callbacks: {type(callback).__name__} .*; .*{remedy}"):
        refuse_unfit(parts, resumes=False)


class Prints(Callback):
    """Keeps nothing."""


def test_a_callback_that_keeps_something_is_for_one_run():
    parts, stop = small(), EarlyStopping("train/loss")
    parts.callbacks = (stop, Prints())
    refuse_unfit(parts, resumes=False)
    note_used(parts.callbacks)
    refuse_unfit(parts, resumes=True)
    with pytest.raises(UsageError, match=r"^callbacks: EarlyStopping has trained already.*new one"):
        refuse_unfit(parts, resumes=False)
    parts.callbacks = (EarlyStopping("train/loss"), parts.callbacks[1])
    refuse_unfit(parts, resumes=False)


class Logs(Callback):
    """May log whatever it likes."""


def plateau(**told):
    def make(optimizer):
        return {"scheduler": ReduceLROnPlateau(optimizer), **told}

    return GivenSchedule(make)


@pytest.mark.parametrize(
    ("told", "options", "words"),
    [
        ({}, {"data.val_share": 0}, "follows 'val/loss', but what is logged is train/exit_task, "),
        ({"monitor": "loss"}, {}, "follows 'loss', but what is logged is .*, val/loss; give valid"),
        (
            {},
            {"trainer.check_val_every_n_epoch": 2},
            r"follows 'val/loss' with frequency 1, but trainer\.check_val_every_n_epoch is 2; "
            "return {'scheduler': ..., 'frequency': 2}, or",
        ),
        ({"interval": "step"}, {}, "follows 'val/loss', which is that of a whole epoch; return it"),
    ],
)
def test_a_plateau_of_nothing_is_refused(told, options, words):
    parts = small(options)
    parts.schedule = plateau(**told)
    with pytest.raises(UsageError, match=f"^schedule: ReduceLROnPlateau {words}") as caught:
        refuse_unfit(parts, resumes=False)
    assert "\n" not in str(caught.value)


def test_a_plateau_of_what_there_is_passes():
    parts = small({"trainer.check_val_every_n_epoch": 2})
    accepted = ({"frequency": 4}, {"monitor": "train/loss"}, {"monitor": "mine"})
    parts.callbacks = (Logs(),)
    for told in accepted:
        parts.schedule = plateau(**told)
        refuse_unfit(parts, resumes=False)
    parts.schedule = GivenSchedule(partial(StepLR, step_size=1))
    refuse_unfit(parts, resumes=False)


def test_batches_of_unknown_sizes_are_not_added_up():
    rows = TensorDataset(torch.rand(4, 1, 8, 8), torch.arange(4))
    uneven = DataLoader(rows, batch_sampler=[[0, 1, 2], [3]])
    for accumulate, loader in ((1, uneven), (2, DataLoader(rows, batch_size=3)), (2, uneven)):
        parts = small({"trainer.accumulate": accumulate})
        parts.data = GivenData({"train": loader, "test": rows}, classes=10)
        if accumulate == 2 and loader is uneven:
            with pytest.raises(UsageError, match="^train: how large the batches .*accumulate need"):
                refuse_unfit(parts, resumes=False)
        else:
            refuse_unfit(parts, resumes=False)


@pytest.mark.parametrize(("accumulate", "steps"), [(1, 6), (2, 4)])
def test_a_schedule_of_steps_is_measured_by_those_of_training(accumulate, steps):
    rows = TensorDataset(torch.rand(10, 1, 8, 8), torch.arange(10))
    parts = small({"trainer.epochs": 2, "trainer.accumulate": accumulate})
    # Three batches an epoch.
    parts.data = GivenData({"train": DataLoader(rows, batch_size=4), "test": rows}, classes=10)
    for total_steps in (steps - 1, steps):
        one = partial(OneCycleLR, max_lr=1, total_steps=total_steps)
        parts.schedule = GivenSchedule(
            lambda it, one=one: {"scheduler": one(it), "interval": "step"}
        )
        if total_steps == steps:
            refuse_short_schedule(parts)
        else:
            with pytest.raises(UsageError, match=rf"give it total_steps={steps}$"):
                refuse_short_schedule(parts)
