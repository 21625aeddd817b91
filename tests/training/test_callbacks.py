import csv
from types import SimpleNamespace

import pytest
import torch
from lightning import seed_everything

from tssd.runs.folder import RunFolder
from tssd.runs.saved import restore
from tssd.time import repeat_in_time
from tssd.training.callbacks import MetricsTable, SeedEachEpoch, StepMetrics
from tssd.training.clock import TrainingClock
from tssd.training.fit import fit

from .runs import small, table


def drawn(seed, epoch, **of):
    SeedEachEpoch(seed, **of).on_train_epoch_start(SimpleNamespace(current_epoch=epoch), None)
    return torch.rand(()).item()


def test_seed_depends_on_seed_and_epoch_alone():
    values = {(seed, epoch): drawn(seed, epoch) for seed in range(3) for epoch in range(3)}
    assert len(set(values.values())) == 9
    seed_everything(123, verbose=False)
    assert drawn(1, 2) == values[1, 2]


def test_every_process_draws_numbers_of_its_own():
    assert drawn(1, 2, rank=0) == drawn(1, 2)
    assert len({drawn(1, 2, rank=rank) for rank in range(4)}) == 4


def test_table_has_a_row_an_epoch_and_the_columns_in_order(finished):
    with (finished / "metrics.csv").open(newline="") as file:
        header = next(csv.reader(file))
    assert header == [
        "epoch", "lr", "weight/task", "weight/temporal", "weight/spatial", "weight/exit_task",
        "train/exit_task", "train/loss", "train/spatial", "train/task", "train/temporal",
        "val/accuracy", "val/accuracy_t1", "val/accuracy_t2", "val/accuracy_t3", "val/accuracy_t4",
        "val/loss", "seconds",
    ]  # fmt: skip
    rows = table(finished)
    assert [row["epoch"] for row in rows] == list(range(7))
    assert [row["lr"] for row in rows] == pytest.approx([0.3] * 4 + [3.0] * 3)
    assert all(row["val/accuracy"] == row["val/accuracy_t2"] for row in rows)


def test_the_loss_is_the_sum_of_its_terms_by_the_weights_of_the_table(tmp_path):
    options = {"objectives.temporal.weight": 0.5, "objectives.temporal.ramp_epochs": 4}
    # One batch an epoch: the weights that it began with are those of its only step.
    fit(small({**options, "data.batch_size": 50, "trainer.epochs": 3}), tmp_path)
    for epoch, row in enumerate(table(tmp_path)):
        assert row["weight/temporal"] == 0.5 * epoch / 4
        terms = [name.partition("/")[2] for name in row if name.startswith("weight/")]
        total = sum(row[f"weight/{name}"] * row[f"train/{name}"] for name in terms)
        assert row["train/loss"] == pytest.approx(total, rel=1e-6)


def test_validation_loss_is_the_cross_entropy_at_the_students_timesteps(finished):
    parts, run = small(), RunFolder(finished)
    module = parts.module()
    restore(run.last, module)
    batches = list(parts.data.val_dataloader())
    x, y = (torch.cat(some) for some in zip(*batches, strict=True))
    with torch.no_grad():
        logits = parts.net.eval()(repeat_in_time(x, 4)).logits[:2].mean(0)
    by_hand = -logits.log_softmax(-1)[torch.arange(len(y)), y].mean()
    assert table(finished)[-1]["val/loss"] == pytest.approx(by_hand.item(), rel=1e-5)


def test_tensorboard_has_rate_weights_and_losses(finished):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(finished / "tensorboard"))
    events.Reload()
    wanted = {"lr", "weight/task", "train/loss", "val/loss", "train/task", "val/accuracy"}
    assert wanted <= set(events.Tags()["scalars"])
    assert [e.value for e in events.Scalars("lr")] == pytest.approx([0.3] * 4 + [3.0] * 3)


@pytest.mark.parametrize(
    ("initial", "expected"),
    [
        ([0.2], {"lr": 0.1}),
        ([0.2, 0.2], {"lr": 0.1}),
        ([0.2, 0.02], {"lr": 0.1, "lr/x0.1": 0.01}),
        ([0.0, 0.2, 0.02], {"lr": 0.1, "lr/x0": 0.0, "lr/x0.1": 0.01}),
        ([0.0, 0.0], {"lr": 0.0}),
    ],
)
def test_rates_are_shares_of_the_first_that_is_one(initial, expected):
    groups = [{"initial_lr": own, "lr": own / 2} for own in initial]
    optimizer = SimpleNamespace(param_groups=groups)
    module = SimpleNamespace(criterion=SimpleNamespace(terms={}), tell_progress=dict)
    told = []
    logger = SimpleNamespace(log_metrics=lambda metrics, step: told.append(metrics))
    trainer = SimpleNamespace(optimizers=[optimizer], loggers=[logger], global_step=0)
    MetricsTable(None, TrainingClock()).on_train_epoch_start(trainer, module)
    assert told == [pytest.approx(expected)]


def test_an_epoch_without_validation_has_no_numbers_of_the_one_before():
    table = MetricsTable(None, TrainingClock())
    module = SimpleNamespace(criterion=SimpleNamespace(terms={}), tell_progress=dict)
    progress = SimpleNamespace(batch_progress=SimpleNamespace(is_last_batch=True))
    trainer = SimpleNamespace(
        optimizers=[SimpleNamespace(param_groups=[{"lr": 0.1}])],
        loggers=[],
        current_epoch=0,
        callback_metrics={"val/accuracy": 0.5, "train/loss": 1.0},
        fit_loop=SimpleNamespace(epoch_loop=progress),
    )
    for validated in (True, False):
        table.on_train_epoch_start(trainer, module)
        if validated:
            table.on_validation_end(trainer, module)
        table.on_train_epoch_end(trainer, module)
    assert [row.get("val/accuracy") for row in table.rows] == [0.5, None]
    assert [row["train/loss"] for row in table.rows] == [1, 1]


def test_single_steps_are_told_once_however_many_batches_make_them():
    told = []
    logger = SimpleNamespace(log_metrics=lambda metrics, step: told.append((step, metrics)))
    module, every = SimpleNamespace(terms={"loss": torch.tensor(0.5)}), StepMetrics(2)
    for step in (0, 1, 1, 2, 2, 3, 3, 4, 4):  # that are over after each batch
        trainer = SimpleNamespace(global_step=step, loggers=[logger])
        every.on_train_batch_end(trainer, module, None, None, 0)
    assert told == [(2, {"step/loss": 0.5}), (4, {"step/loss": 0.5})]
