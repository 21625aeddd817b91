import numpy as np
import pytest

from tssd.errors import DataError, UsageError
from tssd.events.formats.columns import Columns
from tssd.events.formats.csv_table import read_csv

from .recordings import assert_same, recording, rows

TWO = [[5, 1, 3, 0], [7, 2, 4, 1]]


def read(text, *order, unit="us", **options):
    data = text.encode() if isinstance(text, str) else text
    columns = Columns(order or None, unit)
    sizes = {"height": 128, "width": 128} | options
    return read_csv(data, columns=columns, name="a.csv", **sizes)


@pytest.mark.parametrize(
    "text",
    [
        "t,x,y,p\n5,1,3,0\n7,2,4,1\n",
        "t,x,y,p\r\n5,1,3,0\r\n7,2,4,1",
        "\ufeff# a camera's\n\n% more\nx;y;polarity;timestamp\n1;3;-1;5\n2;4;1;7\n",
        "x\ty\tp\tt\n1\t3\tFalse\t5\n2\t4\tTrue\t7\n",
        "time_ms x y p note\n0.005 1.0 3.0 0 9\n0.007 2 4 1 9\n",
        " t, x, y, p\n 5, 1, 3, 0\n# between\n 7, 2, 4, 1\n\n",
    ],
)
def test_a_header_names_the_columns(text):
    assert rows(read(text, strict=True)) == TWO


def test_without_a_header_the_user_names_them():
    assert rows(read("1,3,0,5\n2,4,1,7\n", "x", "y", "p", "t")) == TWO
    assert rows(read("5e-6 1 3 0 9\n7e-6 2 4 1 9\n", "t", "x", "y", "p", "-", unit="s")) == TWO
    with pytest.raises(
        DataError, match=r"does not say what its 4 columns are: give --data.columns"
    ):
        read("1,3,0,5\n")


def test_a_large_table_comes_back(tmp_path):
    events = recording(5_000)
    table = np.stack([events.t, events.x, events.y, events.p], axis=1)
    np.savetxt(tmp_path / "a.csv", table, "%d", ",", header="t,x,y,p", comments="")
    assert_same(read_csv(tmp_path / "a.csv", height=128, width=128, strict=True), events)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "t,x,y,p\n", "t,x,y,p\n\n# nothing\n"])
def test_no_rows_are_no_events(text):
    events = read(text)
    assert (len(events), events.notes) == (0, ("a.csv holds no events",))


@pytest.mark.parametrize("end", ["# end", "% 2 events", "  # end", "   ", "\t"])
def test_a_last_line_that_is_no_row_is_not_cut_off(end):
    assert rows(read(f"t,x,y,p\n5,1,3,0\n7,2,4,1\n{end}", strict=True)) == TWO
    assert rows(read(f"t x y p\n5 1 3 0\n7 2 4 1\n{end}", strict=True)) == TWO


def test_a_last_line_that_ends_early_is_dropped():
    events = read("t,x,y,p\n5,1,3,0\n7,2,4,1\n9,3,")
    assert rows(events) == TWO
    assert events.notes == ("a.csv is cut off: its last line has 2 of 4 columns, dropped",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("t,x,y,p\n5,1,3,0\n7,a,4,1\n", "is a damaged table .*'a'.* row 1.*rows count from line 2"),
        ("t,x,y,p\n5,1,3\n7,2,4,1\n", "is a damaged table"),
        ("t,x,y\n1,2,3\n", r"has the columns \['t', 'x', 'y'\], none of which is p"),
        ("hello\n", r"has the columns \['hello'\], none of which is t"),
        (b"t,x,y,p\n5,1,3,\xff\n", r"is no text \(byte 14 is 0xff\), expected a table"),
        (b"t,x\0", r"is no text \(a zero at 3\)"),
        (b"#!AER-DAT2.0\r\n", "is AEDAT 2.0, expected a table"),
        (b"<html>", "is an HTML page"),
        ("t,x,y,p\n5,1,3,nan\n", "has nan in p at event 0"),
        ("t,x,y,p\n5,1,3,7\n", "has p from 7 to 7, expected 0 and 1"),
        ("t,x,y,p\n5,999,3,1\n", "has 1 of 1 events off the sensor of 128x128"),
    ],
)
def test_what_is_no_such_table_is_refused(data, message):
    with pytest.raises(DataError, match=f"^a.csv {message}") as raised:
        read(data)
    assert "\n" not in str(raised.value)


def test_times_that_go_back_are_sorted_or_refused():
    assert read("t,x,y,p\n9,1,3,0\n7,2,4,1\n").t.tolist() == [7, 9]
    with pytest.raises(DataError, match="goes back in time by 2 s at event 1"):
        read("t,x,y,p\n2,1,3,0\n0,2,4,1\n", unit="s")


def test_a_size_that_no_sensor_has_is_refused():
    with pytest.raises(UsageError, match="height is 0"):
        read("", height=0)
