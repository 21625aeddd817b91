"""Two processes that are given the same run: one trains it, the other waits."""

import signal
import time

from forked import needs_fork, wait_until
from tssd.runs.folder import RunFolder
from tssd.training import fit as fitting

from .processes import output, train
from .runs import RUINED, is_same, table, weights

EVALUATE = fitting.evaluate_parts


def start_two(folder, *, go):
    """Both at work: the first stands before its evaluation until a file `go` is there."""

    def stand():
        def evaluate(*given, **options):
            while not go.exists():
                time.sleep(0.001)
            return EVALUATE(*given, **options)

        fitting.evaluate_parts = evaluate

    first = train(folder, RUINED, sabotage=stand)
    wait_until(RunFolder(folder).last.exists, first)
    second = train(folder, RUINED)
    wait_until(lambda: "another process trains this run; wait" in output(folder), second)
    assert first.is_alive() and second.is_alive(), output(folder)
    return first, second


def assert_ended_like(finished, folder, *processes):
    for process in processes:
        process.join()
        assert process.exitcode == 0, output(folder)
    assert is_same(weights(folder), weights(finished))
    assert table(folder) == table(finished)
    # Nothing of the lock is left.
    assert {path.name for path in folder.parent.iterdir()} <= {"run", "run.log", "go"}


@needs_fork
def test_the_second_waits_and_finds_the_results(finished, tmp_path):
    folder, go = tmp_path / "run", tmp_path / "go"
    first, second = start_two(folder, go=go)
    go.touch()
    first.join()
    written = RunFolder(folder).results.stat()
    assert_ended_like(finished, folder, first, second)
    assert RunFolder(folder).results.stat() == written


@needs_fork
def test_who_waits_for_one_that_is_killed_goes_on(finished, tmp_path):
    folder = tmp_path / "run"
    first, second = start_two(folder, go=tmp_path / "go")
    first.kill()
    first.join()
    assert first.exitcode == -signal.SIGKILL
    assert_ended_like(finished, folder, second)
