import pytest

from data.event_folders import tar_of
from events.recordings import at
from tssd.errors import DataError
from tssd.events.datasets.catalogue import Reading
from tssd.events.datasets.dvsgesture import DOWNLOADS, DVSGestureFiles
from tssd.events.formats.npz import write_npz

PART = Reading(allow_incomplete=True)


def test_an_unknown_class_in_spikingjellys_layout_is_refused(tmp_path):
    (tmp_path / "npz/events_np/train/11").mkdir(parents=True)
    write_npz(tmp_path / "npz/events_np/train/11/user01_led_0.npz", at([1]))
    with pytest.raises(DataError, match="class folder 11, expected 0 to 10; remove it"):
        DVSGestureFiles().find(tmp_path / "npz", PART)


def test_nothing_there_says_what_to_get(tmp_path):
    with pytest.raises(DataError) as raised:
        DVSGestureFiles().find(tmp_path / "tree", PART)
    assert str(raised.value) == (
        f"DVS-Gesture: no recordings in {tmp_path / 'tree'}; get DvsGesture.tar.gz (about 3 GB, "
        f"md5 8a5c71fb11e24e5ca5b11866ca6c00a1) from {DOWNLOADS[0].url} and put it into "
        f"{tmp_path / 'tree'}, packed or unpacked; or correct --data.root, --data.folder or "
        "TSSD_DATA"
    )


def test_an_archive_of_something_else_is_named(tmp_path):
    tar_of(tmp_path / "tree/DvsGesture.tar.gz", {"holiday/list.txt": b"milk"})
    expected = r"DvsGesture\.tar\.gz holds no DvsGesture/trials_to_train\.txt, expected the data s"
    with pytest.raises(DataError, match=expected):
        DVSGestureFiles().find(tmp_path / "tree", PART)


def test_a_login_page_in_place_of_the_archive_is_recognised(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/DvsGesture.tar.gz").write_text("<!doctype html><title>Sign in</title>")
    with pytest.raises(DataError, match=r"DvsGesture\.tar\.gz is an HTML page .*; get DvsGesture"):
        DVSGestureFiles().find(tmp_path / "tree", PART)
