"""TSSD in a stock Trainer of Lightning's."""

import functools

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from tests.training.nets import two_stages
from torch.utils.data import DataLoader, IterableDataset

import tssd
from tssd.errors import DataError, UsageError
from tssd.evaluation import accuracy_at_every_timestep
from tssd.objectives import SelfDistillation, TaskCrossEntropy, TeacherDistillation, Timesteps
from tssd.rules import SLTT
from tssd.training.schedule import Cosine, StepDecay

from .own import digits, plain_mlp

EXAMPLE = digits(0, 4).tensors[0]
QUIET = {
    "logger": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "accelerator": "cpu",
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 1,
}
WORKERS = "ignore:.*does not have many workers.*"
NO_VALIDATION = "ignore:You defined a `validation_step` but have no `val_dataloader`"


def module(**options):
    torch.manual_seed(0)
    return tssd.TssdModule(plain_mlp(), example=EXAMPLE, student=2, teacher=3, **options)


@pytest.mark.parametrize("taps", ["1", ["1"], [1]])
def test_an_exit_behind_a_module_that_is_named_by_its_number(taps):
    assert module(taps=taps).criterion.taps == ("1",)


@pytest.mark.filterwarnings(WORKERS)
def test_a_stock_trainer_trains_validates_and_saves(tmp_path):
    saver = ModelCheckpoint(tmp_path, monitor="val/accuracy", mode="max", filename="best")
    trainer = lightning.Trainer(max_epochs=2, callbacks=[saver], **QUIET)
    mine = module(optimizer="AdamW", lr=0.01)
    val = DataLoader(digits(100, 160), batch_size=25)
    trainer.fit(mine, DataLoader(digits(0, 100), batch_size=20, shuffle=True), val)
    logged = trainer.callback_metrics
    expected = accuracy_at_every_timestep(mine.net, val, 3)
    found = [float(logged[f"val/accuracy_t{t}"]) for t in (1, 2, 3)]
    assert found == pytest.approx(expected, rel=1e-6)
    assert logged["val/accuracy"] == logged["val/accuracy_t2"]
    assert {"train/loss", "train/task", "train/temporal", "train/spatial"} <= logged.keys()
    assert trainer.lr_scheduler_configs[0].scheduler.last_epoch == 10
    again = tssd.TssdModule.load_from_checkpoint(
        tmp_path / "best.ckpt", net=plain_mlp(), example=EXAMPLE, student=2, teacher=3
    )
    (tested,) = trainer.test(again, val, verbose=False)
    assert tested["test/accuracy"] == pytest.approx(float(saver.best_model_score))


@pytest.mark.filterwarnings(WORKERS, NO_VALIDATION)
def test_training_by_steps_ramps_and_cools_down_by_steps():
    trainer = lightning.Trainer(max_steps=4, **QUIET, enable_checkpointing=False)
    mine = module()
    trainer.fit(mine, DataLoader(digits(0, 40), batch_size=20))
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(0, abs=1e-9)


class Rates(lightning.Callback):
    """Keeps the learning rate of every step."""

    def __init__(self):
        self.seen = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.seen.append(trainer.optimizers[0].param_groups[0]["lr"])


@pytest.mark.filterwarnings(WORKERS, NO_VALIDATION)
@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ({"max_epochs": 3}, [1, 1, 0.1, 0.1, 0.01, 0.01]),
        ({"max_epochs": 3, "max_steps": 5}, [1, 1, 0.1, 0.1, 0.01]),
        ({"max_epochs": 9, "max_steps": 5}, [1, 1, 0.1, 0.1, 0.01]),
        ({"max_epochs": 3, "max_steps": 1}, [1]),
        ({"max_epochs": 2, "accumulate_grad_batches": 2}, [1, 1, 0.1, 0.1]),
    ],
)
def test_a_schedule_steps_down_as_epochs_end_wherever_training_does(length, expected):
    rates = Rates()
    trainer = lightning.Trainer(**length, callbacks=[rates], **QUIET, enable_checkpointing=False)
    mine = module(schedule=StepDecay(every=1, by=0.1), lr=1.0)
    trainer.fit(mine, DataLoader(digits(0, 40), batch_size=20))
    assert rates.seen == pytest.approx(expected)


@pytest.mark.filterwarnings(WORKERS, NO_VALIDATION)
@pytest.mark.parametrize(
    ("length", "counted", "expected"),
    [
        ({"max_epochs": 3}, True, [0, 0.5 / 3, 1 / 3, 1.5 / 3, 2 / 3, 2.5 / 3]),
        # Two steps an epoch: the third is cut short by the end.
        ({"max_epochs": 9, "max_steps": 5}, True, [0, 0.5 / 3, 1 / 3, 1.5 / 3, 2 / 3]),
        ({"max_epochs": 2, "max_steps": 50}, True, [0, 0.25, 0.5, 0.75]),
        ({"max_steps": 4}, True, [0, 0.25, 0.5, 0.75]),
        ({"max_epochs": 9, "max_steps": 4}, False, [0, 0.25, 0.5, 0.75]),
    ],
)
def test_parts_are_told_how_much_of_the_training_is_over(length, counted, expected):
    told = []
    mine = module()
    mine.criterion.set_progress = lambda epoch, epochs: told.append(epoch / epochs)
    rows = digits(0, 40)
    loader = DataLoader(rows, batch_size=20) if counted else DataLoader(Endless(), batch_size=None)
    lightning.Trainer(**length, **QUIET, enable_checkpointing=False).fit(mine, loader)
    assert told == pytest.approx(expected)


class Endless(IterableDataset):
    """Batches that are not counted."""

    def __iter__(self):
        yield from DataLoader(digits(0, 40), batch_size=20)


