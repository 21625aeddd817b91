import hashlib
from dataclasses import replace

import numpy as np
import pytest

from events.recordings import MemoryRecording, at
from tssd.errors import DataError
from tssd.events.datasets.catalogue import (
    Catalogue,
    FileRecording,
    Reading,
    check_counts,
    numbered,
    require_sensor,
)
from tssd.events.files import PlainFile


def test_a_file_is_one_sample_under_its_own_name(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"abc")
    file, how = PlainFile(tmp_path, "a.bin"), Reading(strict=True)
    events = at([1, 2])
    seen = []
    recording = FileRecording("train/3/a", file, lambda *given: seen.append(given) or events, how)
    assert (recording.name, recording.samples, recording.stamp) == ("train/3/a", 1, file.stamp)
    assert recording.read() == [events]
    assert seen == [(file, how)]


@pytest.fixture
def catalogue(tmp_path):
    """Three samples."""
    recordings = [FileRecording(name, PlainFile(tmp_path, f"{name}.bin"), None) for name in "abc"]
    return Catalogue(recordings, np.array([4, 0, 7]), tuple("01234567"))


def ids(catalogue, train, test):
    return catalogue.id_hash({"train": np.array(train), "test": np.array(test)})


def test_the_hash_is_of_part_label_and_name(catalogue):
    lines = b"train\n4 a#0\n7 c#0\ntest\n0 b#0\n"
    assert ids(catalogue, [0, 2], [1]) == hashlib.sha256(lines).hexdigest()[:12]


def test_another_label_or_part_gives_another_hash(catalogue):
    relabelled = replace(catalogue, labels=np.array([4, 0, 8]))
    hashes = {
        ids(catalogue, [0, 2], [1]),
        ids(relabelled, [0, 2], [1]),
        ids(catalogue, [0], [1, 2]),
    }
    assert len(hashes) == 3


def test_files_are_read_no_further_than_will_be_used_and_other_recordings_as_they_are(catalogue):
    whole = MemoryRecording("trial", [at([1])])
    mixed = replace(catalogue, recordings=[*catalogue.recordings, whole])
    *files, other = mixed.used(3000, "zero")
    assert [r.reading for r in files] == [Reading(duration=3000, start="zero")] * 3
    assert [r.name for r in files] == list("abc")
    assert other is whole
    assert catalogue.recordings[0].reading == Reading()


EXPECTED = {"cat": 3, "dog": 2}


def check(found, *, allow_incomplete=False):
    check_counts("folder", found, EXPECTED, allow_incomplete=allow_incomplete)


def test_the_right_counts_pass():
    check(EXPECTED)
    check({"cat": 1}, allow_incomplete=True)


def test_missing_ones_are_refused_with_the_way_out():
    with pytest.raises(DataError) as raised:
        check({"dog": 2, "cat": 1})
    assert str(raised.value) == (
        "folder: recordings are missing or surplus (cat: 1 of 3); complete the download or remove "
        "what does not belong there, or use what is there with --data.allow_incomplete true"
    )
    with pytest.raises(DataError, match=r"\(cat: 0 of 3; dog: 0 of 2\)"):
        check({})


@pytest.mark.parametrize("allow_incomplete", [False, True])
def test_surplus_and_unknown_ones_are_always_refused(allow_incomplete):
    with pytest.raises(DataError, match=r"\(dog: 4 of 2; bird: 1, not part of it\); complete"):
        check({"cat": 3, "dog": 4, "bird": 1}, allow_incomplete=allow_incomplete)


def test_numbers_of_the_true_entries():
    found = numbered([False, True, True])
    assert (found.tolist(), found.dtype) == ([1, 2], np.int64)
    assert numbered([]).tolist() == []


def test_a_recording_of_another_sensor_is_refused():
    events = at([1], height=260, width=346)
    require_sensor(events, (260, 346), "a.aedat")
    with pytest.raises(DataError, match="a.aedat is of a camera with 346x260 pixels, expected 1"):
        require_sensor(events, (128, 128), "a.aedat")


def test_what_is_missing_is_told_where_it_is_allowed(caplog):
    expected = {"a": 2, "b": 3, "c": 1}
    with caplog.at_level("INFO", logger="tssd"):
        check_counts("set", {"a": 2, "b": 1}, expected, allow_incomplete=True)
    assert caplog.messages == ["set: incomplete, b: 1 of 3, c: 0 of 1"]
