import math

import pytest

from tssd.errors import DataError
from tssd.runs.sound_metrics import sound_metrics

WHOLE = "epoch,loss,val/loss\r\n0,2.5,\r\n1,nan,0.5\r\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.csv"


def test_a_whole_table_is_read_and_none_is_no_damage(path):
    assert sound_metrics(path, epochs=2) == []
    path.write_text(WHOLE, newline="")
    for epochs in (None, 1, 2):  # fewer than rows: the run is being made longer
        first, second = sound_metrics(path, epochs=epochs)
        assert (first["loss"], second["val/loss"]) == (2.5, 0.5)
        assert "val/loss" not in first
        assert math.isnan(second["loss"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "its first column is not epoch"),
        ("x,y\n1,2\n", "its first column is not epoch"),
        (WHOLE * 2, "row 3: epoch is 'epoch', expected a number"),
        (WHOLE[:-10], "row 2 has 1 cells, expected 3"),
        (WHOLE[:-3], "its last row is cut off"),
        (WHOLE + "3,1,1\r\n", "row 3 is of epoch '3', expected 2"),
        (WHOLE + "2,1,1,1\r\n", "row 3 has 4 cells, expected 3"),
        (WHOLE + ",1,1\r\n", "row 3 is of epoch '', expected 2"),
        (WHOLE + "2,x,1\r\n", "row 3: loss is 'x', expected a number"),
    ],
)
def test_what_is_wrong_is_said(path, text, found):
    path.write_text(text, newline="")
    with pytest.raises(DataError) as caught:
        sound_metrics(path)
    assert str(caught.value) == f"{path}: damaged ({found}); restore it"


def test_rows_that_are_missing_at_the_end_are_told_by_the_number_of_epochs(path):
    path.write_text(WHOLE, newline="")
    with pytest.raises(DataError, match="it ends after 2 of 3 epochs"):
        sound_metrics(path, epochs=3)
