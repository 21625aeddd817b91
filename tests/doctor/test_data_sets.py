import pytest

from tssd.doctor import data_sets as module
from tssd.doctor.data_sets import data_sets, is_there


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Some of the data sets, since to build each takes a tenth of a second; no data root."""
    named = ["cifar10", "cifar100", "cifar10_jpeg", "digits", "image_folder", "nmnist"]
    monkeypatch.setattr(module, "rooms", lambda: {"data": named})
    monkeypatch.delenv("TSSD_DATA", raising=False)


def test_without_a_root_there_are_the_digits():
    found = data_sets(None)
    assert (found.check, found.status) == ("data", "note")
    assert found.text == "no data root is given; digits needs none"


def test_a_root_that_is_none_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("TSSD_DATA", str(tmp_path / "gone"))
    found = data_sets(None)
    assert found.status == "fails"
    assert "(from TSSD_DATA) is not a folder" in found.text


def test_what_lies_there_is_found_by_its_files(tmp_path):
    for part in ("train", "test"):
        (tmp_path / "cifar10-jpeg" / part / "cat").mkdir(parents=True)
    recording = tmp_path / "NMNIST" / "Train" / "0" / "00001.bin"
    recording.parent.mkdir(parents=True)
    recording.write_bytes(bytes(5))
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for file in ("train", "test"):  # its names are missing
        (folder / file).touch()
    found = data_sets(str(tmp_path))
    assert found.status == "ok"
    assert found.text == f"{tmp_path} has cifar10_jpeg, nmnist; not cifar10, cifar100"
    (folder / "meta").touch()
    assert is_there("cifar100", str(tmp_path))


def test_an_empty_root_says_where_to_read_on(tmp_path):
    found = data_sets(str(tmp_path))
    assert (found.status, found.remedy != "") == ("note", True)
