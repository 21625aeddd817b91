"""One holder at a time, also across processes, and none after a kill."""

import errno
import os
import signal
import tempfile
import threading
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from tssd import lock
from tssd.lock import Hold, locked

fcntl = pytest.importorskip("fcntl", reason="needs locks of the operating system")

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
    monkeypatch.setattr(lock, "has_fcntl", False)
    with locked(tmp_path / "lock") as hold:
        assert hold is Hold.UNSUPPORTED
    assert not list(tmp_path.iterdir())


def test_file_systems_without_locks_say_so_and_keep_no_file(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with locked(tmp_path / "lock") as hold:
        assert hold is Hold.UNSUPPORTED
    assert not list(tmp_path.iterdir())
    # A file that was there may be in use.
    (tmp_path / "data").write_text("in use")
    with locked(tmp_path / "data") as hold:
        assert hold is Hold.UNSUPPORTED
    assert (tmp_path / "data").read_text() == "in use"


def test_other_errors_are_not_taken_for_a_system_without_locks(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="Input/output error"), locked(tmp_path / "lock"):
        pass


def test_a_missing_folder_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError), locked(tmp_path / "missing" / "lock"):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("private", "rights"), [(False, 0o666), (True, 0o640)])
def test_a_file_that_is_kept_has_the_rights_of_any_other(tmp_path, private, rights):
    before = os.umask(0o027)
    try:
        with locked(tmp_path / "lock", private=private):
            assert (tmp_path / "lock").stat().st_mode & 0o777 == rights
    finally:
        os.umask(before)


def hold_as_nobody(path, holds):
    os.setuid(65534)
    with locked(path) as hold:
        holds.put(hold.name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_users_who_share_a_folder_share_its_locks():
    context = get_context("fork")
    holds = context.SimpleQueue()

    def ask():
        process = context.Process(target=hold_as_nobody, args=(path, holds))
        process.start()
        process.join()
        return holds.get() if process.exitcode == 0 else process.exitcode

    with tempfile.TemporaryDirectory() as folder:  # its parents can be passed, unlike tmp_path's
        os.chmod(folder, 0o777)
        path = Path(folder) / "lock"
        with locked(path):
            assert ask() == "BUSY"
            os.link(path, path.with_name("killed"))
        path.with_name("killed").rename(path)  # as a killed holder leaves it
        assert ask() == "HELD"
        assert not os.listdir(folder)
