import logging
import sys

from tssd.runs.folder import RunFolder
from tssd.training.loggers import loggers


def test_tensorboard_writes_into_the_run_and_closes_once(tmp_path):
    (logger,) = loggers(RunFolder(tmp_path))
    logger.log_metrics({"lr": 0.1}, step=0)
    logger.finalize("success")
    logger.finalize("interrupted")
    assert [path.parent for path in tmp_path.rglob("events.*")] == [tmp_path / "tensorboard"]


def test_without_tensorboard_there_is_a_hint(tmp_path, monkeypatch, caplog):
    # As Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with caplog.at_level(logging.INFO, logger="tssd"):
        assert loggers(RunFolder(tmp_path)) == []
    assert "pip install tensorboard" in caplog.text
