"""The lock of a run, where a file beside its folder could not be."""

import os
import threading

import pytest

from tssd import lock
from tssd.errors import DataError
from tssd.runs.training_lock import alone

pytest.importorskip("fcntl", reason="needs locks of the operating system")


def two_at_once(folder):
    """Whether a second one gets in while a first one holds the folder."""
    inside, leave, second = threading.Event(), threading.Event(), threading.Event()

    def first():
        with alone(folder):
            inside.set()
            leave.wait(5)

    def other():
        with alone(folder):
            second.set()

    threads = [threading.Thread(target=first), threading.Thread(target=other)]
    threads[0].start()
    assert inside.wait(5)
    threads[1].start()
    both = second.wait(0.2)
    leave.set()
    for thread in threads:
        thread.join(5)
    assert second.is_set()
    return both


@pytest.mark.parametrize("length", [1, 100, 249, 250, 255])
def test_a_run_is_held_whatever_the_length_of_its_name(tmp_path, length):
    assert not two_at_once(tmp_path / ("x" * length))
    assert os.listdir(tmp_path) == ["x" * length], "nothing beside it"


def test_a_run_is_held_in_a_folder_that_cannot_be_written(tmp_path):
    run = tmp_path / "parent" / "run"
    run.mkdir(parents=True)
    run.parent.chmod(0o555)
    try:
        assert not two_at_once(run)
    finally:
        run.parent.chmod(0o755)


def test_a_run_that_cannot_be_written_is_left_to_who_writes_there(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with alone(tmp_path / "run"):
        assert not os.listdir(tmp_path / "run")


def test_a_link_to_a_run_is_that_run(tmp_path):
    (tmp_path / "link").symlink_to("run", target_is_directory=True)
    with alone(tmp_path / "run"), lock.locked(tmp_path / "link" / lock.LOCK) as hold:
        assert hold is lock.Hold.BUSY


def test_a_folder_that_cannot_be_opened_is_refused(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(lock.FileLock, "acquire", refuse)
    with (
        pytest.raises(DataError, match=r"run: cannot be locked .*\(Permission denied\)"),
        alone(tmp_path / "run"),
    ):
        pass


def test_without_locks_it_goes_on_and_says_so(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(lock, "has_fcntl", False)
    with alone(tmp_path / "run"):
        pass
    assert "no locks on this system" in caplog.text


def test_a_place_that_cannot_be_made_is_left_to_who_writes_there(tmp_path):
    (tmp_path / "file").write_text("")
    with alone(tmp_path / "file" / "run"):
        pass
