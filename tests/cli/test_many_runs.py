import json
import os
import signal
import sys
import threading
import time

import pytest
from tests.reproduce.fabricated import content

from tssd.cli.many_runs import train_and_tell
from tssd.many_runs import Failure, PlannedRun, side_by_side


@pytest.fixture
def children(monkeypatch):
    """Replaces training by a few lines of Python, which may use `folder`."""

    def children(code):
        code = f"import pathlib, sys, time; folder = pathlib.Path(sys.argv[1])\n{code}"
        words = [sys.executable, "-c", code]
        monkeypatch.setattr(side_by_side, "command", lambda run: [*words, str(run.folder)])

    return children


def test_a_line_before_each_or_after_each_beside_others(children, capsys, tmp_path, monkeypatch):
    runs = [PlannedRun("digits/tssd", n, tmp_path / f"seed{n}") for n in range(3)]
    results = json.dumps(content(0, [0.5], train_seconds=61.7))
    warning = "print('[a] layer never fires', file=sys.stderr)"
    children(f"folder.mkdir(); (folder / 'results.json').write_text({results!r}); {warning}")
    train_and_tell(runs[:2], 2, failed=print)
    told = capsys.readouterr()
    lines = told.err.splitlines()
    warnings = {f"{run.folder}: [a] layer never fires" for run in runs[:2]}
    assert {*lines[::2]} == warnings
    done = [line.partition(" ") for line in lines[1::2]]
    assert [number for number, _, _ in done] == ["[1/2]", "[2/2]"]
    assert {line for _, _, line in done} == {f"{run.folder}: trained in 62 s" for run in runs[:2]}
    assert told.out == ""

    monkeypatch.setattr("tssd.many_runs.here.outcome", lambda run: {})
    train_and_tell(runs, 2, failed=print)
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"[1/3] digits/tssd, seed 0: {tmp_path}/seed0 (trained already)",
        f"[2/3] digits/tssd, seed 1: {tmp_path}/seed1 (trained already)",
        f"[3/3] digits/tssd, seed 2: {tmp_path}/seed2",
    ]
    assert told.err == ""


def test_the_details_of_a_failure_are_shown_before_it_is_told(monkeypatch, capsys, tmp_path):
    run = PlannedRun("digits/tssd", 0, tmp_path)
    failure = Failure(run, "KeyError", "its message", 1, "Traceback\n")
    monkeypatch.setattr("tssd.many_runs.here.outcome", lambda run: failure)
    told = []
    assert train_and_tell([run], 1, failed=told.append) == {run: failure}
    assert told == [failure]
    assert capsys.readouterr().err == "Traceback\n"


def test_ctrl_c_stops_the_processes_and_is_130(tssd, tiny_words, tmp_path, children):
    children("folder.mkdir(parents=True); time.sleep(60); (folder / 'over').touch()")

    def interrupt():
        while not all((tmp_path / f"runs/digits/tssd/seed{n}").exists() for n in (0, 1)):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    began = time.monotonic()
    outcome = tssd("compare", "digits/tssd", *tiny_words, "--jobs", "2", "--seeds", "0,1,2")
    assert outcome.code == 130
    assert "finished epochs are kept, the same command continues" in outcome.err
    assert time.monotonic() - began < 40
    assert not (tmp_path / "runs/digits/tssd/seed2").exists()
    assert not (tmp_path / "runs/comparison.md").exists()
