import pytest

from data.event_folders import nmnist
from tssd.errors import DataError
from tssd.events.datasets.catalogue import Reading
from tssd.events.datasets.nmnist import TEST_COUNTS, TRAIN_COUNTS, NMNISTFiles

PART = Reading(allow_incomplete=True)


def test_the_official_test_part_is_kept(tmp_path):
    found = NMNISTFiles().find(nmnist(tmp_path), PART)
    assert [found.recordings[n].name for n in found.test] == [f"test/{k}/00001" for k in range(10)]
    assert found.labels[found.test].tolist() == list(range(10))


def test_the_complete_data_set_has_70000_recordings():
    assert (sum(TRAIN_COUNTS), sum(TEST_COUNTS)) == (60_000, 10_000)


def test_missing_recordings_are_counted_by_part_and_class(tmp_path):
    nmnist(tmp_path)
    with pytest.raises(DataError) as raised:
        NMNISTFiles().find(tmp_path, Reading())
    text = str(raised.value)
    assert f"{tmp_path}: recordings are missing or surplus (train/0: 2 of 5923; " in text
    assert "test/9: 1 of 1009); complete the download" in text
    assert text.endswith("or use what is there with --data.allow_incomplete true")


def test_nothing_there_says_what_to_get_from_where_and_where_to_put_it(tmp_path):
    with pytest.raises(DataError) as raised:
        NMNISTFiles().find(tmp_path / "NMNIST", PART)
    assert str(raised.value) == (
        f"N-MNIST: no recordings in {tmp_path / 'NMNIST'}; get Train.zip (about 1 GB, md5 "
        "20959b8e626244a1b502305a9e6e2031) from https://data.mendeley.com/datasets/468j46mzdv, "
        "Test.zip (about 170 MB, md5 69ca8762b2fe404d9b9bad1103e97832) from "
        f"https://data.mendeley.com/datasets/468j46mzdv and put it into {tmp_path / 'NMNIST'}, "
        "packed or unpacked; or correct --data.root, --data.folder or TSSD_DATA"
    )
    assert not list(tmp_path.iterdir())


def test_the_login_page_in_place_of_the_archive_is_recognised(tmp_path):
    (tmp_path / "NMNIST").mkdir()
    (tmp_path / "NMNIST/Train.zip").write_text("<!doctype html><title>Sign in</title>")
    with pytest.raises(DataError, match=r"Train\.zip is an HTML page .*; get Train\.zip \(about 1"):
        NMNISTFiles().find(tmp_path / "NMNIST", PART)
