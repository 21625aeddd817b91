import os

import pytest

from tssd.data.folder_walk import Skipped, files_below, subfolders
from tssd.errors import DataError


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "set"


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def listed(folder, skipped=None):
    found = files_below(folder, (".png",), Skipped() if skipped is None else skipped)
    return [path.relative_to(folder).as_posix() for path in found]


def test_files_are_sorted_and_whatever_is_left_out_is_counted(folder):
    touch(
        folder, "b.PNG", "sub/a.png", "a.png", "c.heic", "d.png~", "README", ".hidden.png",
        ".ipynb_checkpoints/a.png", "__MACOSX/a.png", "thumbs/a.png", "x.\x1b[2J",
    )  # fmt: skip
    skipped = Skipped()
    assert listed(folder, skipped) == ["a.png", "b.PNG", "sub/a.png"]
    assert skipped == {
        "files with the suffix .heic": 1,
        "files of another kind": 3,
        "hidden files": 1,
        "hidden folders": 1,
        "folders of thumbnails or of the system's": 2,
    }


def test_links_are_followed_and_real_folders_come_first(folder, tmp_path):
    touch(folder, "real/a.png")
    touch(tmp_path / "elsewhere", "b.png")
    (folder / "also").symlink_to(tmp_path / "elsewhere")
    (folder / "first").symlink_to(folder / "real")
    (folder / "real" / "circle").symlink_to(folder)
    (folder / "one.png").symlink_to(folder / "real" / "a.png")
    skipped = Skipped()
    assert listed(folder, skipped) == ["also/b.png", "one.png", "real/a.png"]
    assert skipped == {"links to folders that are listed already": 2}


def test_what_is_no_file_is_never_opened(folder):
    touch(folder, "a.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "gone.png").symlink_to("nowhere")
    (folder / "device.png").symlink_to("/dev/zero")
    skipped = Skipped()
    assert listed(folder, skipped) == ["a.png"]
    assert skipped.total() == 4
    assert skipped["broken links"] == 3  # a link to a device leads to no file either


def test_subfolders_leaves_out_what_is_no_class(folder):
    touch(folder, "b/1", "a/1", ".Trash/1", "@eaDir/1", "file.png", "thumbs/1")
    skipped = Skipped()
    assert subfolders(folder, skipped) == ["a", "b", "thumbs"]
    assert skipped == {
        "hidden folders": 1,
        "folders of the system's": 1,
        "files outside of class folders": 1,
    }


def test_a_folder_that_cannot_be_listed_is_named(folder, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    touch(folder, "a/1.png")
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"set cannot be listed \(Permission denied\): check"):
        listed(folder)


def test_many_reasons_are_summed_up():
    skipped = Skipped({f"files with the suffix .{n}": 10 - n for n in range(8)})
    assert str(skipped).startswith("10 files with the suffix .0, 9 files with")
    assert str(skipped).endswith(", 5 files with the suffix .5, 7 others")
    assert str(Skipped()) == "nothing"
