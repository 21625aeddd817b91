"""Order, how far threads run ahead, and errors that name the recording."""

import threading
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from tssd.errors import DataError, UsageError
from tssd.events import converting
from tssd.events.binning import to_frames
from tssd.events.converting import AHEAD, Plan, in_order
from tssd.events.slicing import FixedTime

from .recordings import (
    FileRecording,
    MemoryRecording,
    at,
    folder_of_recordings,
    random_events,
    write,
)


def plan(recordings, size=None):
    return Plan(recordings, FixedTime(20.0), 4, size, 8)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_keep_their_order(threads):
    def slow_when_even(n):
        time.sleep(0.002 * (n % 2 == 0))
        return n

    assert list(in_order(slow_when_even, range(20), threads=threads)) == list(range(20))


def test_threads_never_run_far_ahead():
    started = []
    results = in_order(started.append, range(1000), threads=2)
    with closing(results):
        next(results)
        time.sleep(0.05)
        assert len(started) <= 2 * AHEAD + 1


def test_threads_end_when_the_reader_stops():
    def work(n):
        time.sleep(0.001)
        return n

    before = threading.active_count()
    with closing(in_order(work, range(100), threads=3)) as results:
        assert next(results) == 0
        assert threading.active_count() > before
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_samples_are_read_and_counted(tmp_path, workers):
    recordings = folder_of_recordings(tmp_path, 5)
    converted = list(plan(recordings, size=(6, 8)).convert_all(workers))
    assert [one.name for one in converted] == [recording.name for recording in recordings]
    for one, recording in zip(converted, recordings, strict=True):
        for frames, row, events in zip(one.frames, one.rows, recording.read(), strict=True):
            expected = to_frames(events, FixedTime(20.0), 4, size=(6, 8))
            np.testing.assert_array_equal(frames.counts, expected.counts)
            assert row == (150, events.duration, expected.saturated, expected.empty)


def test_large_recordings_are_read_in_threads(monkeypatch):
    monkeypatch.setattr(converting, "THREADS_FROM", 100)
    monkeypatch.setattr("os.cpu_count", lambda: 2)

    def readers(events):
        names = set()

        def make():
            names.add(threading.current_thread().name)
            return [random_events(events)]

        list(plan([MemoryRecording(str(n), make) for n in range(8)]).convert_all(None))
        return names - {threading.current_thread().name}

    assert not readers(99)
    assert readers(100)


def test_notes_are_collected_once():
    notes = [("2 bytes dropped",), ("2 bytes dropped", "sorted"), ()]
    samples = [replace(at([1, 2]), notes=n) for n in notes]
    recording = MemoryRecording("a", lambda: samples, samples=3)
    (converted,) = plan([recording]).convert_all(1)
    assert list(converted.notes) == ["2 bytes dropped", "sorted"]


def failing(error):
    def make():
        raise error

    return [MemoryRecording("bad.bin", make)]


@pytest.mark.parametrize("error", [DataError("bad.bin: truncated"), UsageError("wrong option")])
def test_errors_of_readers_pass_through(error):
    with pytest.raises(type(error)) as caught:
        list(plan(failing(error)).convert_all(1))
    assert caught.value is error


@pytest.mark.parametrize("error", [ValueError("of\ntwo lines"), IndexError(), OSError("gone")])
def test_other_errors_name_the_recording_in_one_line(error):
    with pytest.raises(DataError, match=r"^bad.bin: cannot be read \([^\n]+\): ") as caught:
        list(plan(failing(error)).convert_all(2))
    assert caught.value.__cause__ is error


def test_errors_of_counting_name_the_recording():
    outside = MemoryRecording("wide.bin", lambda: [at([1], x=4)])
    with pytest.raises(DataError, match=r"^wide.bin: an event has column 4"):
        list(plan([outside]).convert_all(1))
    with pytest.raises(UsageError, match=r"^ok.bin: the size of the frames is 9x9"):
        list(plan([MemoryRecording("ok.bin", lambda: [at([1])])], (9, 9)).convert_all(1))


def test_a_wrong_number_of_samples_is_refused():
    recording = MemoryRecording("few.bin", lambda: [at([1])], samples=2)
    with pytest.raises(DataError, match=r"few.bin: has 1 samples, expected 2"):
        list(plan([recording]).convert_all(1))


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = write(tmp_path / "growing.npy", random_events(10))

    class Growing(FileRecording):
        def read(self):
            events = super().read()
            write(self.path, random_events(20))
            return events

    with pytest.raises(DataError, match=r"growing.npy: changed while it was read"):
        list(plan([Growing(path)]).convert_all(1))
