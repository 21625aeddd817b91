"""Two builders of the same cache at once: one builds, the other waits, both have the same."""

import signal
import threading
from multiprocessing import get_context

import numpy as np
import pytest

from forked import needs_fork, wait_until
from tssd import lock
from tssd.events.writing import UNLOCKED

from .builders import build, start, tree
from .recordings import folder_of_recordings


@pytest.fixture
def recordings(tmp_path):
    return folder_of_recordings(tmp_path / "data", 20, pause=0.01)


@pytest.fixture
def gate(tmp_path):
    """The file that recordings behind the first three wait for."""
    return tmp_path / "gate"


@pytest.fixture
def slow_recordings(tmp_path, gate):
    """They are built when the gate is there, so that the second meets the first at it."""
    found = folder_of_recordings(tmp_path / "data", 20)
    for recording in found[3:]:
        recording.gate = gate
    return found


@pytest.fixture
def root(tmp_path):
    return tmp_path / "caches"


def log(root, name):
    return (root.parent / f"{name}.log").read_text()


@needs_fork
def test_the_second_waits_and_takes_the_firsts(root, slow_recordings, gate):
    first = start(root, slow_recordings, name="first")
    wait_until(lambda: "caching" in log(root, "first"), first)
    second = start(root, slow_recordings, name="second")
    wait_until(lambda: "waiting" in log(root, "second"), second)
    gate.touch()
    second.join()
    first.join()
    assert (first.exitcode, second.exitcode) == (0, 0)
    assert "another process is building it; waiting" in log(root, "second")
    assert "caching" not in log(root, "second")
    assert len(tree(root)) == 3


@needs_fork
def test_the_second_builds_when_the_first_is_killed(root, slow_recordings, gate, tmp_path):
    first = start(root, slow_recordings, name="first")
    wait_until(lambda: "caching" in log(root, "first"), first)
    second = start(root, slow_recordings, name="second")
    wait_until(lambda: "waiting" in log(root, "second"), second)
    first.kill()
    first.join()
    gate.touch()
    second.join()
    assert (first.exitcode, second.exitcode) == (-signal.SIGKILL, 0)
    assert "caching" in log(root, "second")
    assert len(tree(root)) == 3
    expected = build(tmp_path / "whole", slow_recordings)
    np.testing.assert_array_equal(build(root, slow_recordings).frames, expected.frames)


@needs_fork
def test_builders_of_different_caches_do_not_disturb_each_other(root, slow_recordings, gate):
    first = start(root, slow_recordings, name="first")
    wait_until(lambda: "caching" in log(root, "first"), first)
    other = build(root, slow_recordings[:3])
    assert first.is_alive()
    gate.touch()
    first.join()
    assert first.exitcode == 0
    assert len(other) == 6 and len(build(root, slow_recordings)) == 40


def without_locks(barrier):
    def sabotage():
        lock.has_fcntl = False
        barrier.wait(5)

    return sabotage


@needs_fork
def test_without_locks_the_first_to_finish_wins(root, recordings, tmp_path):
    barrier = get_context("fork").Barrier(3)
    names = ("first", "second", "third")
    builders = [start(root, recordings, name=n, sabotage=without_locks(barrier)) for n in names]
    for builder in builders:
        builder.join()
    assert [builder.exitcode for builder in builders] == [0, 0, 0]
    assert sum("caching" in log(root, name) for name in names) > 1
    assert len(tree(root)) == 3
    expected = build(tmp_path / "whole", recordings)
    np.testing.assert_array_equal(build(root, recordings).frames, expected.frames)


@needs_fork
def test_without_locks_a_living_builders_folder_is_left_alone(root, recordings):
    barrier = get_context("fork").Barrier(1)
    first = start(root, recordings, name="first", sabotage=without_locks(barrier))
    wait_until(lambda: any(root.glob(f".*{UNLOCKED}")), first)
    assert len(build(root, recordings[:3])) == 6
    first.join()
    assert first.exitcode == 0
    assert len(build(root, recordings)) == 40


def test_two_threads_of_one_process_build_once(root, recordings):
    caches = []
    threads = [
        threading.Thread(target=lambda: caches.append(build(root, recordings))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert caches[0].path == caches[1].path
    np.testing.assert_array_equal(caches[0].frames, caches[1].frames)
    assert len(tree(root)) == 3
