import io
import os
import secrets
import stat
import threading
from pathlib import Path

import pytest
import torch
from filelock import Timeout

from tssd.atomic import remove_leftovers, replacing, write_atomically
from tssd.errors import DataError
from tssd.lock import Hold, locked

FULL = Path("/dev/full")


def test_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b.txt"
    write_atomically(path, lambda temporary: temporary.write_text("new"))
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_is_on_the_disk_before_it_is_seen(tmp_path, monkeypatch):
    path, fsync, seen = tmp_path / "a.txt", os.fsync, []

    def spy(file):
        fsync(file)
        seen.append(path.exists())

    monkeypatch.setattr(os, "fsync", spy)
    write_atomically(path, lambda temporary: temporary.write_text("new"))
    assert seen == [False]


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "save", [lambda file: file.write(bytes(99)), lambda file: torch.save(torch.zeros(9999), file)]
)
def test_full_disk_leaves_the_previous_file(tmp_path, save):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(temporary):
        temporary.write_text("half")
        with FULL.open("wb") as file:
            save(file)

    with pytest.raises(DataError, match=r"a\.txt: cannot be written \(No space left on device\)"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("a mistake")])
def test_any_other_failure_is_passed_on(tmp_path, error):
    path = tmp_path / "a.txt"

    def fail(temporary):
        temporary.write_text("half")
        raise error

    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        write_atomically(path, fail)
    assert not list(tmp_path.iterdir())


def test_what_a_signal_raises_while_a_lock_is_asked_for_is_passed_on(tmp_path):
    def fail(temporary):
        # As torch's handler does when a loading process is killed just then.
        try:
            raise Timeout(str(temporary))
        except Timeout:
            raise RuntimeError("a loading process was killed")  # noqa: B904

    with pytest.raises(RuntimeError, match="a loading process was killed"):
        write_atomically(tmp_path / "a.txt", fail)


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_atomically(tmp_path / "a" / "b.txt", lambda temporary: temporary.write_text(""))


def test_the_file_is_there_whole_with_the_usual_rights(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]
    beside = tmp_path / "b"
    beside.write_bytes(b"")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(beside.stat().st_mode)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_error_the_old_file_stays_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_missing_folder_is_our_error(tmp_path):
    with (
        pytest.raises(DataError, match=r"a\.bin: cannot be written \(No such file.*folder"),
        replacing(tmp_path / "no" / "a.bin"),
    ):
        pass


def test_a_disk_without_room_is_our_error_and_leaves_nothing(tmp_path):
    resource = pytest.importorskip("resource", reason="needs limits on the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with (
            pytest.raises(DataError, match=r"a\.bin: cannot be written \(File too large\).*space"),
            replacing(tmp_path / "a.bin") as file,
        ):
            file.write(b"\0" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == []


def test_another_error_of_ours_is_not_taken_for_a_full_disk(tmp_path):
    with pytest.raises(DataError, match="^source: damaged$"), replacing(tmp_path / "a.bin"):
        try:
            (tmp_path / "source").read_bytes()
        except OSError as error:
            raise DataError("source: damaged") from error
    assert os.listdir(tmp_path) == []


def test_ctrl_c_within_torch_save_is_still_one(tmp_path):
    class Interrupts(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a", lambda _: torch.save(torch.zeros(9999), Interrupts()))
    assert os.listdir(tmp_path) == []


def test_what_a_killed_process_has_left_of_a_file_goes_with_the_next_one(tmp_path):
    path = tmp_path / "p.png"
    (tmp_path / ".p.png.123.0123abcd.partial").touch()
    (tmp_path / ".other.png.123.0123abcd.partial").touch()
    (tmp_path / ".p.png.partial.txt").touch()
    write_atomically(path, lambda temporary: temporary.write_text("new"))
    kept = {"p.png", ".other.png.123.0123abcd.partial", ".p.png.partial.txt"}
    assert set(os.listdir(tmp_path)) == kept
    remove_leftovers(tmp_path)
    assert set(os.listdir(tmp_path)) == kept - {".other.png.123.0123abcd.partial"}


def test_what_is_being_written_is_no_leftover(tmp_path):
    pytest.importorskip("fcntl", reason="needs locks of the operating system")
    with replacing(tmp_path / "a") as file:
        file.write(b"first")
        write_atomically(tmp_path / "a", lambda temporary: temporary.write_text("second"))
        remove_leftovers(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["a"]


def test_a_new_file_that_another_process_takes_for_a_leftover_is_made_again(tmp_path, monkeypatch):
    pytest.importorskip("fcntl", reason="needs locks of the operating system")
    monkeypatch.setattr(secrets, "token_hex", lambda length: "0" * length)
    found, asked = [], threading.Event()

    def write(temporary):
        with locked(temporary) as hold:
            found.append(hold)
        temporary.write_text("new")

    def look_and_write():
        asked.set()
        write_atomically(tmp_path / "a", write)

    thread = threading.Thread(target=look_and_write)
    with locked(tmp_path / f".a.{os.getpid()}.0000.partial"):
        thread.start()
        assert asked.wait(5)
        thread.join(0.2)
        assert not found
    thread.join(5)
    assert found == [Hold.BUSY]
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_only_files_are_leftovers(tmp_path):
    os.mkfifo(tmp_path / ".a.partial")  # opening it would wait for ever
    (tmp_path / ".b.partial").mkdir()
    (tmp_path / ".c.partial").symlink_to("target")
    (tmp_path / "target").touch()
    remove_leftovers(tmp_path)
    assert len(os.listdir(tmp_path)) == 4


@pytest.mark.parametrize("length", [200, 230, 255])
def test_a_long_name_leaves_room_for_the_temporary_one(tmp_path, length):
    path = tmp_path / ("x" * length)
    write_atomically(path, lambda temporary: temporary.write_text("new"))
    assert os.listdir(tmp_path) == [path.name]
