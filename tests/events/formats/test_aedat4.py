import subprocess
import sys

import pytest

from tssd.errors import DataError
from tssd.events.formats import aedat4
from tssd.events.formats.aedat4 import read_aedat4

from .aedat4_files import MAGIC, header, packet, stream
from .recordings import assert_same, recording, rows

pytest.importorskip("aedat", reason="needs the extra aedat4")


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


# What the library was seen to do on damaged files, and what it might.
@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("import os; os.abort()", "the decoder ended with exit code -6"),
        ("class Panic(BaseException): pass\nraise Panic('range end out of\\nbounds')",
         "range end out of bounds"),
        ("bytearray(8 << 30)", "MemoryError"),
        ("while True: pass", "it takes longer than 1 s to decode"),
        ("import sys; sys.exit(0)", "0"),
        ("raise ValueError", "ValueError"),
        ("return type('D', (), {'id_to_stream': lambda s: {0: {'type': 'events', 'height': 0, "
         "'width': 10**9}}, '__iter__': lambda s: s, '__next__': lambda s: next(iter(()))})()",
         "its header says a sensor of 1000000000x0 pixels"),
    ],
)  # fmt: skip
def test_whatever_the_library_does_becomes_one_line(tmp_path, monkeypatch, does, said):
    body = "\n".join("    " + line for line in does.splitlines())
    (tmp_path / "aedat.py").write_text(f"def Decoder(path):\n{body}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    if "while True" in does:  # on a busy machine the others take longer than that to begin
        monkeypatch.setattr(aedat4, "SECONDS", 1)
    path = write(tmp_path / "a.aedat4", *whole(recording(3)))
    with pytest.raises(DataError) as caught:
        read_aedat4(path)
    assert str(caught.value) == f"{path} is a damaged AEDAT 4.0 file ({said}): replace it"


def test_a_module_of_the_current_folder_is_not_imported(tmp_path, monkeypatch):
    path = write(tmp_path / "a.aedat4", *whole(recording(3)))
    for name in ("aedat", "json", "struct", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('mine')")
    monkeypatch.chdir(tmp_path)
    assert len(read_aedat4(path)) == 3
