import pytest

from tssd.errors import DataError
from tssd.runs import find
from tssd.runs.find import run_folders


def test_links_in_circles_hide_nothing(tmp_path):
    run = tmp_path / "a" / "seed0"
    run.mkdir(parents=True)
    (run / "config.yaml").touch()
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "results.json").symlink_to("results.json")
    found = {name: problem for _, name, problem in run_folders(tmp_path)}
    assert found["a/seed0"] == ""


def test_a_whole_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(find, "MOST", 5)
    for n in range(6):
        (tmp_path / str(n)).mkdir()
    with pytest.raises(DataError, match="more than 5 folders in it"):
        list(run_folders(tmp_path))
