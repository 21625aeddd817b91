"""The note that keeps real and simulated recordings apart."""

import json
import os
import threading
import time
from multiprocessing import get_context

import pytest

from tssd.atomic import replacing
from tssd.errors import DataError
from tssd.events.datasets.simulated import NOTE, is_simulated
from tssd.lock import LOCK
from tssd.simulate.datasets.note import claimed, mark, note

TEXT = note("CIFAR10-DVS", {"seed": 3, "camera": {"size": 128}})


def test_an_empty_or_new_folder_gets_the_note(tmp_path):
    folder = tmp_path / "new" / "folder"
    mark(folder, TEXT)
    said = json.loads((folder / NOTE).read_text())
    assert said["seed"] == 3 and "simulated, not recorded" in said["note"]
    assert is_simulated(folder) and not is_simulated(tmp_path)


def test_the_same_parameters_find_the_folder_theirs(tmp_path):
    mark(tmp_path, TEXT)
    (tmp_path / "airplane").mkdir()
    mark(tmp_path, TEXT)


def test_other_parameters_are_refused_and_nothing_is_changed(tmp_path):
    mark(tmp_path, TEXT)
    with pytest.raises(DataError, match="begun with seed = 3, now it is 4"):
        mark(tmp_path, note("CIFAR10-DVS", {"seed": 4, "camera": {"size": 128}}))
    with pytest.raises(DataError, match='data_set = "CIFAR10-DVS", now it is "DVS-Gesture"'):
        mark(tmp_path, note("DVS-Gesture", {"seed": 3, "camera": {"size": 128}}))
    with pytest.raises(DataError, match="camera = .*now it is null"):
        mark(tmp_path, note("CIFAR10-DVS", {"seed": 3}))
    assert (tmp_path / NOTE).read_text() == TEXT


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "airplane").mkdir()
    with pytest.raises(DataError, match="holds airplane but no SIMULATED.json"):
        mark(tmp_path, TEXT)
    assert not is_simulated(tmp_path)


@pytest.mark.parametrize("contents", [b"{", b"\xff", b"[1]"])
def test_a_damaged_note_is_named(tmp_path, contents):
    (tmp_path / NOTE).write_bytes(contents)
    with pytest.raises(DataError, match=NOTE):
        mark(tmp_path, TEXT)


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be made or read as a folder"):
        mark(tmp_path / "file", TEXT)


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_claimed_folder_has_a_place_for_files_in_between(tmp_path):
    with claimed(tmp_path, TEXT) as scratch:
        (scratch / "half").touch()
        assert scratch.parent == tmp_path
    with pytest.raises(KeyError), claimed(tmp_path, TEXT) as scratch:
        (scratch / "half").touch()
        raise KeyError
    assert names(tmp_path) == {NOTE}


def write_for_ever(folder, ready):
    with (
        claimed(folder / "set", TEXT) as scratch,
        replacing(scratch / "a"),
        replacing(folder / "set" / "b"),
    ):
        ready.set()
        time.sleep(60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_what_a_killed_simulation_has_left_is_removed_by_the_next_one(tmp_path):
    context = get_context("fork")
    ready = context.Event()
    process = context.Process(target=write_for_ever, args=(tmp_path, ready))
    process.start()
    assert ready.wait(5)
    process.kill()
    process.join()
    folder = tmp_path / "set"
    assert len(names(folder)) == 5  # the note, a lock, and what it was writing
    with claimed(folder, TEXT) as scratch:
        assert names(folder) == {NOTE, LOCK, scratch.name}
    assert names(folder) == {NOTE}


def test_killed_before_the_note_was_whole_the_folder_is_still_ours(tmp_path):
    (tmp_path / f".{NOTE}.123.0123abcd.partial").write_text("{")
    with claimed(tmp_path, TEXT):
        assert is_simulated(tmp_path)
    assert names(tmp_path) == {NOTE}


def test_two_simulations_of_one_folder_take_turns(tmp_path, caplog):
    order = []

    def second():
        with claimed(tmp_path, TEXT):
            order.append("second")

    with claimed(tmp_path, TEXT):
        thread = threading.Thread(target=second)
        thread.start()
        while "another process simulates into it" not in caplog.text:
            time.sleep(0.01)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
