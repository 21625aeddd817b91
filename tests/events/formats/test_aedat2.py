import struct

import numpy as np
import pytest
from spikingjelly.datasets.cifar10_dvs import _load_origin_data
from tonic.io import get_aer_events_from_file, read_aedat_header_from_file, read_davis_346

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


def test_external_events_are_left_out_and_counted(caplog):
    data = file_of((0x8000, 1), (0xFFFF8000, 2), (0x8000 | 0x1234, 3), (0, 4))
    with caplog.at_level("INFO", logger="tssd"):
        assert rows(read_aedat2(data, strict=True, name="a")) == [[4, 127, 127, 1]]
    assert caplog.messages == [
        "a: 3 of 4 records of the DVS128 are external events, no pixels, and are left out"
    ]


def test_addresses_beyond_16_bits_are_not_of_a_dvs128():
    few = file_of(*[(0, n) for n in range(99)], (0x00010000, 99))
    events = read_aedat2(few, name="a.aedat")
    assert events.t.tolist() == list(range(99))
    assert events.notes == (
        "a.aedat has 1 of 100 addresses beyond the 16 bits of a DVS128, dropped",
    )
    with pytest.raises(DataError, match="has 2 of 3 addresses beyond .*: it is .* of another cam"):
        read_aedat2(file_of((0, 1), (0x00400000, 2), (0x00401000, 3)))


def davis_file(*events, chip="eu.seebetter.ini.chips.davis.Davis346blue"):
    """A file of (x_raw, y_raw, bit, t), or of (address, t), of a DAVIS."""
    pairs = [
        event if len(event) == 2 else (event[1] << 22 | event[0] << 12 | event[2] << 11, event[3])
        for event in events
    ]
    header = MAGIC + f"# AEChip: {chip}\r\n".encode() + b"# End of ASCII Header\r\n"
    return header + b"".join(struct.pack(">Ii", *pair) for pair in pairs)


def test_a_davis_is_decoded_by_hand():
    sample, trigger = (0x80000000 | 5 << 22, 8), (1 << 10, 9)
    # The first begins with the byte of a hash, as a further line of the header would.
    data = davis_file((2, 0x23 << 2, 0, 5), (0, 0, 1, 7), sample, trigger, (345, 259, 1, 10))
    events = read_aedat2(data, strict=True)
    assert rows(events) == [[5, 343, 119, 0], [7, 345, 259, 1], [10, 0, 0, 1]]
    assert (events.height, events.width) == (260, 346)
    assert rows(read_aedat2(data, duration=5)) == [[5, 343, 119, 0], [7, 345, 259, 1]]
    with pytest.raises(UsageError, match="orientation is 'mlf', but .* is of a DAVIS346"):
        read_aedat2(data, orientation="mlf")
    with pytest.raises(DataError, match="off the sensor of 240x180"):
        read_aedat2(data.replace(b"Davis346blue", b"DAVIS240C"))


def test_a_davis_begins_with_its_first_pixel():
    early = (0x80000000, 0), (1 << 10, 50)
    data = davis_file(*early, (1, 1, 1, 100), (1, 1, 0, 109), (1, 1, 0, 110))
    assert read_aedat2(data, duration=10).t.tolist() == [100, 109]


def test_tonic_reads_the_same_of_a_davis346(tmp_path):
    rng = np.random.default_rng(0)
    x, y, p = (rng.integers(0, top, 1000) for top in (346, 260, 2))
    y[0] = 0  # tonic knows no end of the header
    data = davis_file(*zip(x.tolist(), y.tolist(), p.tolist(), range(1000), strict=True))
    (tmp_path / "a.aedat").write_bytes(data.replace(b"# End of ASCII Header\r\n", b""))
    events = read_aedat2(tmp_path / "a.aedat")
    _, _, oracle = read_davis_346(str(tmp_path / "a.aedat"))
    for key in "txyp":
        np.testing.assert_array_equal(getattr(events, key), oracle[key], err_msg=key)


@pytest.mark.parametrize("lines", [0, 1, 4, 200])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_any_number_of_header_lines(lines, end):
    header = b"#!AER-DAT2.0" + end + (b"# <pref key='a'/>" + end) * lines
    assert read_aedat2(file_of((0, 0, 0, 5), header=header)).t.tolist() == [5]


def test_the_header_ends_at_jaers_last_line_even_before_a_byte_like_a_hash():
    header = MAGIC + b"#End Of ASCII Header\r\n"
    begin = len(header)
    data = bytearray(file_of(*[(0, n) for n in range(200)], header=header))
    data[begin] = 0x23
    events = read_aedat2(bytes(data))
    assert events.t.tolist() == list(range(1, 200))
    assert "has 1 of 200 addresses beyond" in events.notes[0]


def test_an_event_that_begins_like_a_header_line_is_none():
    header = MAGIC + b"# AEChip: DAVIS346\r\n"
    data = header + struct.pack(">IiIi", 0x23 << 24 | 1 << 11, 5, 10, 7)
    assert rows(read_aedat2(data)) == [[5, 345, 119, 1], [7, 345, 259, 0]]


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
    data = file_of(*[(0, 0, 0, t) for t in times])
    assert read_aedat2(data, duration=100).t.tolist() == [0, 40, 50, 90, 95, 98]
    assert read_aedat2(data, duration=91, start="zero").t.tolist() == [0, 40, 50, 90]


@pytest.mark.parametrize("duration", [1_000, 3_000, 40_000])
def test_duration_loses_nothing_of_a_recording_with_late_events(duration):
    draw = np.random.default_rng(0)
    times = np.sort(draw.integers(900, 50_000, 2_000)) - draw.integers(0, 900, 2_000)
    data = file_of(*[(0, 0, 0, t) for t in [0, *times.tolist()]])
    expected = read_aedat2(data).between(0, duration)
    assert read_aedat2(data, duration=duration).t.tolist() == expected.t.tolist()


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
