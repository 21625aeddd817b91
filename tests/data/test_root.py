import pytest

from tssd.data.root import DATA_VARIABLE, data_root
from tssd.errors import DataError, UsageError


def test_data_root_prefers_the_option(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_VARIABLE, "elsewhere")
    assert data_root(str(tmp_path)) == tmp_path


def test_data_root_falls_back_to_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    assert data_root(None) == tmp_path


def test_data_root_when_neither_is_given(monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    with pytest.raises(UsageError, match=r"--data\.root .*TSSD_DATA"):
        data_root(None)


def test_data_root_when_the_folder_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(DataError, match="gone .from TSSD_DATA"):
        data_root(None)
    with pytest.raises(DataError, match="lost .from --data.root"):
        data_root(str(tmp_path / "lost"))
