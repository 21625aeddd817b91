import csv
import logging
import os
import signal
import sys
import threading
import time

import pytest
from lightning.pytorch.loggers import Logger

from tssd.errors import UsageError
from tssd.runs.folder import RunFolder
from tssd.training.fit import fit
from tssd.training.loggers import loggers

from .runs import small, table


def test_tensorboard_writes_into_the_run_and_closes_once(tmp_path):
    (logger,) = loggers(RunFolder(tmp_path))
    logger.log_metrics({"lr": 0.1}, step=0)
    logger.finalize("success")
    logger.finalize("interrupted")
    assert [path.parent for path in tmp_path.rglob("events.*")] == [tmp_path / "tensorboard"]


def test_a_ctrl_c_while_something_is_written_keeps_nobody_waiting(tmp_path, monkeypatch):
    (logger,) = loggers(RunFolder(tmp_path))
    logger.log_metrics({"lr": 0.1}, step=0)
    logger.save()
    notify = threading.Condition.notify

    def interrupted(self, n=1):
        # As queue.put calls it; a Ctrl-C here used to leave a waiter that takes the next call.
        release = self._waiters[0].release if self._waiters else lambda: None
        if threading.current_thread() is threading.main_thread() and self._waiters:
            monkeypatch.undo()
            release()
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
        notify(self, n)

    monkeypatch.setattr(threading.Condition, "notify", interrupted)
    with pytest.raises(KeyboardInterrupt):
        logger.log_metrics({"lr": 0.2}, step=1)
    begun = time.monotonic()
    logger.finalize("interrupted")
    assert time.monotonic() - begun < 60  # of the 120 seconds that its thread sleeps


def test_without_tensorboard_there_is_a_hint(tmp_path, monkeypatch, caplog):
    # As Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with caplog.at_level(logging.INFO, logger="tssd"):
        assert loggers(RunFolder(tmp_path)) == []
    assert "pip install tensorboard" in caplog.text


def test_every_term_every_accuracy_and_single_steps_reach_a_logger(tmp_path):
    options = {"logger": "csv", "trainer.log_every_n_steps": 2}
    fit(small(options), tmp_path)
    with (tmp_path / "csv" / "version_0" / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    logged = {name: [float(r[name]) for r in rows if r[name]] for name in rows[0]}
    for row in table(tmp_path)[0]:
        assert row in logged
    for name in ("train/task", "train/temporal", "val/accuracy", "val/accuracy_t4", "lr"):
        assert logged[name] == pytest.approx([row[name] for row in table(tmp_path)])
    assert {"step/loss", "step/task"} < logged.keys()
    assert [int(r["step"]) for r in rows if r["step/loss"]] == [2, 4]
    assert not (tmp_path / "tensorboard").exists()


def test_a_logger_that_can_not_be_reached_is_one_line(tmp_path):
    class Unreachable(Logger):
        name = version = "none"

        @property
        def experiment(self):
            raise ConnectionRefusedError("no\nroute") if self.of_system else KeyError("no\nkey")

        def log_metrics(self, metrics, step=None): ...

        def log_hyperparams(self, params): ...

    logger = Unreachable()
    logger.of_system = False
    with pytest.raises(UsageError, match=r"^logger: Unreachable can't be used \(.*key"):
        loggers(RunFolder(tmp_path), [logger])
    logger.of_system = True
    with pytest.raises(OSError, match="route"):
        loggers(RunFolder(tmp_path), [logger])
