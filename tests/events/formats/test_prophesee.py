import numpy as np
import pytest

from tssd.errors import DataError
from tssd.events.formats.prophesee import read_header, read_prophesee

from .prophesee_files import RAW_HEADER, dat, evt2_words, evt3_words, raw, rows_of, wizard
from .recordings import assert_same, recording, rows


def read(data, **options):
    return read_prophesee(data, name="a.raw", **options)


@pytest.mark.parametrize("kind", [0, 12])
def test_a_dat_file_comes_back(kind):
    events = recording(300, latest=2**32 - 1)
    assert_same(read(dat(rows_of(events), kind=kind), strict=True), events)


def test_a_dat_event_by_hand():
    data = b"% Data file containing CD events.\n% Version 2\n% Width 304\n% Height 240\n\x0c\x08"
    data += (77).to_bytes(4, "little") + (1 << 28 | 5 << 14 | 300).to_bytes(4, "little")
    found = read(data)
    assert rows(found) == [[77, 300, 5, 1]]
    assert (found.height, found.width) == (240, 304)


def test_a_dat_file_as_expelliarmus(tmp_path):
    reader = wizard("dat")
    events = recording(500)
    (tmp_path / "a.dat").write_bytes(dat(rows_of(events)))
    found = reader.read(str(tmp_path / "a.dat"))
    for key in "txyp":
        np.testing.assert_array_equal(found[key], getattr(events, key))


def test_the_sensor_is_what_the_header_says_else_what_is_given_else_what_events_need():
    events = recording(5, side=30)
    words = evt3_words(rows_of(events))
    for said in ("% evt 3.0\n% geometry 40x35\n", "% format EVT3;height=35;width=40\n"):
        found = read(raw(words, form="EVT3", header=said), height=1, width=1)
        assert (found.height, found.width) == (35, 40)
    unsaid = raw(words, form="EVT3", header="% evt 3.0\n")
    found = read(unsaid, height=50, width=60)
    assert (found.height, found.width) == (50, 60)
    found = read(unsaid)
    assert (found.height, found.width) == (int(events.y.max()) + 1, int(events.x.max()) + 1)


def test_a_header_without_end_ends_where_no_line_begins():
    header = RAW_HEADER.format(version="2.0", form="EVT2", h=128, w=128)
    words = evt2_words([(64, 1, 2, 1)])
    assert rows(read(raw(words, form="EVT2", header=header))) == [[64, 1, 2, 1]]
    assert read_header(header.encode(), name="a").options == {"height": "128", "width": "128"}


@pytest.mark.parametrize("high", [0x25, 0x2025, 0x2525])
def test_a_first_word_that_begins_like_a_line_is_none(high):
    evt3 = evt3_words([(high % 2**12 << 12 | low, 1, 2, 1) for low in range(10)])
    evt2 = evt2_words([(high << 6 | low, 1, 2, 1) for low in range(10)])
    for form, version, words in (("EVT3", "3.0", evt3), ("EVT2", "2.0", evt2)):
        header = RAW_HEADER.format(version=version, form=form, h=128, w=128)
        found = read(raw(words, form=form, header=header))
        assert rows(found) == rows(read(raw(words, form=form))) and len(found) == 10


def test_lines_need_neither_a_blank_nor_be_ascii():
    text = "%Width 9\n% operator J\u00f6rg\n%\n% Height 7\t\r\n".encode()
    assert read_header(text + b"\0\x0c", name="a").size("a") == (7, 9)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"starts with nothing \(0 bytes\), expected lines that begin with %"),
        (b"\1\2\3\4", "starts with bytes 01 02 03 04, expected lines"),
        (b"% evt 3.0\n% geom", "ends within its text header, at byte 10: it is cut off"),
        (b"% evt 2.1\n% end\n", "its header names encoding EVT21, expected EVT2 or EVT3"),
        (
            b"% format HISTO3D;width=320;height=320\n% end\n",
            "its header names encoding HISTO3D, expected",
        ),
        (b"% date today\n% end\n", "its header names no encoding, expected EVT2 or EVT3"),
        (b"% evt 3.0\n% geometry 0x9\n", "its header says a sensor of 0x9: replace it"),
        (b"% evt 3.0\n% geometry x\n% format EVT3;width=9\n", "a sensor of 9x: replace it"),
        (dat([], kind=14), r"version 2, and event type and size \[14, 8\] at byte \d+; expected"),
        (dat([], version=1), "version 1, and event type and size"),
        (dat([])[:-1], r"version 2, and event type and size \[12\] at byte"),
    ],
)
def test_other_files_are_refused(data, message):
    with pytest.raises(DataError, match=message) as raised:
        read(data)
    assert str(raised.value).startswith("a.raw") and "\n" not in str(raised.value)


def test_a_cut_off_dat_file_keeps_its_whole_events():
    data = dat([(1, 2, 3, 0), (4, 5, 6, 1)])[:-3]
    found = read(data)
    assert rows(found) == [[1, 2, 3, 0]]
    assert found.notes == ("a.raw is cut off: the last 5 bytes are no whole event, dropped",)
