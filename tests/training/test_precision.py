import json
import logging

import pytest
import torch

from tssd.runs.folder import RunFolder
from tssd.training import precision as module
from tssd.training.fit import fit
from tssd.training.precision import precision_on

from .runs import is_same, small, stopped, weights

AUTO = {"trainer.precision": "auto", "trainer.accelerator": "cpu"}
HALF = {"trainer.precision": "bf16-mixed", "trainer.accelerator": "cpu"}
CPU = torch.device("cpu")


def noted(folder):
    return json.loads(RunFolder(folder).environment.read_text())["precision"]


@pytest.fixture
def fast(monkeypatch):
    """Sets whether this machine has fast bfloat16."""

    def set_fast(has):
        monkeypatch.setattr(module, "has_fast_bfloat16", lambda device: has)

    return set_fast


def test_auto_is_half_precision_where_that_is_fast_and_everything_else_stays(fast):
    fast(True)
    assert precision_on(CPU, "auto") == "bf16-mixed"
    assert precision_on(CPU, "32-true") == "32-true"
    fast(False)
    assert precision_on(CPU, "auto") == "32-true"
    assert precision_on(CPU, "bf16-mixed") == "bf16-mixed"


def test_a_run_goes_on_as_it_began_on_a_machine_that_would_take_another(tmp_path, fast, caplog):
    caplog.set_level(logging.INFO, logger="tssd")
    fast(True)
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(AUTO), step=2), tmp_path / "run")
    assert "precision bf16-mixed, the fastest that this device (cpu) has" in caplog.text
    assert noted(tmp_path / "run") == "bf16-mixed"
    fast(False)
    caplog.clear()
    fit(small(AUTO), tmp_path / "run", resume=True)
    assert "goes on in precision bf16-mixed, as it began; this device (cpu) alone" in caplog.text
    assert noted(tmp_path / "run") == "bf16-mixed"
    assert RunFolder(tmp_path / "run").read_config()["trainer"]["precision"] == "auto"
    fit(small(HALF), tmp_path / "half")
    assert is_same(weights(tmp_path / "run"), weights(tmp_path / "half"))
    assert noted(tmp_path / "half") == "bf16-mixed"
