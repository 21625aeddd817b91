import struct

import numpy as np
import pytest
from spikingjelly.datasets.cifar10_dvs import _load_origin_data
from tonic.io import get_aer_events_from_file, read_aedat_header_from_file

from tssd.errors import DataError, UsageError
from tssd.events.formats.aedat2 import read_aedat2, write_aedat2

from .recordings import assert_same, of, recording, rows, with_times

MAGIC = b"#!AER-DAT2.0\r\n"


def file_of(*events, header=MAGIC):
    """A file of (x_raw, y_raw, bit, t), or of (address, t)."""
    pairs = [
        event if len(event) == 2 else (event[1] << 8 | event[0] << 1 | event[2], event[3])
        for event in events
    ]
    return header + b"".join(struct.pack(">Ii", *pair) for pair in pairs)


def test_decoding_by_hand_in_both_orientations():
    data = file_of((0, 0, 0, 5), (1, 100, 1, 7), (127, 3, 0, 7))
    events = read_aedat2(data)
    assert rows(events) == [[5, 127, 127, 1], [7, 27, 126, 0], [7, 124, 0, 1]]
    assert (events.height, events.width, events.notes) == (128, 128, ())
    assert rows(read_aedat2(data, orientation="mlf")) == [
        [5, 0, 127, 0], [7, 100, 126, 1], [7, 3, 0, 0],
    ]  # fmt: skip


def test_external_events_and_unused_address_bits_are_ignored():
    data = file_of((0x8000, 1), (0xABCD0000, 2), (0x8000 | 0x1234, 3), (0, 4))
    assert rows(read_aedat2(data, strict=True)) == [[2, 127, 127, 1], [4, 127, 127, 1]]


@pytest.mark.parametrize("lines", [0, 1, 4, 200])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_any_number_of_header_lines(lines, end):
    header = b"#!AER-DAT2.0" + end + (b"# <pref key='a'/>" + end) * lines
    assert read_aedat2(file_of((0, 0, 0, 5), header=header)).t.tolist() == [5]


def test_the_header_ends_at_jaers_last_line_even_before_a_byte_like_a_hash():
    header = MAGIC + b"#End Of ASCII Header\r\n"
    data = file_of((0x23000000, 1), (0x230A0000, 2), header=header)
    assert read_aedat2(data).t.tolist() == [1, 2]


@pytest.mark.parametrize("orientation", ["spikingjelly", "mlf"])
def test_two_million_events_come_back_exactly(tmp_path, orientation):
    events = recording(2_000_000, latest=2**31 - 1)
    write_aedat2(tmp_path / "a.aedat", events, orientation=orientation)
    assert_same(read_aedat2(tmp_path / "a.aedat", orientation=orientation), events)


def test_spikingjelly_and_tonic_read_the_same(tmp_path):
    events, path = recording(20_000), tmp_path / "a.aedat"
    write_aedat2(path, events)
    oracle = _load_origin_data(path)
    for key in "txyp":
        np.testing.assert_array_equal(getattr(events, key), oracle[key], err_msg=key)
    version, begin, _ = read_aedat_header_from_file(str(path))
    raw = get_aer_events_from_file(str(path), version, begin)
    assert version == 2.0
    np.testing.assert_array_equal(raw["timeStamp"], events.t)
    np.testing.assert_array_equal(raw["address"] >> 8 & 127, 127 - events.x)
    np.testing.assert_array_equal(raw["address"] >> 1 & 127, 127 - events.y)


def test_mlf_finds_the_first_event_behind_five_header_lines(tmp_path):
    write_aedat2(tmp_path / "a.aedat", of([5], [3], [4], [1]), orientation="mlf")
    data = (tmp_path / "a.aedat").read_bytes()
    address, t = struct.unpack(">II", data.split(b"\r\n", 5)[5])
    assert (t, address >> 8 & 127, 127 - (address >> 1 & 127), address & 1) == (5, 3, 4, 1)


@pytest.mark.parametrize("start", ["first", "zero"])
@pytest.mark.parametrize("duration", [0, 1, 400, 10_000, 2_000_000])
def test_duration_gives_what_a_full_read_and_a_cut_give(tmp_path, start, duration):
    events, path = with_times(recording(5000), np.sort(recording(5000).t) + 300), tmp_path / "a"
    write_aedat2(path, events)
    first = int(events.t[0]) if start == "first" else 0
    part = read_aedat2(path, duration=duration, start=start)
    expected = events.between(0, first + duration)
    assert_same(part, expected, notes=len(expected) == 0)


