"""The training step in real runs: what is logged, which epoch the weights see, when it stops."""

import pytest
import torch

from tssd.cli import main
from tssd.errors import DataError
from tssd.evaluation import accuracy_at_every_timestep
from tssd.objectives.later import LaterChecks
from tssd.runs.folder import RunFolder
from tssd.runs.saved import load_checkpoint
from tssd.training import module
from tssd.training.fit import fit
from tssd.training.module import DistillModule, DivergedError

from . import nets
from .runs import OPTIONS, RECIPE, RUINED, is_same, small, table, watched, weights

MEAN_TARGET = f"{{class_path: {nets.__name__}.MeanTarget}}"
SEQUENCES = f"{nets.__name__}.DigitSequences"


def turns_nan(after):
    return f"{{class_path: {nets.__name__}.TurnsNan, init_args: {{after: {after}}}}}"


@pytest.mark.parametrize("data", ["tssd.data.Digits", SEQUENCES])
def test_means_weigh_a_small_last_batch_by_its_size(tmp_path, data):
    options = {"objectives.mean": MEAN_TARGET, "data": data, "data.batch_size": 22}
    parts = small(options)
    fit(parts, tmp_path)
    seen = parts.criterion.terms["mean"].seen
    assert [size for size, _ in seen] == [22, 22, 6] * 2
    for epoch, row in enumerate(table(tmp_path)):
        batches = seen[3 * epoch :][:3]
        by_hand = sum(size * value for size, value in batches) / 50
        assert row["train/mean"] == pytest.approx(by_hand, rel=1e-6)
        assert by_hand != pytest.approx(sum(value for _, value in batches) / 3, rel=1e-3)


def test_validation_accuracy_is_that_of_the_weights_of_the_epoch(finished):
    parts = small()
    assert len(parts.data.val_dataloader().dataset) % parts.data.batch_size not in (0, 1)
    module = parts.module()
    run = RunFolder(finished)
    for path, row in ((run.best, 3), (run.last, 6)):
        module.load_state_dict(load_checkpoint(path)["state_dict"])
        accuracy = accuracy_at_every_timestep(parts.net, parts.data.val_dataloader(), 4)
        logged = [table(finished)[row][f"val/accuracy_t{t}"] for t in (1, 2, 3, 4)]
        assert logged == pytest.approx(accuracy, rel=1e-6)


def test_last_batch_of_one_image_is_left_out(tmp_path):
    parts = small({"objectives.mean": MEAN_TARGET, "data.batch_size": 7, "trainer.epochs": 1})
    rates = []
    fit(watched(parts, lambda it: rates.append(it.param_groups[0]["lr"])), tmp_path)
    assert [size for size, _ in parts.criterion.terms["mean"].seen] == [7] * 7
    # Seven steps an epoch for the schedule, too: half a cosine has come to its end after them.
    assert rates[-1] == pytest.approx(0.3 * (1 + torch.tensor(torch.pi * 6 / 7).cos().item()) / 2)


def test_weights_ramp_up_with_the_fraction_of_the_epoch(tmp_path):
    parts = small({"objectives.mean": MEAN_TARGET})
    fit(parts, tmp_path)
    # At the beginning of each epoch it is told once more, for the table.
    assert parts.criterion.terms["mean"].epochs == [0, 0, 0.5, 1, 1, 1.5]


def test_ramp_changes_the_total_and_not_the_logged_term(tmp_path):
    options = {"objectives.temporal.ramp_epochs": 2, "objectives.temporal.weight": 1e4}
    parts = small(options)
    fit(parts, tmp_path)
    assert table(tmp_path)[0]["train/temporal"] < 1
    assert parts.criterion.terms["temporal"].current_weight == 1e4 * 1.5 / 2


def test_huge_learning_rate_stops_with_the_terms_name(tmp_path, capsys):
    options = OPTIONS | {"optimizer.lr": 1e30, "trainer.epochs": 3}
    overrides = [f"--{name}={value}" for name, value in options.items()]
    assert main(["train", RECIPE, "--output", str(tmp_path / "run"), *overrides]) == 1
    message = capsys.readouterr().err.replace("\n", " ")
    assert "became nan" in message or "became inf" in message
    assert "tssd: loss: " in message
    assert "lower --optimizer.lr" in message
    assert "Traceback" not in message


def test_nan_names_the_term_and_keeps_finished_epochs(tmp_path):
    parts = small({"objectives.odd": turns_nan(3), "trainer.epochs": 4})
    with pytest.raises(DivergedError, match=r"^loss: odd became nan in epoch 2, step 4;") as caught:
        fit(parts, tmp_path)
    assert caught.value.exit_code == 1
    assert load_checkpoint(RunFolder(tmp_path).last)["epoch"] == 0
    assert len(table(tmp_path)) == 1


def test_weights_ruined_by_the_last_step_of_an_epoch_are_not_saved(tmp_path):
    def ruin(optimizer):
        if RunFolder(tmp_path).last.exists():
            optimizer.param_groups[0]["params"][0].data[0] = torch.inf

    parts = small({"data.batch_size": 50, "trainer.epochs": 3})
    with pytest.raises(DivergedError, match=r"^weights: net\..* became infinite or nan in epoch 2"):
        fit(watched(parts, ruin), tmp_path)
    assert load_checkpoint(RunFolder(tmp_path).last)["epoch"] == 0


@pytest.fixture
def asked_later(monkeypatch):
    """Steps are checked as on CUDA."""

    def begin(self):
        self.later = LaterChecks()
        on_train_start(self)

    on_train_start = DistillModule.on_train_start
    monkeypatch.setattr(DistillModule, "on_train_start", begin)


def test_checks_asked_for_later_tell_the_same_step_and_keep_finished_epochs(tmp_path, asked_later):
    # Ten steps an epoch, and the answers are asked for at its end.
    parts = small({"objectives.odd": turns_nan(13), "trainer.epochs": 4, "data.batch_size": 5})
    words = r"^loss: odd became infinite or nan in epoch 2, step 14; lower --optimizer.lr"
    with pytest.raises(DivergedError, match=words):
        fit(parts, tmp_path)
    assert load_checkpoint(RunFolder(tmp_path).last)["epoch"] == 0
    assert len(table(tmp_path)) == 1


def test_checks_asked_for_later_are_looked_at_within_a_long_epoch(
    tmp_path, asked_later, monkeypatch
):
    monkeypatch.setattr(module, "LOOK_EVERY", 4)
    parts = small({"objectives.odd": turns_nan(2), "data.batch_size": 5})
    steps = []
    with pytest.raises(DivergedError, match="in epoch 1, step 3;"):
        fit(watched(parts, lambda _: steps.append(1)), tmp_path)
    assert len(steps) == 4


def test_a_mistake_that_all_steps_have_is_told_in_the_first_with_its_values(tmp_path, asked_later):
    parts = small()
    parts.data.stored.train.labels[:] += 1
    with pytest.raises(DataError, match="labels: got class 10, .* they seem to count from 1"):
        fit(parts, tmp_path)


def test_checks_asked_for_later_change_nothing(tmp_path, finished, asked_later):
    fit(small(RUINED), tmp_path)
    assert is_same(weights(tmp_path), weights(finished))
