import math
import os

import pytest

from tssd.errors import DataError
from tssd.runs import text_files
from tssd.runs.text_files import read_metrics, read_text


def test_odd_tables_are_read(tmp_path):
    path = tmp_path / "metrics.csv"
    assert read_metrics(path) == []
    path.write_text("")
    assert read_metrics(path) == []
    path.write_text("a,b\n1,2,3\n4\n\nnan,-inf\n1e300,-1e300\n")
    first, second, third, huge = read_metrics(path)
    assert first == {"a": 1, "b": 2}
    assert second == {"a": 4}
    assert (math.isnan(third["a"]), third["b"]) == (True, -math.inf)
    assert huge == {"a": math.inf, "b": -math.inf}


def test_an_empty_cell_is_left_out_and_nan_is_not(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,val/accuracy,seconds\n0,,\n1,nan,\n2,x,3.5\n")
    first, second, third = read_metrics(path)
    assert first == {"epoch": 0}
    assert second.keys() == {"epoch", "val/accuracy"}
    assert math.isnan(second["val/accuracy"])
    assert (math.isnan(third["val/accuracy"]), third["seconds"]) == (True, 3.5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("a\n" + "1" * 200_000, "field larger than"), ("a,b\n" + "1\n" * 20, "more than 30 numbers")],
)
def test_what_is_no_table_of_a_run_is_one_line(tmp_path, monkeypatch, text, reason):
    monkeypatch.setattr(text_files, "MOST_NUMBERS", 30)
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(DataError, match=rf"m.csv: damaged \({reason}"):
        read_metrics(tmp_path / "m.csv")


def test_text_is_read_whatever_its_bytes(tmp_path):
    (tmp_path / "t").write_bytes(b"a\xffb")
    assert read_text(tmp_path / "t") == "a\ufffdb"
    assert read_text(tmp_path / "gone") == ""


def test_pipes_folders_and_giants_are_refused(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(DataError, match="it is no file"):
            read_text(path)
    monkeypatch.setattr(text_files, "LARGEST", 3)
    (tmp_path / "t").write_text("four")
    with pytest.raises(DataError, match="larger than"):
        read_text(tmp_path / "t")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DataError, match="cannot be read"):
        read_text(tmp_path / "loop")