def test_duration_counts_from_the_first_pixel_event():
    data = file_of(*[(0x8000, 1)] * 3000, (0, 0, 0, 500), (0, 0, 0, 599), (0, 0, 0, 600))
    assert read_aedat2(data, duration=100).t.tolist() == [500, 599]


def test_duration_does_not_look_at_what_comes_later():
    data = file_of((0, 0, 0, 0), (0, 0, 0, 9), (0, 0, 0, 5_000_000), (0, 0, 0, 3_000_000))
    assert read_aedat2(data, duration=10, strict=True).t.tolist() == [0, 9]
    with pytest.raises(DataError, match="goes back in time by 2 s"):
        read_aedat2(data)


def test_duration_holds_where_time_goes_back_at_the_limit():
    times = [0, 50, 120, 40, 130, 90, 95, 98]
    events = read_aedat2(file_of(*[(0, 0, 0, t) for t in times]), duration=100)
    assert events.t.tolist() == sorted(events.t.tolist())
    assert events.t.max() < 100


def test_nothing_before_the_limit_is_noted_even_where_time_goes_back():
    # The search lands on the external event, and takes what stands before it for earlier.
    data = file_of((0, 150), (0, 160), (0x8000, 50), (0, 170), (0, 180))
    events = read_aedat2(data, duration=110, start="zero", name="a")
    assert (len(events), events.notes) == (0, ("a holds no events before 110 us",))
    with pytest.raises(DataError, match="a holds no events before 110 us"):
        read_aedat2(data, duration=110, start="zero", name="a", strict=True)


@pytest.mark.parametrize("lost", [1, 7])
def test_a_cut_off_file_keeps_whole_events(tmp_path, caplog, lost):
    path = tmp_path / "a.aedat"
    path.write_bytes(file_of((0, 0, 0, 5), (0, 0, 0, 6)) + b"\0" * lost)
    events = read_aedat2(path)
    note = f"{path} is cut off: the last {lost} bytes are no whole event, dropped"
    assert (events.t.tolist(), events.notes) == ([5, 6], (note,))
    assert [record.getMessage() for record in caplog.records] == [note]
    with pytest.raises(DataError, match=f"the last {lost} bytes"):
        read_aedat2(path, strict=True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"nothing \(0 bytes\), expected AEDAT 2\.0"),
        (b"#!AER-DAT3.1\r\n#!END-HEADER\r\n", r"starts with AEDAT 3\.1, expected AEDAT 2\.0"),
        (b"\x00\x01\x02", "starts with bytes 00 01 02, expected AEDAT 2.0"),
        (b"#!AER-DAT2.0", "ends within its text header"),
        (MAGIC + b"# no end", "ends within its text header"),
        (b"<html>", "is an HTML page"),
    ],
)
def test_what_is_no_aedat2_is_refused(data, message):
    with pytest.raises(DataError, match=f"^a.aedat .*{message}"):
        read_aedat2(data, name="a.aedat")


@pytest.mark.parametrize("data", [MAGIC, file_of((0x8000, 1))])
def test_a_file_without_pixel_events_is_empty(data):
    events = read_aedat2(data, name="a", duration=5)
    assert (len(events), events.notes) == (0, ("a holds no events",))
    with pytest.raises(DataError, match="holds no events"):
        read_aedat2(data, strict=True)


@pytest.mark.parametrize("options", [{"start": "last"}, {"orientation": "jaer"}, {"duration": -1}])
def test_wrong_options_are_refused(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        read_aedat2(MAGIC, **options)


def test_events_beyond_the_format_are_not_written(tmp_path):
    with pytest.raises(UsageError, match="x from 128 to 128, AEDAT 2.0 of a DVS128 holds 0 to 127"):
        write_aedat2(tmp_path / "a", of([1], [128], [0], [1]))
    with pytest.raises(UsageError, match="t from 2147483648"):
        write_aedat2(tmp_path / "a", of([2**31], [0], [0], [1]))
    assert not list(tmp_path.iterdir())
