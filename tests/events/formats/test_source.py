import os
import threading

import pytest

from tssd.errors import DataError
from tssd.events.formats.five_byte import read_five_byte
from tssd.events.formats.source import (
    aedat_version,
    kind,
    load,
    refuse_other_format,
    require_aedat,
)


def test_a_file_is_named_by_its_path_and_bytes_by_their_name(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    assert load(path) == (b"abc", str(path))
    assert load(path, "b") == (b"abc", "b")
    assert load(b"abc") == (b"abc", "<bytes>")
    assert load(b"abc", "a.zip!/b") == (b"abc", "a.zip!/b")


def test_a_missing_file_a_folder_and_a_nonsense_path_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"no\.bin cannot be read \(No such file"):
        load(tmp_path / "no.bin")
    with pytest.raises(DataError, match="is not a file"):
        load(tmp_path)
    with pytest.raises(DataError, match="is not a path"):
        load(tmp_path / "a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.bin")
    with pytest.raises(DataError, match="is not a file"):
        load(tmp_path / "pipe.bin")


@pytest.mark.parametrize(
    "page",
    [b"<!DOCTYPE html>\n<p>", b"\xef\xbb\xbf \r\n<!doctype HTML>", b"<html lang='en'>", b"<HTML>"],
)
def test_an_html_page_is_called_one(page):
    with pytest.raises(DataError, match="a.bin is an HTML page, expected a recording.*again"):
        load(page, "a.bin")


def test_kinds():
    assert kind(b"") == "nothing (0 bytes)"
    assert kind(b"#!AER-DAT3.1\r\n") == "AEDAT 3.1"
    assert kind(b"PK\x03\x04....") == "a zip archive"
    assert kind(b"\x01\x02\xff") == "bytes 01 02 ff"


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b"#!AER-DAT2.0\r\nrest", "2.0"),
        (b"#!AER-DAT2.0\n", "2.0"),
        (b"#!AER-DAT4.0", "4.0"),
        (b"# AER-DAT2.0\r\n", None),
        (b"#!AER-DAT2.0x\n", None),
        (b"#!AER-DAT" + b"2" * 100, None),
        (b"", None),
    ],
)
def test_version_line(data, version):
    assert aedat_version(data) == version


def test_another_version_is_refused_naming_both():
    require_aedat(b"#!AER-DAT2.0\r\n", "2.0", name="a.aedat")
    with pytest.raises(DataError, match=r"a\.aedat starts with AEDAT 3\.1, expected AEDAT 2\.0"):
        require_aedat(b"#!AER-DAT3.1\r\n", "2.0", name="a.aedat")
    with pytest.raises(DataError, match=r"starts with nothing \(0 bytes\), expected AEDAT 2\.0"):
        require_aedat(b"", "2.0", name="a.aedat")


@pytest.mark.parametrize("data", [b"#!AER-DAT2.0\r\n", b"PK\x05\x06"])
def test_other_formats_are_recognised_where_there_is_no_magic(data):
    refuse_other_format(b"\x00\x01", "five bytes an event", name="a.bin")
    with pytest.raises(DataError, match=r"a\.bin is .*, expected five bytes an event"):
        refuse_other_format(data, "five bytes an event", name="a.bin")


def test_a_file_that_changes_while_it_is_read_gives_a_sound_result_or_our_error(tmp_path):
    path, whole = tmp_path / "a.bin", bytes([1, 2, 0x80, 0, 7]) * 100_000
    path.write_bytes(whole)
    stop = threading.Event()

    def change():
        sizes = (0, 3, 250_001, 499_999)
        while not stop.is_set():
            for size in sizes:
                os.truncate(path, size)
                with open(path, "r+b") as file:
                    file.write(whole)

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(60):
            events = read_five_byte(path)
            assert len(events) <= 100_000
            # A page that is cut off at that very moment can read as zeros.
            assert set(events.x.tolist()) <= {0, 1}
    except DataError as error:
        assert str(path) in str(error)
    finally:
        stop.set()
        writer.join()
