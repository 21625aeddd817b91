import subprocess
import sys

import pytest

from data.own_folders import WRITERS as OWN
from events.recordings import random_events
from tssd.errors import DataError, UsageError
from tssd.events.formats.aedat2 import write_aedat2
from tssd.events.formats.aedat3 import write_aedat3
from tssd.events.formats.columns import Columns
from tssd.events.formats.detect import read_events, read_own_events, sensor_of
from tssd.events.formats.five_byte import write_five_byte
from tssd.events.formats.npz import write_npz

from .recordings import assert_same, recording

WRITERS = {
    "aedat2": write_aedat2,
    "aedat3": write_aedat3,
    "npz": write_npz,
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("suffix", [".aedat", ".data", ".bin"])
def test_the_content_decides_first(tmp_path, writer, suffix):
    events, path = recording(500), tmp_path / f"a{suffix}"
    WRITERS[writer](path, events)
    assert_same(read_events(path, height=128, width=128), events)


@pytest.mark.parametrize("suffix", [".bin", ".bs2", ".BIN"])
def test_five_bytes_are_known_by_their_suffix(tmp_path, suffix):
    events, path = recording(5000, side=34), tmp_path / f"a{suffix}"
    write_five_byte(path, events)
    assert_same(read_events(path), events)
    assert read_events(path, height=50, width=60).height == 50


def test_an_aedat4_file_is_given_to_its_reader(tmp_path):
    path = tmp_path / "a.aedat"
    path.write_bytes(b"#!AER-DAT4.0\r\n\1")
    pytest.importorskip("aedat", reason="needs the extra aedat4")
    with pytest.raises(DataError, match="ends within its header"):
        read_events(path)


@pytest.mark.parametrize(
    ("file", "data", "error", "message"),
    [
        ("a.aedat", b"", DataError, r"nothing \(0 bytes\), expected one of: AEDAT 2\.0, 3\.1"),
        ("a.aedat", b"#!AER-DAT1.0\r\n", DataError, "AEDAT 1.0, expected one of: AEDAT 2.0"),
        ("a.txt", b"#!AER-DAT3.0\r\n", DataError, "AEDAT 3.0, expected one of: AEDAT 2.0"),
        ("a.npz", b"abc", DataError, "bytes 61 62 63, expected a zip archive"),
        ("a.xyz", b"abc", UsageError, r"61 62 63 and has the suffix '\.xyz'.*five bytes.*npz"),
        ("a.dat", b"abc", DataError, "61 62 63, expected lines that begin with %"),
        ("a.aedat", b"<html>", DataError, "is an HTML page"),
    ],
)
def test_unknown_files_are_refused_with_the_known_formats(tmp_path, file, data, error, message):
    (tmp_path / file).write_bytes(data)
    with pytest.raises(error, match=message):
        read_events(tmp_path / file)


def test_a_size_that_is_not_the_formats_is_refused(tmp_path):
    write_aedat2(tmp_path / "a.aedat", recording(5))
    with pytest.raises(UsageError, match=r"width is 34, but .*a\.aedat is of 128 pixels"):
        read_events(tmp_path / "a.aedat", height=128, width=34)


def test_strict_reaches_the_reader(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\0" * 7)
    assert len(read_events(tmp_path / "a.bin").notes) == 1
    with pytest.raises(DataError, match="is cut off"):
        read_events(tmp_path / "a.bin", strict=True)


def test_reading_needs_no_torch():
    code = "import sys, tssd.events.formats.detect; print('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize("name", [name for name in OWN if not name.endswith(("aedat", "bin"))])
def test_every_other_format_is_found_and_says_its_sensor_if_it_can(tmp_path, name):
    events = random_events(200, height=128, width=128)
    OWN[name](tmp_path / name, events)
    assert_same(read_events(tmp_path / name, height=128, width=128), events)
    says = name.endswith((".raw", ".dat", ".h5"))
    assert sensor_of(tmp_path / name) == ((128, 128) if says else None)


def test_a_file_of_another_size_and_columns_of_ones_own(tmp_path):
    (tmp_path / "a.txt").write_text("1.5 3 4 1\n")
    columns = Columns(("t", "x", "y", "p"), "ms")
    events = read_own_events(tmp_path / "a.txt", columns=columns)
    assert (events.t.tolist(), events.height, events.width) == ([1500], 5, 4)
    write_aedat2(tmp_path / "a.aedat", recording(5))
    assert read_own_events(tmp_path / "a.aedat", height=9, width=9).height == 128
    assert sensor_of(tmp_path / "a.aedat") == (128, 128)
