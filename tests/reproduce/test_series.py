import csv

import pytest

from tssd.reproduce.series import Series, series_csv, series_markdown

ONE = Series("d", "one", "epoch", "accuracy, %", (1.0, 2.0), ((1.0, 3.0), (5.0, 5.0)))


def test_mean_and_spread_by_hand():
    assert ONE.mean == [2.0, 5.0]
    assert ONE.std == [pytest.approx(2**0.5), 0.0]
    assert Series("d", "n", "x", "y", (0.0,), ((7.0,),)).std == [0.0]


def test_csv_has_every_point():
    first, second = csv.DictReader(series_csv([ONE]).splitlines())
    assert (first["curve"], first["epoch"], first["n"]) == ("one", "1", "2")
    assert float(first["accuracy, %: mean"]) == 2.0
    assert float(second["std"]) == 0.0
    assert series_csv([]).count("\n") == 1


def test_curves_with_the_same_x_are_columns():
    two = Series("d", "two", "epoch", "accuracy, %", (1.0, 2.0), ((1.0,), (2.0,)))
    text = series_markdown([ONE, two])
    assert "| epoch | one | two |" in text
    assert "| 1 | 2 ± 1.41 | 1 |" in text
    longer = Series("d", "longer", "epoch", "accuracy, %", (2.0, 3.0), ((4.0,), (8.0,)))
    text = series_markdown([ONE, longer])
    assert "| 1 | 2 ± 1.41 | - |" in text
    assert "| 3 | - | 8 |" in text
    third = Series("d", "three", "epoch", "accuracy, %", (9.0,), ((1.0,),), ("0.5",))
    text = series_markdown([ONE, third])
    assert "| epoch | one |" in text
    assert "| at | epoch | three |" in text
    assert "| 0.5 | 9 | 1 |" in text


def test_points_with_labels_may_share_an_x():
    exits = Series(
        "d", "e", "leave, %", "y", (5.0, 0.0, 0.0), ((1.0,), (2.0,), (3.0,)), tuple("abc")
    )
    lines = series_markdown([exits]).splitlines()
    assert lines[-2:] == ["| b | 0 | 2 |", "| c | 0 | 3 |"]
