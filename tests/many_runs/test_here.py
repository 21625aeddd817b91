import json
import os
import signal

import pytest
import torch

from tssd.many_runs import Failure, PlannedRun, here
from tssd.runs.folder import RunFolder
from tssd.signals import under_signals


def test_a_run_s_results_or_why_it_has_none(planned):
    (run,) = planned(0)
    assert here.outcome(run).seed == 0
    found = here.outcome(run._replace(options=(*run.options, ("net.width", "0.5"))))
    assert isinstance(found, Failure)
    assert (found.kind, found.exit_code) == ("UsageError", 2)
    assert "the run has net.width = 0.03125, now it is 0.5" in found.message


@pytest.mark.parametrize("raised", [RuntimeError("zip"), OSError("a worker ended")])
def test_what_a_signal_became_is_no_failure_of_the_run(monkeypatch, tmp_path, raised):
    def train(run):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except BaseException:
            raise raised from None

    monkeypatch.setattr(here, "train", train)
    run, told = PlannedRun("digits/tssd", 0, tmp_path), []
    code = under_signals(
        lambda: len(str(here.outcome(run))), told.append, lambda: told.append("end"), program=False
    )
    assert (code, told) == (130, ["end"])


def test_the_same_error_without_a_signal_is_one(monkeypatch, tmp_path):
    def train(run):
        raise RuntimeError("zip")

    monkeypatch.setattr(here, "train", train)
    assert here.outcome(PlannedRun("digits/tssd", 0, tmp_path)).kind == "RuntimeError"


def test_a_run_leaves_no_threads_to_the_next(planned):
    (run,) = planned(0)
    before = torch.get_num_threads()
    options = [option for option in run.options if option[0] != "trainer.threads"]
    here.train(run._replace(options=(*options, ("trainer.threads", str(before + 1)))))
    noted = json.loads(RunFolder(run.folder).environment.read_text(encoding="utf-8"))
    assert noted["threads"] == before + 1
    assert torch.get_num_threads() == before
