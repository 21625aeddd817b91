"""Temporary folders, leftovers, and the size that is announced."""

import os

import numpy as np
import pytest

from tssd.events.cache import FRAMES, STATISTICS
from tssd.events.writing import (
    Writer,
    appearing,
    lock_path,
    partial_path,
    remove,
    remove_leftovers,
    size_on_disk,
)
from tssd.lock import Hold, locked


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_size_is_what_the_files_take(tmp_path, dtype):
    counts = np.zeros((7, 3, 2, 5, 9), dtype=dtype)
    writer = Writer(tmp_path, counts.shape, counts.dtype)
    for n in range(7):
        writer.add(counts[n], (0, 0, 0, 0))
    writer.finish({}, {}, {})
    sizes = [(tmp_path / name).stat().st_size for name in (FRAMES, STATISTICS)]
    assert sum(sizes) == size_on_disk(counts.shape, counts.dtype)


def test_size_of_huge_caches_does_not_overflow():
    assert size_on_disk((10**9, 40, 2, 1000, 1000), np.dtype(np.uint16)) > 2**56


@pytest.mark.parametrize("hold", [Hold.HELD, Hold.UNSUPPORTED])
def test_a_folder_appears_when_it_is_full_and_after_an_error_nothing_does(tmp_path, hold):
    place = tmp_path / "a"
    with pytest.raises(KeyboardInterrupt), appearing(place, hold) as folder:
        (folder / "file").write_text("x")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    with appearing(place, hold) as folder:
        (folder / "file").write_text("x")
        assert not place.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    with appearing(place, hold, replaces=True) as folder:
        assert not place.exists()
    assert [*tmp_path.iterdir()] == [place] and not list(place.iterdir())


def test_a_folder_that_another_made_meanwhile_stays(tmp_path):
    place = tmp_path / "a"
    with appearing(place, Hold.UNSUPPORTED):
        place.mkdir()
        (place / "theirs").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "theirs"]
    with pytest.raises(OSError), appearing(tmp_path / "b", Hold.HELD):
        (tmp_path / "b").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def leftover(cache):
    folder = partial_path(cache, Hold.HELD)
    folder.mkdir()
    (folder / FRAMES).write_bytes(b"half")
    return folder


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(tmp_path):
    dead, alive, mine = (tmp_path / name for name in ("x-dead", "x-alive", "x-mine"))
    gone, kept = leftover(dead), leftover(alive)
    lock_path(dead).touch()
    lock_path(tmp_path / "x-no-folder").touch()
    unlocked = partial_path(alive, Hold.UNSUPPORTED)
    unlocked.mkdir()
    others = tmp_path / "notes.tssd-partial"
    others.mkdir()
    (tmp_path / "x-finished").mkdir()
    with locked(lock_path(alive)), locked(lock_path(mine)):
        remove_leftovers(tmp_path)
        assert not gone.exists()
        assert (kept / FRAMES).read_bytes() == b"half"
        expected = {kept, unlocked, others, tmp_path / "x-finished"}
        assert set(tmp_path.iterdir()) == expected | {lock_path(alive), lock_path(mine)}


def test_unlocked_folders_have_names_of_their_own(tmp_path):
    names = {partial_path(tmp_path / "x", Hold.UNSUPPORTED) for _ in range(5)}
    assert len(names) == 5


def test_remove_takes_links_and_never_what_they_point_to(tmp_path):
    target = tmp_path / "precious"
    target.mkdir()
    (target / "file").write_text("x")
    link = tmp_path / ".x.tssd-partial"
    os.symlink(target, link)
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
    (tmp_path / "folder").mkdir()
    os.symlink(target, tmp_path / "folder" / "inside")
    remove(tmp_path / "folder")
    remove(tmp_path / "nothing")
    assert (target / "file").read_text() == "x"
