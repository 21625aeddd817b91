"""`tssd` as a child: the same command, as long as its parent lives."""

import os
import signal
import subprocess
import sys

from tssd.processes import lifeline

COMMAND = [sys.executable, "-P", "-m", "tssd.many_runs.child"]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def run(*words, stdin, **options):
    return subprocess.run(
        [*COMMAND, *words], stdin=stdin, capture_output=True, text=True, env=ENVIRONMENT, **options
    )


def test_it_is_the_same_command():
    with lifeline() as stdin:
        done = run("recipes", stdin=stdin)
    assert (done.returncode, done.stderr) == (0, "")
    assert "digits/tssd" in done.stdout


def test_it_ends_without_its_parent():
    done = run("train", "digits/tssd", stdin=subprocess.DEVNULL)  # which is at its end at once
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGTERM, "", "")


def test_it_imports_nothing_from_the_current_folder_first(tmp_path):
    for name in ("random", "yaml", "queue"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    with lifeline() as stdin:
        assert run("recipes", stdin=stdin, cwd=tmp_path).returncode == 0
