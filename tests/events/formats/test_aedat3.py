import os
import struct

import numpy as np
import pytest
from spikingjelly.datasets.utils import load_aedat_v3
from tonic.io import get_aer_events_from_file, read_aedat_header_from_file

from tssd.errors import DataError, UsageError
from tssd.events.formats.aedat3 import last_time, read_aedat3, write_aedat3

from .recordings import assert_same, of, recording, rows, with_times

HEADER = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"


def packet(*events, kind=1, source=1, size=8, offset=4, overflow=0, capacity=None, number=None):
    """A packet of (x, y, p, t) or (data, t) events; what capacity leaves over is filled with 1s."""
    n = len(events) if number is None else number
    capacity = max(n, 0) if capacity is None else capacity
    body = b"".join(
        struct.pack("<II", *e) if len(e) == 2 else struct.pack(
            "<Ii", e[0] << 17 | e[1] << 2 | e[2] << 1 | 1, e[3]
        )
        for e in events
    )  # fmt: skip
    header = struct.pack("<hhiiiiii", kind, source, size, offset, overflow, capacity, n, n)
    return header + body + b"\xff" * max(min(capacity, 1000) * size - len(body), 0)


def test_decoding_by_hand():
    data = HEADER + packet((3, 5, 1, 10), (127, 0, 0, 11)) + packet((0, 127, 1, 12))
    events = read_aedat3(data, strict=True)
    assert rows(events) == [[10, 3, 5, 1], [11, 127, 0, 0], [12, 0, 127, 1]]
    assert (events.height, events.width) == (128, 128)


def test_invalid_events_are_left_out():
    data = HEADER + packet((3 << 17 | 1, 10), (9 << 17, 11), (4 << 17 | 1, 12))
    assert rows(read_aedat3(data, strict=True)) == [[10, 3, 0, 0], [12, 4, 0, 0]]


def test_the_overflow_counter_continues_the_time():
    data = HEADER + packet((0, 0, 0, 2**31 - 1)) + packet((1, 0, 0, 7), overflow=1)
    assert read_aedat3(data).t.tolist() == [2**31 - 1, 2**31 + 7]


def test_room_behind_the_events_of_a_packet_is_skipped():
    data = HEADER + packet((1, 0, 0, 5), capacity=4) + packet((2, 0, 0, 6), capacity=9)
    assert rows(read_aedat3(data, strict=True)) == [[5, 1, 0, 0], [6, 2, 0, 0]]


def test_packets_of_two_cameras_are_not_mixed():
    other = packet((9, 9), kind=0, source=7)  # no pixels: of what it is does not matter
    data = HEADER + packet((1, 0, 0, 5)) + other + packet((2, 0, 0, 5), source=2)
    at = len(data) - 28 - 8
    with pytest.raises(DataError, match=rf"2 cameras \(numbers 1, 2, the second from byte {at} on"):
        read_aedat3(data)
    assert len(read_aedat3(HEADER + other + packet((1, 0, 0, 5)))) == 1


def test_missing_room_behind_the_last_events_is_no_loss():
    data = (HEADER + packet((1, 0, 0, 5), capacity=4))[:-8]
    assert read_aedat3(data, strict=True).t.tolist() == [5]


def test_packets_of_other_events_are_skipped():
    special, imu = packet((1, 1), (2, 2), kind=0), packet(kind=3, size=36, capacity=2, number=1)
    empty = packet(kind=1)
    data = HEADER + special + packet((1, 2, 1, 5)) + imu + empty + packet((2, 2, 1, 6)) + special
    assert rows(read_aedat3(data, strict=True)) == [[5, 1, 2, 1], [6, 2, 2, 1]]


@pytest.mark.parametrize("size", [4096, 1_000_000])
def test_two_million_events_come_back_exactly(tmp_path, size):
    events = recording(2_000_000, latest=2**33)
    write_aedat3(tmp_path / "a.aedat", events, packet=size)
    assert_same(read_aedat3(tmp_path / "a.aedat"), events)


