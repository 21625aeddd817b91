"""The checks before a cache is used: every damage is found, and nothing else is."""

import json
import logging
import os
import pickle
import shutil
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from tssd.events.cache import (
    FRAMES,
    META,
    STATISTICS,
    DamagedError,
    cache_root,
    read_cache,
)
from tssd.events.writing import Writer

KEY = {"options": {"dataset": "x"}, "slices": 3}
SOURCES = {"change": "12", "content": "34"}
COUNTS = np.random.default_rng(0).integers(0, 256, (5, 3, 2, 4, 6)).astype(np.uint8)


@pytest.fixture
def made(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    writer = Writer(folder, COUNTS.shape, COUNTS.dtype)
    for n, counts in enumerate(COUNTS):
        writer.add(counts, (n, 10 * n, 0, 1))
    writer.finish(KEY, {"a.bin": ["3 bytes dropped"]}, SOURCES)
    return folder


def flip(path, position):
    """Change one byte; size and modification time stay."""
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_what_was_written_is_read(made):
    cache = read_cache(made, KEY)
    np.testing.assert_array_equal(cache.frames, COUNTS)
    assert not cache.frames.flags.writeable
    assert len(cache) == 5
    assert cache.statistics["events"].tolist() == [0, 1, 2, 3, 4]
    assert cache.statistics["duration"].tolist() == [0, 10, 20, 30, 40]
    assert cache.statistics["empty"].sum() == 5
    assert cache.notes == {"a.bin": ["3 bytes dropped"]}
    assert cache.nbytes == (made / FRAMES).stat().st_size
    assert cache.path == made
    # Numpy alone reads it too.
    np.testing.assert_array_equal(np.load(made / FRAMES), COUNTS)


def test_nothing_there_is_no_cache(tmp_path):
    assert read_cache(tmp_path / "none", KEY) is None


def test_a_cache_travels_as_a_path(made):
    cache = read_cache(made, KEY)
    assert cache.frames.sum() == COUNTS.sum(dtype=int)  # mapped before it travels
    sent = pickle.dumps(cache)
    assert len(sent) < COUNTS.nbytes + 1500
    again = pickle.loads(sent)
    np.testing.assert_array_equal(again.frames, COUNTS)
    assert again.notes == cache.notes


def send_sum(cache, sender):
    sender.send(int(cache.frames[2].sum()))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_cache_is_read_in_a_worker(made):
    cache = read_cache(made, KEY)
    receiver, sender = get_context("fork").Pipe(duplex=False)
    process = get_context("fork").Process(target=send_sum, args=(cache, sender))
    process.start()
    assert receiver.recv() == COUNTS[2].sum(dtype=int)
    process.join()


@pytest.mark.parametrize("name", [FRAMES, STATISTICS, META])
def test_missing_and_truncated_files_are_found(made, name):
    content = (made / name).read_bytes()
    (made / name).write_bytes(content[:-1])
    with pytest.raises(DamagedError):
        read_cache(made, KEY)
    (made / name).unlink()
    with pytest.raises(DamagedError, match=f"{name}: No such file"):
        read_cache(made, KEY)


def test_changed_frames_are_found_when_the_time_changes(made):
    path = made / FRAMES
    for position in range(0, path.stat().st_size, 97):
        flip(path, position)
        os.utime(path, ns=(1, 1))
        with pytest.raises(DamagedError, match="frames.npy has changed"):
            read_cache(made, KEY)
        flip(path, position)
    assert read_cache(made, KEY) is not None


@pytest.mark.parametrize(
    ("name", "stop", "step"), [(FRAMES, 128, 5), (STATISTICS, None, 31), (META, None, 7)]
)
def test_changes_that_keep_the_time_are_found(made, name, stop, step):
    for position in range(0, stop or (made / name).stat().st_size, step):
        flip(made / name, position)
        with pytest.raises(DamagedError, match=f"{name} (is cut or )?has changed"):
            read_cache(made, KEY)
        flip(made / name, position)
    assert read_cache(made, KEY) is not None


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", '{"key": 1}', "\0" * 50, "[" * 9999])
def test_meta_of_another_kind_is_found(made, content):
    (made / META).write_text(content)
    with pytest.raises(DamagedError):
        read_cache(made, KEY)


def test_edited_meta_is_found(made):
    meta = json.loads((made / META).read_text())
    meta["frames"]["mtime_ns"] = 5
    (made / META).write_text(json.dumps(meta, indent=1))
    with pytest.raises(DamagedError, match="meta.json has changed"):
        read_cache(made, KEY)


def test_another_key_is_found(made):
    with pytest.raises(DamagedError, match="other options"):
        read_cache(made, KEY | {"slices": 4})


def test_a_file_in_place_of_the_folder_is_found(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DamagedError, match="Not a directory"):
        read_cache(tmp_path / "file", KEY)


def test_a_copy_is_checked_in_full_once(made, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    copy = tmp_path / "copy"
    shutil.copytree(made, copy, copy_function=shutil.copyfile)
    os.utime(copy / FRAMES, ns=(5, 5))
    np.testing.assert_array_equal(read_cache(copy, KEY).frames, COUNTS)
    assert [record.message for record in caplog.records] == [
        f"{copy}: copied or changed since it was last checked, checking it in full"
    ]
    caplog.clear()
    assert read_cache(copy, KEY) is not None
    assert not caplog.records
    assert sorted(path.name for path in copy.iterdir()) == sorted([FRAMES, STATISTICS, META])


def test_root_is_the_environment_variable_first(tmp_path, monkeypatch):
    monkeypatch.setenv("TSSD_CACHE", str(tmp_path / "chosen"))
    assert cache_root(tmp_path / "data") == tmp_path / "chosen"
    monkeypatch.setenv("TSSD_CACHE", "~/chosen")
    assert cache_root(tmp_path) == Path.home() / "chosen"
    assert not list(tmp_path.iterdir())


def test_root_is_beside_the_data(tmp_path, monkeypatch):
    monkeypatch.delenv("TSSD_CACHE", raising=False)
    assert cache_root(tmp_path) == tmp_path / ".tssd-cache"
    assert not list(tmp_path.iterdir())
    (tmp_path / ".tssd-cache").mkdir()
    assert cache_root(tmp_path) == tmp_path / ".tssd-cache"


def test_root_is_the_users_where_the_data_cannot_be_written(tmp_path, monkeypatch, caplog):
    monkeypatch.delenv("TSSD_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    (tmp_path / ".tssd-cache").write_text("a file, so that root cannot write there either")
    assert cache_root(tmp_path) == tmp_path / "xdg" / "tssd"
    assert f"caches are kept in {tmp_path / 'xdg' / 'tssd'}; set TSSD_CACHE" in caplog.text
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_root(tmp_path) == tmp_path / "home" / ".cache" / "tssd"


def test_root_is_the_users_where_permissions_forbid(tmp_path, monkeypatch):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    monkeypatch.delenv("TSSD_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    data = tmp_path / "data"
    data.mkdir(mode=0o555)
    assert cache_root(data) == tmp_path / "xdg" / "tssd"
