"""One holder at a time, also across processes, and none after a kill."""

import os
import signal
import threading
import time
from multiprocessing import get_context

import pytest

from tssd import lock
from tssd.lock import Hold, locked

pytest.importorskip("fcntl", reason="needs locks of the operating system")

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def test_held_once_and_gone_afterwards(tmp_path):
    path = tmp_path / "lock"
    with locked(path) as hold:
        assert hold is Hold.HELD
        with locked(path) as second:
            assert second is Hold.BUSY
        assert path.exists()
    assert not path.exists()
    with locked(path) as hold:
        assert hold is Hold.HELD


def test_waits_for_the_holder_and_says_so_once(tmp_path):
    path, told, order = tmp_path / "lock", threading.Event(), []

    def second():
        with locked(path, on_wait=lambda: (order.append("waits"), told.set())) as hold:
            order.append(hold)

    with locked(path):
        thread = threading.Thread(target=second)
        thread.start()
        assert told.wait(5)
        order.append("first leaves")
    thread.join(5)
    assert order == ["waits", "first leaves", Hold.HELD]
    assert not path.exists()


def test_an_error_inside_frees_it(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path / "lock"):
        raise KeyError
    assert not list(tmp_path.iterdir())


def hold_for_ever(path, ready):
    with locked(path):
        ready.set()
        time.sleep(60)


def test_a_killed_holder_leaves_no_lock(tmp_path):
    context = get_context("fork")
    ready = context.Event()
    process = context.Process(target=hold_for_ever, args=(tmp_path / "lock", ready))
    process.start()
    assert ready.wait(5)
    with locked(tmp_path / "lock") as hold:
        assert hold is Hold.BUSY
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with locked(tmp_path / "lock") as hold:
        assert hold is Hold.HELD
    assert not list(tmp_path.iterdir())


def start_child_and_hold(path, children, ready):
    with locked(path):
        child = get_context("fork").Process(target=time.sleep, args=(60,))
        child.start()
        children.put(child.pid)
        ready.set()
        time.sleep(60)


def test_a_child_of_a_killed_holder_does_not_keep_the_lock(tmp_path):
    context = get_context("fork")
    ready, children = context.Event(), context.SimpleQueue()
    args = (tmp_path / "lock", children, ready)
    process = context.Process(target=start_child_and_hold, args=args)
    process.start()
    assert ready.wait(5)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    child = children.get()
    os.kill(child, 0)  # it lives
    try:
        with locked(tmp_path / "lock") as hold:
            assert hold is Hold.HELD
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_child_that_leaves_the_block_does_not_free_its_parents_lock(tmp_path):
    path = tmp_path / "lock"
    with locked(path):
        child = 0
        with locked(tmp_path / "other"):
            child = os.fork()
        if child == 0:
            os._exit(0 if path.exists() and (tmp_path / "other").exists() else 1)
        with locked(path) as second:
            assert second is Hold.BUSY
        os.waitpid(child, 0)
    assert not list(tmp_path.iterdir())


def count_up(lock_file, counter, times):
    for _ in range(times):
        with locked(lock_file, on_wait=lambda: None):
            value = int(counter.read_text())
            time.sleep(0.0002)
            counter.write_text(str(value + 1))


def test_many_processes_exclude_each_other_while_the_file_comes_and_goes(tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("0")
    context = get_context("fork")
    args = (tmp_path / "lock", counter, 50)
    processes = [context.Process(target=count_up, args=args) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert counter.read_text() == "200"


def test_systems_without_locks_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "fcntl", None)
    with locked(tmp_path / "lock") as hold:
        assert hold is Hold.UNSUPPORTED
    assert not list(tmp_path.iterdir())
