import math

import numpy as np
import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import OneCycleLR

from tssd.errors import UsageError
from tssd.training.fit import fit
from tssd.training.given import GivenSchedule
from tssd.training.schedule import Cosine, OneCycle, Schedule, StepDecay

from .runs import small, table, watched


@pytest.mark.parametrize(
    ("epoch", "factor"), [(0, 1), (29.99, 1), (30, 0.1), (59.99, 0.1), (60, 0.01), (99.5, 0.001)]
)
def test_step_decay(epoch, factor):
    assert StepDecay(every=30, by=0.1).factor(epoch, 100) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("epoch", "factor"), [(0, 1), (2.5, 0.85355339), (5, 0.5), (10, 0), (11, 0)]
)
def test_cosine_without_warmup(epoch, factor):
    assert Cosine().factor(epoch, 10) == pytest.approx(factor, abs=1e-9)


@pytest.mark.parametrize(
    ("epoch", "factor"), [(0, 0), (1, 0.5), (2, 1), (6, 0.6), (10, 0.2), (10.5, 0.2)]
)
def test_cosine_with_warmup_and_floor(epoch, factor):
    assert Cosine(final=0.2, warmup_epochs=2).factor(epoch, 10) == pytest.approx(factor)


def test_a_cosine_may_be_longer_or_shorter_than_the_training():
    paper = Cosine(length=300)
    assert paper.factor(150, 150) == pytest.approx(0.5)
    assert paper.factor(75, 150) == pytest.approx(Cosine().factor(75, 300))
    assert Cosine(final=0.1, length=4).factor(7, 10) == pytest.approx(0.1)


def test_warmup_that_outlasts_training_stays_finite():
    assert Cosine(warmup_epochs=4).factor(2, 2) == 0.5
    assert Cosine(warmup_epochs=2).factor(2, 2) == 1


def test_one_cycle_is_airbenchs():
    steps, rates = 200, []
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = OneCycle().scheduler(optimizer, 10, steps // 10)
    for _ in range(steps + 1):  # also after the last step, as torch's schedulers are asked
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    # The line of its program, airbench94.py.
    expected = np.interp(np.arange(1 + steps), [0, int(0.23 * steps), steps], [0.2, 1, 0.07])
    assert rates == pytest.approx(expected.tolist())


@pytest.mark.parametrize(("epoch", "factor"), [(0, 1), (1, 0.75), (2, 0.5), (2.5, 0.5)])
def test_one_cycle_without_warmup_only_falls(epoch, factor):
    assert OneCycle(warmup=0, start=0.3, end=0.5).factor(epoch, 2) == factor


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: StepDecay(every=0), "schedule.every: got 0"),
        (lambda: StepDecay(by=0), "schedule.by: got 0"),
        (lambda: StepDecay(by=math.inf), "schedule.by: got inf, expected a finite factor"),
        (lambda: Cosine(final=-0.1), "schedule.final: got -0.1"),
        (lambda: Cosine(final=math.inf), "schedule.final: got inf, expected a finite number"),
        (lambda: Cosine(warmup_epochs=-1), "schedule.warmup_epochs: got -1"),
        (lambda: OneCycle(warmup=1), "schedule.warmup: got 1, expected a share"),
        (lambda: OneCycle(warmup=float("nan")), "schedule.warmup: got nan"),
        (lambda: OneCycle(start=-0.1), "schedule.start: got -0.1"),
        (lambda: OneCycle(end=float("inf")), "schedule.end: got inf"),
        (lambda: Cosine(length=0), "schedule.length: got 0"),
    ],
)
def test_values_out_of_range_are_refused(make, named):
    with pytest.raises(UsageError, match=named):
        make()


def test_base_class_has_no_shape():
    with pytest.raises(NotImplementedError):
        Schedule().factor(0, 1)


def test_scheduler_counts_steps_as_fractions_of_epochs():
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    scheduler = StepDecay(every=2, by=0.5).scheduler(optimizer, 10, 3)
    rates = []
    for _ in range(13):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates == [2.0] * 6 + [1.0] * 6 + [0.5]


def test_optimiser_sees_the_schedule_in_a_real_run(tmp_path):
    options = {
        "trainer.epochs": 3,
        "optimizer.lr": 0.4,
        "schedule": "{class_path: tssd.training.schedule.Cosine, init_args: {warmup_epochs: 1}}",
    }
    rates = []
    parts = watched(small(options), lambda it: rates.append(it.param_groups[0]["lr"]))
    fit(parts, tmp_path)
    # Two steps an epoch: half-way up in the first, then half a cosine over two epochs.
    by_hand = [0, 0.2, 0.4, 0.34142136, 0.2, 0.05857864]
    assert rates == pytest.approx(by_hand)
    assert [row["lr"] for row in table(tmp_path)] == pytest.approx(by_hand[::2])


def test_a_scheduler_that_ends_before_the_training_is_refused_before_a_step(tmp_path):
    def given(total_steps, rates):
        def make(optimizer):
            cycle = OneCycleLR(optimizer, max_lr=0.2, total_steps=total_steps)
            return {"scheduler": cycle, "interval": "step"}

        parts = watched(
            small({"trainer.epochs": 3}), lambda it: rates.append(it.param_groups[0]["lr"])
        )
        parts.schedule = GivenSchedule(make)
        return parts

    rates = []
    told = "^schedule: OneCycleLR has 5 steps, but training has 6; give it total_steps=6$"
    with pytest.raises(UsageError, match=told):
        fit(given(5, rates), tmp_path / "short")
    assert not rates and not (tmp_path / "short").exists()
    fit(given(6, rates), tmp_path / "whole")
    # Its last rate is the highest, divided by 25 and by 10,000.
    assert len(rates) == 6 and rates[-1] == pytest.approx(0.2 / 25e4)
