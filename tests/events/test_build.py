"""Open or build: what is made, when it is made again, and how it fails."""

import logging
import os
import shutil
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from tssd.errors import DataError, UsageError
from tssd.events.build import open_frames
from tssd.events.cache import FRAMES, META, STATISTICS
from tssd.events.slicing import FixedTime

from .recordings import FileRecording, MemoryRecording, at, counted, folder_of_recordings, write
from .recordings import random_events as events_of

KEY = {"dataset": "N-MNIST", "split": "all"}


def opened(root, recordings, **changes):
    options = {"slicing": FixedTime(20.0), "slices": 4, "workers": 2, "progress": False} | changes
    return open_frames(root, KEY, recordings, **options)


@pytest.fixture
def recordings(tmp_path):
    return folder_of_recordings(tmp_path / "data", 6)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "caches"


def state(folder):
    """Everything below a folder: contents and times."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def builds(caplog):
    return sum("caching" in record.message for record in caplog.records)


@pytest.mark.parametrize("size", [None, (6, 8)])
def test_all_samples_are_counted_in_order(root, recordings, size):
    cache = opened(root, recordings, size=size)
    samples = [events for recording in recordings for events in recording.read()]
    expected = [
        counted(events, [int(events.t[0]) + k * 20_000 for k in range(5)], size=size)
        for events in samples
    ]
    np.testing.assert_array_equal(cache.frames, expected)
    assert cache.frames.dtype == np.uint8
    assert cache.statistics["events"].tolist() == [len(events) for events in samples]
    assert cache.statistics["duration"].tolist() == [events.duration for events in samples]
    empty = (np.array(expected).sum(axis=(2, 3, 4)) == 0).sum(axis=1)
    assert cache.statistics["empty"].tolist() == empty.tolist()
    assert cache.path.parent == root
    assert {path.name for path in cache.path.iterdir()} == {FRAMES, STATISTICS, META}
    assert [path.name for path in root.iterdir()] == [cache.path.name]


def test_a_second_start_reads_and_writes_nothing(root, recordings, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    first = opened(root, recordings)
    assert builds(caplog) == 1
    before = state(tmp_path)

    def refuse():
        raise AssertionError("read again")

    sources = [
        MemoryRecording(r.name, refuse, samples=2, stamp=r.stamp, change=r.change)
        for r in recordings
    ]
    again = opened(root, sources)
    np.testing.assert_array_equal(again.frames, first.frames)
    assert state(tmp_path) == before
    assert builds(caplog) == 1


def test_data_are_never_touched(root, recordings, tmp_path):
    before = state(tmp_path / "data")
    opened(root, recordings)
    assert state(tmp_path / "data") == before


def test_size_is_announced_before_anything_is_written(root, recordings, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("tssd.events.build.Writer", None)
    with pytest.raises(TypeError):
        opened(root, recordings)
    assert [record.message.split(": ", 1)[1] for record in caplog.records] == [
        "caching 12 samples, 0.0 MiB"
    ]


def test_changed_sources_are_built_anew_and_the_old_cache_stays(root, recordings):
    before = opened(root, recordings)
    old = np.array(before.frames)
    write(recordings[3].path, events_of(300, seed=99))
    after = opened(root, recordings)
    assert after.path != before.path
    np.testing.assert_array_equal(before.frames, old)
    changed = [n for n in range(12) if (after.frames[n] != old[n]).any()]
    assert changed == [6, 7]


@pytest.mark.parametrize("name", [FRAMES, STATISTICS, META])
@pytest.mark.parametrize("damage", ["gone", "cut", "overwritten"])
def test_damaged_caches_are_built_again(root, recordings, caplog, name, damage):
    caplog.set_level(logging.INFO)
    cache = opened(root, recordings)
    expected, path = np.array(cache.frames), cache.path / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(content[:-20] + b"\xff" * 20)
        os.utime(path, ns=(5, 5))
    again = opened(root, recordings)
    np.testing.assert_array_equal(again.frames, expected)
    assert name in caplog.text and "building it again" in caplog.text
    assert builds(caplog) == 2
    assert [path.name for path in root.iterdir()] == [cache.path.name]


def test_something_else_in_place_of_the_cache_is_replaced_and_what_it_links_to_stays(
    root, recordings, tmp_path
):
    path = opened(root, recordings).path
    precious = tmp_path / "precious"
    shutil.move(path, precious)
    (precious / META).unlink()
    (precious / "mine").write_text("x")
    path.symlink_to(precious)
    assert opened(root, recordings).path == path
    assert not path.is_symlink()
    assert (precious / "mine").read_text() == "x"


def test_notes_are_kept_by_recording(root):
    noted = replace(at([1, 2]), notes=("1 byte dropped",))
    sources = [MemoryRecording("a", lambda: [noted]), MemoryRecording("b", lambda: [at([1])])]
    for _ in range(2):
        assert opened(root, sources).notes == {"a": ["1 byte dropped"]}


def test_saturation_is_counted_and_said(root, caplog):
    sources = [MemoryRecording("a", lambda: [at(np.zeros(300))])]
    assert opened(root, sources).statistics["saturated"].tolist() == [1]
    assert "1 of 128 counts stand at the maximum of 8 bits; bits=16" in caplog.text
    wide = opened(root, sources, bits=16)
    assert (wide.frames.dtype, wide.frames.max()) == (np.uint16, 300)
    assert wide.statistics["saturated"].tolist() == [0]


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_stops_the_build_and_leaves_nothing(root, recordings, workers):
    recordings[4].path.write_bytes(b"no array")
    with pytest.raises(DataError, match=r"^004.npy: cannot be read"):
        opened(root, recordings, workers=workers)
    assert not list(root.iterdir())


def test_ctrl_c_stops_the_build_and_leaves_nothing(root, recordings):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened(root, [*recordings, MemoryRecording("last", interrupt)])
    assert not list(root.iterdir())


def test_sensors_of_different_sizes_need_a_size(root, tmp_path):
    small = FileRecording(write(tmp_path / "a.npy", events_of(9)))
    large = FileRecording(
        write(tmp_path / "b.npy", events_of(9, height=20, width=30)), height=20, width=30
    )
    with pytest.raises(DataError, match=r"^b.npy: has 30x20 pixels, the first recording 16x12"):
        opened(root, [small, large])
    assert not list(root.iterdir())
    assert opened(root, [small, large], size=(8, 8)).frames.shape == (2, 4, 2, 8, 8)


def test_too_little_space_is_found_before_anything_is_written(root, recordings, monkeypatch):
    usage = shutil.disk_usage(root.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2**14))
    message = r"caches: 0.0 MiB are free, the cache needs 0.0 MiB \(\d+ bytes\): make room"
    with pytest.raises(DataError, match=message):
        opened(root, recordings)
    assert not list(root.iterdir())


def test_a_root_that_cannot_be_made_is_named(tmp_path, recordings):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match=r"file.caches.*cannot be written \(Not a directory\)"):
        opened(tmp_path / "file" / "caches", recordings)


def test_memory_does_not_grow_with_the_number_of_samples(root):
    def peak(count):
        sources = [
            MemoryRecording(f"{count}/{n}", lambda: [events_of(500, height=64, width=64)])
            for n in range(count)
        ]
        tracemalloc.start()
        cache = opened(root, sources)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, cache.nbytes

    peak(5)
    (few, small), (many, large) = peak(20), peak(320)
    assert large - small > 9e6
    assert many - few < 0.05 * (large - small)


def test_progress_goes_to_standard_error(root, recordings, capfd):
    opened(root, recordings, progress=True)
    out, err = capfd.readouterr()
    assert not out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("change", "message"),
    [({"workers": 0}, "workers is 0"), ({"bits": 4}, "bits is 4"), ({"slices": 0}, "slices is 0")],
)
def test_wrong_options_are_refused(root, recordings, change, message):
    with pytest.raises(UsageError, match=message):
        opened(root, recordings, **change)
    assert not root.exists() or not list(root.iterdir())
