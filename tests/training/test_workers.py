"""Loading processes of real runs that are stopped, or killed alone; see test_killed.py, too."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from forked import needs_fork, wait_until
from tssd.runs.folder import RunFolder

from .processes import output, train
from .runs import RUINED, is_same, table, weights

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def killed(folder, options, *, meanwhile=lambda process: None):
    """Start a run, kill it after its first epoch."""
    process = train(folder, options)
    wait_until(RunFolder(folder).last.exists, process)
    meanwhile(process)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL, output(folder)


def children(process):
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(word) for word in path.read_text().split()]


@needs_fork
@needs_proc
def test_a_stopped_worker_of_a_killed_run_does_not_hold_its_lock(finished, tmp_path):
    stopped = []

    def stop(process):
        wait_until(lambda: children(process), process)
        stopped.extend(children(process))
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    killed(tmp_path / "run", RUINED | {"data.num_workers": 1}, meanwhile=stop)
    try:
        process = train(tmp_path / "run", RUINED)
        process.join(60)
        assert process.exitcode == 0, output(tmp_path / "run")
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGKILL)
    assert is_same(weights(tmp_path / "run"), weights(finished))
    assert table(tmp_path / "run") == table(finished)


@needs_fork
@needs_proc
def test_a_killed_worker_is_one_line_with_the_remedy(tmp_path):
    folder = tmp_path / "run"
    process = train(folder, RUINED | {"data.num_workers": 2, "trainer.epochs": 9999})
    wait_until(RunFolder(folder).last.exists, process)
    time.sleep(0.05)
    os.kill(children(process)[0], signal.SIGKILL)
    process.join()
    assert process.exitcode == 1, output(folder)
    # Before it may stand what building the run has to say.
    assert "Traceback" not in output(folder)
    (line,) = [told for told in output(folder).splitlines() if told.startswith("tssd: ")]
    assert "data.num_workers: a loading process was killed" in line
    assert "--data.num_workers 0" in line
