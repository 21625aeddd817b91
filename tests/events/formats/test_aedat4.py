import struct
import subprocess
import sys

import numpy as np
import pytest

from tssd.errors import DataError
from tssd.events.formats.aedat4 import read_aedat4

from .recordings import assert_same, recording, rows

pytest.importorskip("aedat", reason="needs the extra aedat4")

MAGIC = b"#!AER-DAT4.0\r\n"
STREAM = (
    '<node name="{number}"><attr key="typeIdentifier" type="string">{kind}</attr>'
    '<node name="info"><attr key="sizeX" type="int">{width}</attr>'
    '<attr key="sizeY" type="int">{height}</attr></node></node>'
)
EVENT = np.dtype([("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("on", "u1"), ("pad", "u1", 3)])

# There is no writer of AEDAT 4 to be had here, so these are the format's own tables, uncompressed,
# put together by hand; the decoder is the published package.


def header(streams, *, table_at=-1):
    """Magic line and IOHeader: compression none, place of the packet table, description."""
    text = f'<dv version="2.0"><node name="outInfo">{"".join(streams)}</node></dv>'.encode()
    vtable = struct.pack("<5H", 10, 20, 4, 8, 16) + b"\0" * 6
    fields = struct.pack("<iiqI", 16, 0, table_at, 4)
    text = struct.pack("<I", len(text)) + text + b"\0"
    body = struct.pack("<I4s", 24, b"IOHE") + vtable + fields + text
    return MAGIC + struct.pack("<I", len(body)) + body


def packet(events, *, stream=0, kind=b"EVTS"):
    """A packet of one stream: an EventPacket table with a vector of event structs."""
    elements = np.zeros(len(events), dtype=EVENT)
    elements["t"], elements["x"], elements["y"] = events.t, events.x, events.y
    elements["on"] = events.p
    table = struct.pack("<I4s3HxxiII", 16, kind, 6, 8, 4, 8, 4, len(events)) + elements.tobytes()
    body = struct.pack("<I", len(table)) + table
    return struct.pack("<II", stream, len(body)) + body


def stream(number=0, kind="EVTS", width=128, height=128):
    return STREAM.format(number=number, kind=kind, width=width, height=height)


def whole(events, *, at=3):
    """A file of two packets."""
    start = header([stream()])
    first, second = events.between(0, at), events.between(at, 10**9)
    return start + packet(first), packet(second)


def write(path, *parts):
    path.write_bytes(b"".join(parts))
    return path


def test_packets_are_joined(tmp_path):
    events = recording(5000, latest=10_000)
    path = write(tmp_path / "a.aedat4", *whole(events, at=5000))
    assert_same(read_aedat4(path, strict=True), events)


def test_only_the_first_stream_of_events_counts(tmp_path):
    one, two = recording(5, side=30, seed=1), recording(4, side=30, seed=2)
    streams = [stream(0, "TRIG"), stream(2, width=40, height=30), stream(1, width=50, height=30)]
    path = write(tmp_path / "a", header(streams), packet(one, stream=2), packet(two, stream=1))
    events = read_aedat4(path)
    assert rows(events) == rows(two)
    assert (events.height, events.width) == (30, 50)


def test_the_table_behind_the_packets_is_no_packet(tmp_path):
    events = recording(10)
    place = len(header([stream()], table_at=1) + packet(events))
    path = write(tmp_path / "a", header([stream()], table_at=place), packet(events), b"\1" * 40)
    assert_same(read_aedat4(path), events)


@pytest.mark.parametrize("left", [2, 6, 8, 50])
def test_a_cut_off_file_keeps_whole_packets(tmp_path, left):
    first, second = whole(recording(100, latest=9), at=5)
    path = write(tmp_path / "a.aedat4", first, second[:left])
    events = read_aedat4(path)
    assert events.t.tolist() == recording(100, latest=9).between(0, 5).t.tolist()
    assert events.notes == (
        f"{path} is cut off: its last {left} bytes are no whole packet, dropped",
    )
    with pytest.raises(DataError, match="is cut off"):
        read_aedat4(path, strict=True)


def test_a_file_that_ends_before_its_table_is_cut_off(tmp_path):
    path = write(tmp_path / "a", header([stream()], table_at=10**6), packet(recording(3)))
    assert read_aedat4(path).notes == (
        f"{path} is cut off: its last 0 bytes are no whole packet, dropped",
    )


def test_no_packets_is_empty(tmp_path):
    path = write(tmp_path / "a", header([stream(width=9, height=7)]))
    events = read_aedat4(path)
    assert (len(events), events.height, events.width) == (0, 7, 9)
    assert events.notes == (f"{path} holds no events",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"#!AER-DAT2.0\r\n", "starts with AEDAT 2.0, expected AEDAT 4.0"),
        (MAGIC + b"\1", "ends within its header"),
        (MAGIC + b"\xff\xff\xff\x7f" + b"\0" * 100, "ends within its header"),
        (header([stream()]).replace(b"EVTS", b"WHAT"), "is a damaged AEDAT 4.0 file"),
        (header([stream(kind="TRIG")]), "holds no stream of events"),
        (header([stream()]) + packet(recording(3), kind=b"FRME"), "is a damaged AEDAT 4.0 file"),
        (header([stream(width=64)]) + packet(recording(50)), "off the sensor of 64x128"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, data, message):
    path = write(tmp_path / "a.aedat4", data)
    with pytest.raises(DataError, match=message):
        read_aedat4(path)


def test_without_the_package_the_message_says_how_to_get_it(tmp_path):
    path = write(tmp_path / "a.aedat4", *whole(recording(3)))
    code = (
        "import sys; sys.modules['aedat'] = None\n"
        "from tssd.errors import UsageError\n"
        "from tssd.events.formats.aedat4 import read_aedat4\n"
        "try:\n    read_aedat4(sys.argv[1])\nexcept UsageError as error:\n    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert "needs the package aedat: pip install aedat" in result.stdout
