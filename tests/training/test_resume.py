"""Resuming after Ctrl-C, with damaged or foreign checkpoints, and on finished runs."""

import csv
import os
import shutil
import signal
import time
from contextlib import suppress

import pytest
import torch
import yaml

from forked import needs_fork, wait_until
from tssd.errors import DataError, UsageError
from tssd.runs.folder import RunFolder
from tssd.runs.saved import load_checkpoint
from tssd.signals import under_signals
from tssd.training.fit import fit

from . import processes
from .runs import RUINED, is_same, small, table, watched, weights


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_interrupted_run_ends_like_an_uninterrupted_one(finished, interrupted, copied):
    # In another place, with the best epoch behind it and worse ones to come.
    run = RunFolder(copied(interrupted))
    best = run.best.read_bytes()
    results = fit(small(RUINED), run.path, resume=True)
    expected = RunFolder(finished).read_results()
    assert (results.best.epoch, results.last.epoch) == (3, 6)
    assert results.best == expected.best
    assert results.last == expected.last
    assert run.best.read_bytes() == best
    assert is_same(weights(run.path), weights(finished))
    assert table(run.path) == table(finished)


def test_training_time_counts_all_sessions(interrupted, copied):
    run = RunFolder(copied(interrupted))
    states = load_checkpoint(run.last)["callbacks"].values()
    (spent,) = [state["time_elapsed"]["train"] for state in states if "time_elapsed" in state]
    started = time.monotonic()
    results = fit(small(RUINED), run.path, resume=True)
    here = time.monotonic() - started
    assert round(spent, 1) <= results.train_seconds < spent + here
    (trained,) = [state["seconds"] for state in states if "seconds" in state]
    assert 0 < trained < spent  # without validation
    assert trained < results.training.seconds < trained + here
    with run.metrics.open(newline="") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    assert seconds == sorted(seconds)
    assert (len(seconds), seconds[-1]) == (7, results.training.seconds)


def test_a_run_of_a_version_without_a_clock_has_none_for_its_training(interrupted, copied):
    run = RunFolder(copied(interrupted))
    checkpoint = torch.load(run.last, weights_only=True)
    checkpoint["callbacks"] = {
        name: state for name, state in checkpoint["callbacks"].items() if "seconds" not in state
    }
    for state in checkpoint["callbacks"].values():
        for row in state.get("rows", ()):
            del row["seconds"]
    torch.save(checkpoint, run.last)
    results = fit(small(RUINED), run.path, resume=True)
    assert (results.training.seconds, results.training.seconds_to) == (None, {})
    assert results.training.operations > 0
    assert "seconds" not in run.metrics.read_text()


def test_interrupted_run_has_whole_epochs_only(interrupted):
    run = RunFolder(interrupted)
    assert load_checkpoint(run.last)["epoch"] == 4
    assert load_checkpoint(run.best)["epoch"] == 3
    assert [row["epoch"] for row in table(interrupted)] == [0, 1, 2, 3, 4]
    assert not run.is_finished


def test_finished_run_gives_its_results_and_nothing_is_written(finished):
    before = contents(finished)
    parts = watched(small(RUINED), lambda _: pytest.fail("it is trained again"))
    assert fit(parts, finished, resume=True) == RunFolder(finished).read_results()
    assert contents(finished) == before


@pytest.mark.parametrize("resume", [False, True])
def test_refusals_leave_the_folder_alone(interrupted, tmp_path, resume):
    before = contents(interrupted)
    options = RUINED | ({"optimizer.lr": 0.2} if resume else {})
    found = (
        "has optimizer.lr = 0.3, now it is 0.2"
        if resume
        else "continue it with `tssd train .* --resume`"
    )
    with pytest.raises(UsageError, match=found):
        fit(small(options), interrupted, resume=resume)
    assert contents(interrupted) == before
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="neither empty nor a run folder"):
        fit(small(options), tmp_path, resume=resume)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("damage", [lambda data: data[:-500], lambda data: b"garbage" * 999])
def test_damaged_checkpoint_is_refused_and_best_can_replace_it(interrupted, copied, damage):
    run = RunFolder(copied(interrupted))
    run.last.write_bytes(damage(run.last.read_bytes()))
    with pytest.raises(DataError, match=r"last\.ckpt: damaged or truncated.*copy of best\.ckpt"):
        fit(small(RUINED), run.path, resume=True)
    shutil.copy(run.best, run.last)
    assert fit(small(RUINED), run.path, resume=True).last.epoch == 6


def test_without_the_best_checkpoint_nothing_is_trained_in_vain(interrupted, copied):
    run = RunFolder(copied(interrupted))
    run.best.unlink()  # of the fourth epoch, and none of those to come is better
    before = contents(run.path)
    longer = {**RUINED, "trainer.epochs": 8}
    for options, relength in ((RUINED, False), (longer, True)):
        with pytest.raises(DataError, match=r"best\.ckpt: no checkpoint, .*; .*put it back, or t"):
            fit(small(options), run.path, resume=True, relength=relength)
    assert contents(run.path) == before


def test_metrics_that_are_lost_come_back_with_the_results(finished, copied):
    run = RunFolder(copied(finished))
    for damage in (run.metrics.unlink, lambda: run.metrics.write_text("epoch,tr")):
        damage()
        run.results.unlink()
        fit(small(RUINED), run.path, resume=True)
        assert table(run.path) == table(finished)


def test_checkpoint_of_another_network_names_the_first_mismatch(interrupted, copied):
    run = RunFolder(copied(interrupted))
    wider = RUINED | {"net.channels": 4}
    run.config.write_text(yaml.safe_dump(small(wider).config))
    with pytest.raises(
        DataError, match=r"net\.stages\.0\.0\.0\.weight has shape \[8, 1, 3, 3\], exp"
    ):
        fit(small(wider), run.path, resume=True)


@pytest.fixture
def handlers():
    """The process's signal handlers, which a failed test may not leave changed."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_training_and_are_handled_as_before(tmp_path, handlers, number):
    steps = []

    def send(optimizer):
        steps.append(optimizer)
        if len(steps) == 3:
            os.kill(os.getpid(), number)

    with pytest.raises(KeyboardInterrupt):
        fit(watched(small(), send), tmp_path)
    assert handlers == {number: signal.getsignal(number) for number in handlers}
    assert load_checkpoint(RunFolder(tmp_path).last)["epoch"] == 0
    assert fit(small(), tmp_path, resume=True).last.epoch == 1


def test_a_signal_whose_exception_gets_lost_ends_training_at_the_next_batch(tmp_path):
    steps = []

    def lose(optimizer):
        steps.append(optimizer)
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    def work():
        fit(watched(small(), lose), tmp_path)
        return 0

    code = under_signals(work, lambda error: 1, lambda: None, program=False)
    assert (code, len(steps)) == (130, 1)


@needs_fork
def test_ctrl_c_at_the_command_line(tmp_path):
    run = RunFolder(tmp_path / "run")
    process = processes.train(run.path, RUINED | {"trainer.epochs": 9999})
    wait_until(run.last.exists, process)
    os.kill(process.pid, signal.SIGINT)
    process.join()
    printed = processes.output(run.path)
    assert process.exitcode == 130, printed
    assert "tssd: interrupted" in printed
    assert "Traceback" not in printed
    assert load_checkpoint(run.last)["epoch"] >= 0
    assert not list(run.path.rglob(".*.partial"))
