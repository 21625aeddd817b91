import os

import pytest

from tssd.errors import DataError, UsageError
from tssd.trained.files import collect_files


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_named_files_are_taken_as_they_are(tmp_path):
    files = collect_files([str(tmp_path / "gone.txt")], {".png"})
    assert (files.named, files.found) == ([tmp_path / "gone.txt"], [])
    assert files.skipped_in_words() == ""


def test_a_folder_is_searched_to_the_bottom_and_the_rest_is_counted(tmp_path):
    touch(
        tmp_path / "b.png",
        tmp_path / "a" / "c" / "d.PNG",
        tmp_path / "notes.txt",
        tmp_path / "Makefile",
        tmp_path / ".e.png",
        tmp_path / ".git" / "f.png",
    )
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "again").symlink_to(tmp_path)
    files = collect_files([str(tmp_path)], {".png"})
    assert files.found == [tmp_path / "a/c/d.PNG", tmp_path / "b.png"]
    assert sum(files.skipped.values()) == 7
    assert "1 files with the suffix .txt" in files.skipped_in_words()


def test_a_folder_that_is_a_link_counts(tmp_path):
    touch(tmp_path / "far" / "a.png")
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "link").symlink_to(tmp_path / "far")
    assert collect_files([str(tmp_path / "near")], {".png"}).found == [tmp_path / "near/link/a.png"]


def test_a_folder_without_any_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"\(it is empty\), expected files that end in \.jpg, \.p"):
        collect_files([str(tmp_path)], {".png", ".jpg"})
    touch(tmp_path / "a.txt")
    with pytest.raises(DataError, match=r"\(1 files with the suffix \.txt\)"):
        collect_files([str(tmp_path)], {".png"})


def test_an_empty_name_is_not_the_current_folder(tmp_path, monkeypatch):
    touch(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="empty name"):
        collect_files([""], {".png"})
    assert [str(path) for path in collect_files(["."], {".png"}).found] == ["a.png"]
