from pathlib import Path

import pytest

from tssd.errors import DataError
from tssd.exporting.folder import check_free, emptied, new_folder


def test_it_is_there_at_the_end_and_not_before(tmp_path):
    wanted = tmp_path / "deep" / "out"
    with new_folder(wanted) as folder:
        (folder / "a").write_text("1")
        assert not wanted.exists()
    assert [path.name for path in wanted.iterdir()] == ["a"]
    assert [path.name for path in wanted.parent.iterdir()] == ["out"]


def test_after_an_error_nothing_is_left(tmp_path):
    with pytest.raises(KeyError), new_folder(tmp_path / "out") as folder:
        (folder / "a").write_text("1")
        raise KeyError
    assert [*tmp_path.iterdir()] == []


def test_an_empty_folder_gives_way_and_a_full_one_stays(tmp_path):
    (tmp_path / "out").mkdir()
    with new_folder(tmp_path / "out") as folder:
        (folder / "a").write_text("1")
    with pytest.raises(DataError, match="out: it is there already; give --output a new"):
        check_free(tmp_path / "out")
    with pytest.raises(DataError, match="it is there already"), new_folder(tmp_path / "out"):
        pass
    with pytest.raises(DataError, match="it is there already"):
        check_free(tmp_path / "out" / "a")


def test_what_nothing_can_take_the_place_of_is_filled(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / ".out.77.partial").mkdir()  # of an export that was killed
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    monkeypatch.chdir(tmp_path / "here")
    for wanted in (Path(), tmp_path / "link"):
        with new_folder(wanted) as folder:
            (folder / "a").write_text("1")
        with pytest.raises(DataError, match="it is there already"):
            check_free(wanted)
    assert (tmp_path / "here" / "a").exists()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["a"]


def test_what_cannot_be_written_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="can't be written"), new_folder(tmp_path / "file" / "out"):
        pass


def test_emptied_takes_out_files_and_folders(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_text("1")
    (tmp_path / "c").write_text("1")
    assert [*emptied(tmp_path).iterdir()] == []
