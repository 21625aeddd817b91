"""Checkpoints of the best epoch, the last, and those kept; runs that a callback stops."""

import json
from types import SimpleNamespace

import pytest

from tssd.errors import DataError, UsageError
from tssd.reopened.load import load
from tssd.runs.folder import RunFolder
from tssd.runs.results import EarlyStop
from tssd.runs.saved import load_checkpoint
from tssd.runs.state import FinishedRun, classify
from tssd.training.callbacks import MetricsTable
from tssd.training.clock import TrainingClock
from tssd.training.fit import fit
from tssd.training.saver import Saver

from .nets import two_stages
from .runs import RUINED, is_same, small, stopped, table, untimed, watched, weights

OWN = [two_stages.__module__]
# The fourth epoch is the best: the third that is not as good, the seventh, is never trained.
STOPS = RUINED | {
    "callbacks.stop": "EarlyStopping",
    "callbacks.stop.monitor": "val/accuracy",
    "callbacks.stop.mode": "max",
    "callbacks.stop.patience": 2,
    "trainer.checkpoint_every_n_epochs": 2,
}


class Told:
    """Stands for Lightning's trainer: notes which checkpoints are asked for."""

    def __init__(self, epoch):
        self.current_epoch = epoch
        self.saved = []

    def save_checkpoint(self, path, weights_only):
        self.saved.append(path.stem)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([0.1, 0.2, 0.3], [0, 1, 2]),
        ([0.3, 0.2, 0.3], [0]),
        ([0.0, 0.0], [0]),
        ([0.1, 0.05, 0.2, 0.2], [0, 2]),
        ([None, None], []),
        ([None, 0.1, None, 0.2, None], [1, 3]),
    ],
)
def test_best_is_saved_where_the_table_has_a_new_maximum(tmp_path, scores, best):
    metrics = MetricsTable(tmp_path / "metrics.csv", TrainingClock())
    saver = Saver(metrics, RunFolder(tmp_path))
    for epoch, score in enumerate(scores):
        metrics.rows.append({} if score is None else {"val/accuracy": score})
        trainer = Told(epoch)
        saver.on_train_epoch_end(trainer, None)
        assert trainer.saved == (["best", "last"] if epoch in best else ["last"])


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A run that early stopping has ended."""
    folder = tmp_path_factory.mktemp("saver") / "ended"
    fit(small(STOPS), folder)
    return folder


def test_a_run_that_is_stopped_says_so_and_is_a_finished_one(ended, finished):
    run, rows = RunFolder(ended), table(ended)
    results = run.read_results()
    scores = [row["val/accuracy"] for row in table(finished)]
    assert scores.index(max(scores)) == 3
    assert rows == table(finished)[:6]
    assert (results.epochs, results.planned, results.last.epoch) == (6, 7, 5)
    assert results.stopped.planned == 7
    assert "val/accuracy did not improve in the last 2 records" in results.stopped.reason
    assert results.best == RunFolder(finished).read_results().best
    whole = RunFolder(finished).read_results().training.operations
    assert results.training.operations == pytest.approx(whole * 6 / 7)
    assert isinstance(classify(ended, "ended"), FinishedRun)
    assert load(ended, trust=OWN).unfinished is None
    parts = watched(small(STOPS), lambda _: pytest.fail("it is trained again"))
    assert fit(parts, ended, resume=True) == results


def test_kept_epochs_are_those_of_their_number(ended):
    run = RunFolder(ended)
    assert run.kept_epochs() == [2, 4, 6]
    states = [load_checkpoint(path) for path in (run.kept(4), run.best)]
    assert is_same(*(state["state_dict"] for state in states))
    kept = load(ended, epoch=4, trust=OWN)
    assert (kept.epoch, kept.unfinished) == (4, None)
    assert is_same(kept.net.state_dict(), load(ended, epoch="best", trust=OWN).net.state_dict())
    with pytest.raises(DataError, match=r"no checkpoint of epoch 3 is kept; those kept: 2, 4, 6"):
        load(ended, epoch=3, trust=OWN)


def test_resumed_before_and_after_the_stop_it_ends_like_an_uninterrupted_one(ended, tmp_path):
    expected = RunFolder(ended).read_results()
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(STOPS), step=11), tmp_path)  # in the sixth epoch, which stops it
    assert untimed(fit(small(STOPS), tmp_path, resume=True)) == untimed(expected)
    assert is_same(weights(tmp_path), weights(ended))
    # As if it had been killed between its last epoch and its evaluation.
    RunFolder(tmp_path).results.unlink()
    parts = watched(small(STOPS), lambda _: pytest.fail("it is trained further"))
    assert untimed(fit(parts, tmp_path, resume=True)) == untimed(expected)
    # More epochs are no mistake: it goes on, and is stopped again.
    longer = fit(small(STOPS | {"trainer.epochs": 9}), tmp_path, resume=True, relength=True)
    assert (longer.epochs, longer.stopped.planned) == (7, 9)


def test_a_timer_that_would_stop_within_an_epoch_is_refused_and_epochs_are_kept(tmp_path):
    timer = {
        "class_path": "Timer",
        "init_args": {"duration": {"microseconds": 1}, "interval": "step"},
    }
    with pytest.raises(UsageError, match=r"^callbacks: one stopped training in the midst of epoch"):
        fit(small({"callbacks.timer": json.dumps(timer)}), tmp_path / "step")
    timer["init_args"]["interval"] = "epoch"
    results = fit(small({"callbacks.timer": json.dumps(timer)}), tmp_path / "epoch")
    assert results.stopped == EarlyStop(2, "Timer: the time that it was given is over")
    assert results.epochs == 1


def test_nothing_is_said_of_a_stop_in_a_run_without_one(finished):
    assert "stopped" not in load_checkpoint(RunFolder(finished).last)
    assert RunFolder(finished).read_results().stopped is None


def test_a_checkpoint_of_another_length_stops_nothing():
    trainer = SimpleNamespace(max_epochs=9, should_stop=False)
    saver = Saver(None, None)
    saver.on_load_checkpoint(trainer, None, {"stopped": {"planned": 7, "reason": ""}})
    assert not trainer.should_stop
    saver.on_load_checkpoint(trainer, None, {"stopped": {"planned": 9, "reason": ""}})
    assert trainer.should_stop
