import shutil
import tempfile
from types import SimpleNamespace

from tssd.doctor import disk as checked
from tssd.doctor.disk import disk


def test_a_file_is_written_and_nothing_is_left(tmp_path):
    found = disk(tmp_path)
    free = shutil.disk_usage(tmp_path).free / 1e9
    assert found.status in ("ok", "note")
    assert abs(float(found.text.split()[0]) - free) < 1
    assert not list(tmp_path.iterdir())


def test_little_room_is_a_note(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3e8))
    found = disk(tmp_path)
    assert (found.status, found.text) == ("note", f"0.3 GB free in {tmp_path}")


def test_folders_that_take_no_file(tmp_path, monkeypatch):
    def refuse(dir):
        if dir == tmp_path:
            raise PermissionError(13, "Permission denied")
        return tempfile.SpooledTemporaryFile()

    monkeypatch.setattr(checked.tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(checked.os, "fsync", lambda _: None)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "fileno", lambda self: 0)
    found = disk(tmp_path)
    assert found.status == "note"
    assert found.text.endswith("but it can't be written (Permission denied)")
    monkeypatch.setattr(checked.tempfile, "gettempdir", lambda: str(tmp_path))
    found = disk(tmp_path)
    assert (found.status, found.text) == (
        "fails", f"{tmp_path}: it can't be written (Permission denied)"
    )  # fmt: skip