@pytest.mark.parametrize("size", [1, 7, 2**20])
def test_packets_of_any_size_come_back_exactly(tmp_path, size):
    events = recording(1000, latest=2**35)
    write_aedat3(tmp_path / "a.aedat", events, packet=size)
    assert_same(read_aedat3(tmp_path / "a.aedat"), events)


def test_spikingjelly_reads_the_same_with_overflow_and_tonic_without(tmp_path):
    events, path = recording(10_000, latest=2**33), tmp_path / "a.aedat"
    write_aedat3(path, events, packet=999)
    oracle = load_aedat_v3(path)
    for key in "txyp":
        np.testing.assert_array_equal(getattr(events, key), oracle[key], err_msg=key)
    events = recording(10_000)
    write_aedat3(path, events, packet=999)
    version, begin, _ = read_aedat_header_from_file(str(path))
    raw = get_aer_events_from_file(str(path), version, begin)
    np.testing.assert_array_equal(raw["timeStamp"], events.t)
    np.testing.assert_array_equal(raw["address"] >> 17, events.x)
    np.testing.assert_array_equal(raw["address"] >> 2 & 0x7FFF, events.y)
    np.testing.assert_array_equal(raw["address"] >> 1 & 1, events.p)


@pytest.mark.parametrize(
    ("kept", "left"),
    [(2, 28 + 3), (3, 28 + 8), (2, 28), (2, 5), (3, 28 + 15)],
)
def test_a_cut_off_file_keeps_whole_events(tmp_path, caplog, kept, left):
    path, start = tmp_path / "a.aedat", HEADER + packet((1, 0, 0, 1), (2, 0, 0, 2))
    path.write_bytes(start + packet((3, 0, 0, 3), (4, 0, 0, 4))[:left])
    lost = left - 28 - 8 * (kept - 2) if left >= 28 else left
    events = read_aedat3(path)
    # Cut right behind an event nothing lies behind the last whole one, but the packet had more.
    assert events.t.tolist() == list(range(1, kept + 1))
    assert len(events.notes) == 1
    assert events.notes[0].startswith(f"{path} is cut off: ")
    assert f"{lost} bytes" in events.notes[0]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    with pytest.raises(DataError, match="is cut off"):
        read_aedat3(path, strict=True)


@pytest.mark.parametrize(
    "header",
    [
        {"size": 12},
        {"offset": 0},
        {"overflow": -1},
        {"number": -1},
        {"number": 5, "capacity": 2},
        {"capacity": -1, "number": -2},
        {"capacity": 2**31 - 1, "number": 2**31 - 1},
        {"kind": 0, "size": 0, "number": 1},
        {"kind": 2, "size": -8, "number": 1},
    ],
)
def test_an_impossible_packet_header_is_refused_where_it_stands(header):
    data = HEADER + packet((0, 0, 0, 1)) + packet(**header)
    place = len(HEADER) + 36
    with pytest.raises(DataError, match=f"^a has a damaged packet header at byte {place}: .*expec"):
        read_aedat3(data, name="a")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"nothing \(0 bytes\), expected AEDAT 3\.1"),
        (b"#!AER-DAT2.0\r\n", r"starts with AEDAT 2\.0, expected AEDAT 3\.1"),
        (b"#!AER-DAT4.0\r\n", r"starts with AEDAT 4\.0, expected AEDAT 3\.1"),
        (b"#!AER-DAT3.1\r\n#Format: RAW\r\n", "has no line #!END-HEADER"),
        (b"#!AER-DAT3.1\r\n#Format: RAW", "has no line #!END-HEADER"),
        (b"#!AER-DAT3.1\r\n\x01\x00", "has no line #!END-HEADER"),
    ],
)
def test_what_is_no_aedat3_is_refused(data, message):
    with pytest.raises(DataError, match=f"^a.aedat .*{message}"):
        read_aedat3(data, name="a.aedat")


