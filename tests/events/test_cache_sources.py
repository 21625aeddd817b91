"""A cache is used as long as its recordings hold what it was made from, whatever their times."""

import json
import os
import shutil

import pytest

from tssd.events.build import open_frames
from tssd.events.cache import META, DamagedError, read_cache
from tssd.events.slicing import FixedTime

from .builders import build
from .recordings import FileRecording, folder_of_recordings


@pytest.fixture
def recordings(tmp_path):
    return folder_of_recordings(tmp_path / "data", 3)


def rewrite(path, content):
    """Other content at the same place, of the old time."""
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def flipped(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    return bytes(content)


def key_of(cache):
    return json.loads((cache.path / META).read_text())["key"]


def test_other_content_of_the_same_size_and_time_is_noticed(tmp_path, recordings, caplog):
    cache = build(tmp_path / "root", recordings)
    key, before = key_of(cache), cache.frames.copy()
    # The time of the last event, and with it nothing but the content.
    rewrite(recordings[1].path, flipped(recordings[1].path))
    with pytest.raises(DamagedError, match="content of its recordings has changed, though their s"):
        read_cache(cache.path, key, recordings)
    again = build(tmp_path / "root", recordings)
    assert again.path == cache.path
    assert again.content != cache.content
    assert "has changed, though their sizes and times have not; building it again" in caplog.text
    assert (again.frames[:2] == before[:2]).all()


def test_copies_are_compared_once_and_then_trusted(tmp_path, recordings, caplog):
    caplog.set_level("INFO", logger="tssd")
    cache = build(tmp_path / "root", recordings)
    shutil.copytree(tmp_path / "data", tmp_path / "copy")  # with their times
    copies = [FileRecording(tmp_path / "copy" / r.path.name, samples=2) for r in recordings]
    for _ in range(2):
        found = build(tmp_path / "root", copies)
        assert (found.path, found.content) == (cache.path, cache.content)
    assert caplog.text.count("copied or touched since, comparing their content") == 1
    assert caplog.text.count("caching") == 1


def test_recordings_that_did_not_change_are_not_read(tmp_path, recordings, monkeypatch):
    cache = build(tmp_path / "root", recordings)
    monkeypatch.setattr(FileRecording, "checksum", lambda self: pytest.fail("read"))
    assert build(tmp_path / "root", recordings).content == cache.content


def test_the_content_does_not_depend_on_the_options(tmp_path, recordings):
    found = [
        open_frames(
            tmp_path / "root", {"dataset": "x"}, recordings, slicing=FixedTime(dt), slices=slices
        )
        for dt, slices in ((10.0, 2), (5.0, 3))
    ]
    assert found[0].path != found[1].path
    assert found[0].content == found[1].content
