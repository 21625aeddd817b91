"""A run as a child: trained like any other, as long as its parent lives."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tssd.many_runs import PlannedRun
from tssd.processes import lifeline

CHILD = [sys.executable, "-P", "-m", "tssd.many_runs.child"]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def child(run, stdin, **options):
    words = [*CHILD, *run.words()]
    return subprocess.Popen(
        words, stdin=stdin, stdout=-1, stderr=-1, text=True, env=ENVIRONMENT, **options
    )


def test_it_answers_in_one_line_whatever_prints_and_lies_in_the_current_folder(tmp_path, tiny):
    for name in ("random", "yaml", "queue"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/own.py").write_text("print('noise')\nfrom tssd import vgg9 as net\n")
    diverging = (("net", "own.net"), ("data.batch_size", "10"), ("optimizer.lr", "1e38"))
    run = PlannedRun("digits/vanilla_ts", 0, tmp_path / "run", (*tiny, *diverging))
    path = os.pathsep.join([*sys.path, str(tmp_path / "beside")])
    with lifeline() as stdin:
        done = subprocess.run(
            [*CHILD, *run.words()],
            stdin=stdin,
            capture_output=True,
            text=True,
            env=ENVIRONMENT | {"PYTHONPATH": path},
            cwd=tmp_path,
        )
    assert done.returncode == 1, done.stderr
    assert "noise" in done.stderr
    (line,) = done.stdout.splitlines()
    answer = json.loads(line)
    assert (answer["kind"], answer["details"]) == ("DivergedError", "")
    assert answer["message"].startswith(f"{run.folder}: loss: ")


def test_it_ends_without_its_parent(tmp_path):
    # Its input is at its end at once.
    with child(PlannedRun("digits/tssd", 0, tmp_path / "run"), subprocess.DEVNULL) as process:
        assert process.communicate() == ("", "")
    assert process.returncode == 128 + signal.SIGTERM


def test_its_run_notes_the_command_that_trains_it_and_a_signal_is_told(tmp_path, tiny):
    long = (*tiny, ("trainer.epochs", "100000"))
    run = PlannedRun("digits/tssd", 0, tmp_path / "run", long)
    with lifeline() as stdin, child(run, stdin) as process:
        noted = Path(run.folder, "environment.json")
        while process.poll() is None and not noted.exists():
            time.sleep(0.01)
        process.terminate()
        answer, complaints = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM, complaints
    assert json.loads(answer)["kind"] == "KeyboardInterrupt"
    command = json.loads(noted.read_text())["command"]
    assert command.startswith(f"tssd train digits/tssd --output={run.folder} --resume --net.width=")
