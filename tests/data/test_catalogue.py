import hashlib
from dataclasses import replace

import numpy as np
import pytest

from events.recordings import at
from tssd.data.catalogue import Catalogue, FileRecording, check_counts, numbered, require_sensor
from tssd.errors import DataError
from tssd.events.files import PlainFile


def test_a_file_is_one_sample_under_its_own_name(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"abc")
    file = PlainFile(tmp_path, "a.bin")
    events = at([1, 2])
    seen = []
    recording = FileRecording("train/3/a", file, lambda file: seen.append(file) or events)
    assert (recording.name, recording.samples, recording.stamp) == ("train/3/a", 1, file.stamp)
    assert recording.read() == [events]
    assert seen == [file]


@pytest.fixture
def catalogue(tmp_path):
    """Two samples for training, one for testing."""
    recordings = [FileRecording(name, PlainFile(tmp_path, f"{name}.bin"), None) for name in "abc"]
    return Catalogue(recordings, np.array([4, 0, 7]), train=np.array([0, 2]), test=np.array([1]))


def test_the_hash_is_of_part_label_and_name(catalogue):
    lines = b"train\n4 a#0\n7 c#0\ntest\n0 b#0\n"
    assert catalogue.id_hash == hashlib.sha256(lines).hexdigest()[:12]


def test_another_label_or_part_gives_another_hash(catalogue):
    relabelled = replace(catalogue, labels=np.array([4, 0, 8]))
    moved = replace(catalogue, train=np.array([0]), test=np.array([1, 2]))
    assert len({c.id_hash for c in (catalogue, relabelled, moved)}) == 3


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