@pytest.mark.filterwarnings(WORKERS, NO_VALIDATION)
def test_epochs_of_unknown_length_take_steps_or_a_schedule_that_needs_none():
    loader = DataLoader(Endless(), batch_size=None)
    rates = Rates()
    short = QUIET | {"callbacks": [rates], "enable_checkpointing": False, "max_epochs": 2}
    with pytest.raises(UsageError, match=r"does not say how many batches it has.*give .* max_step"):
        lightning.Trainer(**short).fit(module(), loader)
    lightning.Trainer(**short, max_steps=3).fit(module(schedule=Cosine(), lr=1.0), loader)
    assert rates.seen == pytest.approx([1, 0.75, 0.25])
    rates.seen.clear()
    halving = functools.partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5)
    lightning.Trainer(**short).fit(module(schedule=halving, lr=1.0), loader)
    assert rates.seen == pytest.approx([1, 1, 0.5, 0.5])


@pytest.mark.filterwarnings(WORKERS, NO_VALIDATION)
def test_what_does_not_fit_is_told_in_one_line():
    with pytest.raises(UsageError, match=r"^net: Sequential has to be adapted; give example=x"):
        tssd.TssdModule(plain_mlp())
    endless = lightning.Trainer(max_epochs=-1, **QUIET, enable_checkpointing=False)
    with pytest.raises(UsageError, match="the Trainer never ends"):
        endless.fit(module(), DataLoader(digits(0, 40), batch_size=20))
    mine = module()
    with pytest.raises(DataError, match=r"^batch: got a dict of 1, expected \(x, y\)"):
        mine.on_after_batch_transfer({"x": 1}, 0)


class Gradients(lightning.Callback):
    """Keeps those of the first weight."""

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        self.first = next(pl_module.net.parameters()).grad.clone()


def of_blocks(**options):
    torch.manual_seed(0)
    net = two_stages(1, 10, 8)
    return tssd.TssdModule(net, "control", student=1, teacher=3, **options)


@pytest.mark.filterwarnings(WORKERS, NO_VALIDATION)
def test_a_rule_gives_the_gradients_that_it_gives_in_a_loop_of_one_s_own():
    batch, kept = digits(0, 20), Gradients()
    trainer = lightning.Trainer(max_steps=1, callbacks=[kept], **QUIET, enable_checkpointing=False)
    trainer.fit(of_blocks(rule=SLTT()), DataLoader(batch, batch_size=20))
    by_hand, plain = of_blocks(), of_blocks()
    SLTT().run(by_hand.criterion, by_hand.net, *batch.tensors).total.backward()
    plain.criterion.run(plain.net, *batch.tensors).total.backward()
    torch.testing.assert_close(kept.first, next(by_hand.net.parameters()).grad)
    assert not torch.allclose(kept.first, next(plain.net.parameters()).grad, rtol=0.01)


@pytest.mark.filterwarnings(WORKERS, NO_VALIDATION)
def test_what_a_rule_does_not_go_with_is_told_at_the_first_batch():
    loader = DataLoader(digits(0, 40), batch_size=20)
    trainer = lightning.Trainer(max_steps=1, **QUIET, enable_checkpointing=False)
    with pytest.raises(UsageError, match="^rule: SLTT goes from timestep to timestep, which this"):
        trainer.fit(module(rule=SLTT()), loader)


def test_teachers_are_told_that_samples_are_used_as_they_are_given(trained):
    def taught_by(**options):
        term = TeacherDistillation(tssd.Teacher(trained, **options))
        terms = {"task": TaskCrossEntropy(), "kd": term}
        return tssd.TssdModule(
            tssd.vgg9(1, 10, 16, width=1 / 32), SelfDistillation(terms, Timesteps(1, 2))
        )

    with pytest.raises(UsageError, match=r"^objectives\.kd\.teacher\.normalised: got None"):
        taught_by().on_fit_start()
    taught_by(normalised=True).on_fit_start()


def test_frames_of_a_loader_are_turned():
    x, y = torch.rand(2, 3, 1, 8, 8), torch.zeros(2)
    assert module().on_after_batch_transfer((x, y), 0)[0].shape == (3, 2, 1, 8, 8)
    assert module(batch_first=False).on_after_batch_transfer((x, y), 0)[0].shape == x.shape


@pytest.mark.parametrize(("axes", "dims", "named"), [((20,), 1, "F"), ((3, 10), 2, "C, L")])
def test_sequences_of_features_and_signals_are_turned_alike(axes, dims, named):
    hidden = tssd.TimeFold(torch.nn.Flatten(), torch.nn.LazyLinear(8))
    plain = torch.nn.Sequential(hidden, tssd.LIF(), tssd.TimeFold(torch.nn.Linear(8, 4)))
    net = tssd.adapt(plain, ["1"], example=torch.rand(6, *axes), sample_dims=dims)
    mine = tssd.TssdModule(net, student=1, teacher=3)
    x, y = torch.rand(6, 3, *axes), torch.arange(6) % 4
    turned, _ = mine.on_after_batch_transfer((x, y), 0)
    assert torch.equal(turned, x.transpose(0, 1))
    assert mine.on_after_batch_transfer((turned, y), 0)[0] is turned
    assert mine.on_after_batch_transfer((x[:, 0], y), 0)[0].shape == (6, *axes)
    mine.criterion.run(net, turned, y)
    with pytest.raises(UsageError, match=rf"\[T, N, {named}\]; x.transpose\(0, 1\) puts time"):
        mine.criterion.run(net, x, y)


def test_checkpoints_have_the_names_that_runs_have(trained_here):
    path = trained_here.folder / "checkpoints" / "last.ckpt"
    states = torch.load(path, weights_only=True)["state_dict"]
    mine = tssd.TssdModule(plain_mlp(), example=EXAMPLE)
    mine.load_state_dict(states)