def test_events_off_the_sensor_are_dropped_and_counted():
    good = [(1, 1, 0, t) for t in range(199)]
    events = read_aedat3(HEADER + packet(*good, (128, 0, 1, 199)), name="a")
    assert (len(events), events.notes) == (
        199, ("a has 1 of 200 events off the sensor of 128x128, dropped",),
    )  # fmt: skip
    with pytest.raises(DataError, match="off the sensor"):
        read_aedat3(HEADER + packet(*good[:50], (0, 2**15 - 1, 1, 199)))


def test_a_clock_reset_between_packets_is_refused():
    data = HEADER + packet((0, 0, 0, 5_000_000)) + packet((0, 0, 0, 10))
    with pytest.raises(DataError, match="goes back in time by 4.99999 s at event 1"):
        read_aedat3(data)


@pytest.mark.parametrize("data", [HEADER, HEADER + packet((1, 1), kind=0)])
def test_a_file_without_polarity_events_is_empty(data):
    assert read_aedat3(data, name="a").notes == ("a holds no events",)


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(UsageError, match="packet is 0"):
        write_aedat3(tmp_path / "a", recording(3), packet=0)
    with pytest.raises(UsageError, match="t from 4611686018427387904"):
        write_aedat3(tmp_path / "a", of([2**62], [0], [0], [1]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("t", [0, 2**62 - 1])
def test_the_limits_of_the_time_come_back(tmp_path, t):
    write_aedat3(tmp_path / "a", of([t], [127], [127], [1]))
    assert rows(read_aedat3(tmp_path / "a")) == [[t, 127, 127, 1]]


@pytest.mark.parametrize("per_packet", [7, 4096])
def test_the_last_time_is_found_without_reading_the_events(tmp_path, per_packet):
    events = with_times(recording(100), np.arange(100) * 2**26)  # beyond 31 bits
    write_aedat3(tmp_path / "a", events, packet=per_packet)
    assert last_time(tmp_path / "a") == 99 * 2**26
    whole = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(whole[:-3])
    assert last_time(tmp_path / "a") == 98 * 2**26


def test_the_last_time_ignores_what_is_no_event(tmp_path):
    other = packet((1, 1), kind=0)
    data = HEADER + packet((1, 2, 0, 40), capacity=3) + packet(capacity=2) + other + other[:9]
    (tmp_path / "a").write_bytes(data)
    assert last_time(tmp_path / "a") == 40
    (tmp_path / "a").write_bytes(HEADER + other)
    assert last_time(tmp_path / "a") == -1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "a cannot be read "),
        (b"", "a is empty, expected AEDAT 3.1: get it again"),
        (b"#!AER-DAT2.0\r\n", "a starts with AEDAT 2.0, expected AEDAT 3.1"),
        (b"<html></html>", "a starts with bytes 3c .*, expected AEDAT 3.1"),
        (HEADER[:-4], "a has no line #!END-HEADER"),
        (HEADER + packet((0, 0, 0, 1), size=9), "a has a damaged packet header at byte"),
    ],
)
def test_the_last_time_of_what_is_no_recording_is_an_error(tmp_path, content, message):
    if content is not None:
        (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=message):
        last_time(tmp_path / "a")
    with pytest.raises(DataError, match="is not a file"):
        last_time(tmp_path)


def test_the_last_time_of_what_may_not_be_read_is_an_error(tmp_path):
    write_aedat3(tmp_path / "a", recording(3))
    (tmp_path / "a").chmod(0)
    if os.access(tmp_path / "a", os.R_OK):
        pytest.skip("this user may read everything, as root may")
    with pytest.raises(DataError, match="a cannot be read .*check its rights"):
        last_time(tmp_path / "a")


def test_the_sensor_is_the_one_of_the_source(tmp_path):
    events = recording(50)
    write_aedat3(tmp_path / "a", events)
    data = (tmp_path / "a").read_bytes().replace(b"Source 1: DVS128", b"Source 1: DAVIS346")
    found = read_aedat3(data, strict=True)
    assert (found.height, found.width) == (260, 346)
    assert found.x.tolist() == events.x.tolist()
    with pytest.raises(DataError, match="is of the camera eDVS, expected one of"):
        read_aedat3(data.replace(b"DAVIS346", b"eDVS"))
