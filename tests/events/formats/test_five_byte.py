import logging
import os
from pathlib import Path

import numpy as np
import pytest
from spikingjelly.datasets.utils import load_ATIS_bin
from tonic.io import events_struct, read_mnist_file

from tssd.errors import DataError, UsageError
from tssd.events.formats.five_byte import read_five_byte, write_five_byte

from .recordings import FIELDS, assert_same, of, recording, rows

NMNIST = Path(os.environ.get("TSSD_DATA", ""), "NMNIST")
EVENTS_OF_SUBSET = 4_518_827


def test_decoding_by_hand():
    data = bytes([3, 5, 0x80, 0, 7, 33, 0, 0x01, 2, 3, 0, 33, 0xFF, 0xFF, 0xFF])
    events = read_five_byte(data, strict=True)
    assert rows(events) == [[7, 3, 5, 1], [0x10203, 33, 0, 0], [0x7FFFFF, 0, 33, 1]]
    assert (events.height, events.width) == (34, 34)


def test_overflow_markers_are_no_events_and_continue_the_time():
    marker = [0, 240, 0, 0, 0]
    data = bytes([1, 1, 0, 0, 5, *marker, 2, 1, 0, 0, 6, *marker, *marker, 3, 1, 0, 0, 7])
    assert rows(read_five_byte(data, strict=True)) == [
        [5, 1, 1, 0], [8192 + 6, 2, 1, 0], [3 * 8192 + 7, 3, 1, 0],
    ]  # fmt: skip


def test_tonic_treats_the_markers_the_same(tmp_path):
    rng = np.random.default_rng(0)
    data = rng.integers(0, 200, (500, 5), dtype=np.uint8)
    data[::50, 1] = 240
    data[:, 2] = 0
    data[:, 3] = np.sort(data[:, 3])
    (tmp_path / "a.bin").write_bytes(data.tobytes())
    oracle = read_mnist_file(str(tmp_path / "a.bin"), dtype=events_struct)
    events = read_five_byte(tmp_path / "a.bin", height=None, width=None)
    order = np.argsort(oracle["t"], kind="stable")
    for key in FIELDS:
        np.testing.assert_array_equal(getattr(events, key), oracle[key][order], err_msg=key)


def test_the_size_comes_from_the_data_where_it_is_not_given():
    data = bytes([239, 179, 0, 0, 7, 9, 2, 0, 0, 8])
    events = read_five_byte(data, height=None, width=None)
    assert (events.height, events.width) == (180, 240)
    assert read_five_byte(data, height=200, width=None).height == 200


def test_two_million_events_come_back_exactly(tmp_path):
    events = recording(2_000_000, side=240, latest=2**23 - 1)
    write_five_byte(tmp_path / "a.bin", events)
    assert_same(read_five_byte(tmp_path / "a.bin", height=240, width=240), events)


def test_spikingjelly_and_tonic_read_the_same(tmp_path):
    events, path = recording(20_000, side=34, latest=2**23 - 1), tmp_path / "a.bs2"
    write_five_byte(path, events)
    oracles = load_ATIS_bin(path), read_mnist_file(str(path), dtype=events_struct)
    for oracle in oracles:
        for key in FIELDS:
            np.testing.assert_array_equal(getattr(events, key), oracle[key], err_msg=key)


@pytest.mark.data
@pytest.mark.skipif(not NMNIST.is_dir(), reason="needs NMNIST in the folder TSSD_DATA")
def test_real_recordings_equal_tonics_reading_event_by_event(caplog):
    caplog.set_level(logging.WARNING, logger="tssd")
    files = sorted(NMNIST.glob("T*/[0-9]/*.bin"))
    assert len(files) == 1100
    total = 0
    for file in files:
        events = read_five_byte(file, strict=True)
        oracle = read_mnist_file(str(file), dtype=events_struct)
        assert len(events) == len(oracle)
        same = [np.array_equal(getattr(events, key), oracle[key]) for key in FIELDS]
        assert all(same), file
        total += len(events)
    assert total == EVENTS_OF_SUBSET
    assert not caplog.records


@pytest.mark.parametrize("lost", [1, 4])
def test_a_cut_off_file_keeps_whole_events(tmp_path, caplog, lost):
    path = tmp_path / "a.bin"
    path.write_bytes(bytes([3, 5, 0x80, 0, 7]) + b"\0" * lost)
    events = read_five_byte(path)
    note = f"{path} is cut off: the last {lost} bytes are no whole event, dropped"
    assert (rows(events), events.notes) == ([[7, 3, 5, 1]], (note,))
    assert [record.getMessage() for record in caplog.records] == [note]
    with pytest.raises(DataError, match=f"the last {lost} bytes"):
        read_five_byte(path, strict=True)


@pytest.mark.parametrize("data", [b"", b"\1\2\3"])
def test_an_empty_file_is_empty(data):
    events = read_five_byte(data, name="a.bin", height=None, width=None)
    assert (len(events), events.height, events.width) == (0, 1, 1)
    assert events.notes[-1] == "a.bin holds no events"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"#!AER-DAT2.0\r\n", "is AEDAT 2.0, expected five bytes an event"),
        (b"PK\x03\x04 zip", "is a zip archive, expected five bytes an event"),
        (b"<!DOCTYPE html>", "is an HTML page"),
        (bytes(range(100)), "off the sensor of 34x34 pixels"),
    ],
)
def test_another_format_is_refused(data, message):
    with pytest.raises(DataError, match=f"^a.bin {message}|^a.bin has .* {message}"):
        read_five_byte(data, name="a.bin")


def test_time_that_goes_back_is_sorted_or_refused():
    late = bytes([1, 1, 0, 0, 9, 2, 2, 0, 0, 5])
    assert rows(read_five_byte(late)) == [[5, 2, 2, 0], [9, 1, 1, 0]]
    reset = bytes([1, 1, 0x10, 0, 0, 2, 2, 0, 0, 5])
    with pytest.raises(DataError, match="goes back in time by 1.04857 s"):
        read_five_byte(reset)


def test_a_size_below_one_is_refused():
    with pytest.raises(UsageError, match="width is 0"):
        read_five_byte(b"", width=0)


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (of([2**23], [0], [0], [1]), "t from 8388608"),
        (of([1], [256], [0], [1]), "x from 256"),
        (of([1], [0], [240], [1]), "y from 240 to 240, five bytes an event holds 0 to 239"),
    ],
)
def test_what_the_format_cannot_hold_is_not_written(tmp_path, events, message):
    with pytest.raises(UsageError, match=message):
        write_five_byte(tmp_path / "a.bin", events)
    assert not list(tmp_path.iterdir())
