import pytest

from tssd.errors import DataError, UsageError
from tssd.events.formats.gesture_labels import (
    COLUMNS,
    GestureWindow,
    read_labels,
    recorded,
    write_labels,
)

USUAL = [GestureWindow(label, 10_000_000 * n + 5, 10_000_000 * n + 6_000_000)
         for n, label in enumerate([0, 1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10])]  # fmt: skip


def table(*rows, end="\n"):
    return "".join(line + end for line in [COLUMNS, *rows]).encode()


def test_a_usual_trial_comes_back_exactly(tmp_path, caplog):
    write_labels(tmp_path / "a_labels.csv", USUAL)
    assert (
        (tmp_path / "a_labels.csv").read_text().startswith(f"{COLUMNS}\n1,5,6000000\n2,10000005,")
    )
    assert read_labels(tmp_path / "a_labels.csv") == tuple(USUAL)
    assert not caplog.records


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_classes_become_labels_and_one_row_is_enough(end):
    assert read_labels(table("11,3,4", end=end)) == (GestureWindow(label=10, start=3, end=4),)


def test_blank_lines_spaces_and_a_byte_order_mark_do_not_matter():
    data = b"\xef\xbb\xbf" + table(" 1, 3 ,4", "", "2,4,5", " ")
    assert read_labels(data) == (GestureWindow(0, 3, 4), GestureWindow(1, 4, 5))


def test_the_known_overlap_of_user22_is_warned_about_and_kept(caplog):
    data = table("9,103000000,110590564", "10,104500000,110000000", "11,111000000,112000000")
    windows = read_labels(data, name="user22_led_labels.csv")
    assert [(w.label, w.start, w.end) for w in windows] == [
        (8, 103_000_000, 110_590_564),
        (9, 104_500_000, 110_000_000),
        (10, 111_000_000, 112_000_000),
    ]
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        "user22_led_labels.csv: class 9 ends at 110590564, after the start of class 10 at "
        "104500000; each window is cut out separately"
    )


def test_windows_that_touch_do_not_overlap(caplog):
    read_labels(table("2,4,6", "1,3,4"))
    assert not caplog.records


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0,1,2", "class is 0, expected 1 to 11"),
        ("12,1,2", "class is 12, expected 1 to 11"),
        ("1,5,5", "starts at 5 and ends at 5, expected start < end"),
        ("1,6,5", "starts at 6 and ends at 5, expected start < end"),
        ("1,2", "'1,2' is no row of class,startTime_usec,endTime_usec"),
        ("1,2,3,4", "is no row"),
        ("1,2.5,3", "is no row"),
        ("1,-2,3", "is no row"),
        ("one,2,3", "is no row"),
        ("1,1_0,33", "is no row"),
        ("1,²,3", "is no row"),
        ("1,2,9999999999999999999", "is no row"),
    ],
)
def test_a_wrong_row_is_refused_with_file_and_line(row, message):
    with pytest.raises(DataError, match=f"^a.csv, line 3: .*{message}"):
        read_labels(table("1,1,2", row), name="a.csv")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "starts with '', expected class,startTime_usec,endTime_usec"),
        (table(), "has no row below"),
        (b"1,2,3\n", "starts with '1,2,3', expected class"),
        (b"\xff\xfe\0\0", "is no text"),
        (b"<!doctype html>", "is an HTML page"),
    ],
)
def test_what_is_no_label_file_is_refused(data, message):
    with pytest.raises(DataError, match=f"^a.csv {message}"):
        read_labels(data, name="a.csv")


def test_a_missing_file_is_our_error(tmp_path):
    with pytest.raises(DataError, match=r"no\.csv cannot be read"):
        read_labels(tmp_path / "no.csv")


@pytest.mark.parametrize(
    "windows",
    [[], [GestureWindow(11, 1, 2)], [GestureWindow(-1, 1, 2)], [GestureWindow(0, 2, 2)],
     [GestureWindow(0, -1, 2)]],
)  # fmt: skip
def test_what_the_table_cannot_hold_is_not_written(tmp_path, windows):
    with pytest.raises(UsageError, match="writ.*expected"):
        write_labels(tmp_path / "a.csv", windows)
    assert not list(tmp_path.iterdir())


def test_windows_behind_the_end_of_a_recording_are_left_out_with_a_warning(caplog):
    assert recorded(USUAL, USUAL[-1].start, name="a.aedat") == tuple(USUAL)
    assert not caplog.records
    assert recorded(USUAL, 25_000_000, name="a.aedat") == tuple(USUAL[:3])
    (record,) = caplog.records
    assert record.getMessage() == (
        "a.aedat ends at 25000000 us, before 9 of its 12 gestures start: they are left out"
    )
