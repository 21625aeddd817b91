import logging
import os
from functools import partial

import numpy as np
import pytest

from events.recordings import counted
from tssd.data import EventFolder
from tssd.data.splits import TEST_SEED, hold_out
from tssd.errors import DataError, UsageError
from tssd.events import FixedTime
from tssd.testing import check_data_module

from .event_folders import connected, frames_of, state
from .own_folders import SIDE, WRITERS, events_of, write


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two classes, every format in each of them."""
    root = tmp_path_factory.mktemp("own")
    names = [f"train/{label}/{name}" for label in ("left", "right") for name in WRITERS]
    return write(root, *names, "test/left/9a.csv", "test/right/9a.dat", "test/right/8a.npy")


def own(root, **options):
    return connected(EventFolder, root, **{"allow_incomplete": False, "val_share": 0, **options})


@pytest.fixture
def small(tmp_path):
    """Six recordings that do not say their sensor, without parts."""
    names = [f"{label}/{n}a.{kind}" for label in ("b", "a") for n, kind in enumerate(["csv"] * 5)]
    return write(tmp_path / "set", *names, count=40)


def test_frames_of_mixed_formats_are_those_of_the_events(root):
    data = own(root, size=16, slicing=FixedTime(20.0))
    assert data.split_sizes == {"train": 20, "val": 0, "test": 3}
    assert (data.class_names, data.sample_shape) == (("left", "right"), (2, 16, 16))
    frames, labels = frames_of(data, "train")
    assert labels.tolist() == [0] * 10 + [1] * 10
    order = [f"train/{label}/{name}" for label in ("left", "right") for name in WRITERS]
    for n, name in enumerate(sorted(order)):
        events = events_of(order.index(name))
        borders = [int(events.t[0]) + 20_000 * k for k in range(5)]
        np.testing.assert_array_equal(frames[n], counted(events, borders, size=(16, 16)), name)


def test_it_keeps_the_contract_of_a_data_module(root):
    before = state(root)
    check_data_module(partial(EventFolder, str(root), size=12))
    assert state(root) == before


def test_a_folder_without_parts_is_split_by_a_share_of_each_class(small):
    sized = {"height": SIDE, "width": SIDE, "size": 8}
    data = own(small, **sized)
    assert data.split_sizes == {"train": 8, "val": 0, "test": 2}
    expected = hold_out(np.repeat([0, 1], 5), 0.2, seed=TEST_SEED)[1]
    assert data.official["test"].tolist() == expected.tolist()
    assert own(small, **sized, test_share=0.4).split_sizes["test"] == 4
    assert own(small, **sized, seed=5).split_hash == data.split_hash
    # The cache lies in the folder itself, which may be all of the data root.
    assert data.cache.path.parent == small / ".tssd-cache"
    assert (
        own(small.parent, folder="set", **sized).cache.path.parent == small.parent / ".tssd-cache"
    )
    again = own(small, **sized)
    again.train_is_needed = False
    assert again.split_hash == data.split_hash


def test_val_is_for_validation_where_there_is_a_test_part(root, tmp_path):
    names = ("train/a/a.dat", "train/b/a.dat", "test/a/a.dat", "val/b/a.dat", "val/a/a.dat")
    data = own(write(tmp_path, *names), size=8, val_share=0.5)
    assert data.split_sizes == {"train": 2, "val": 2, "test": 1}
    assert frames_of(data, "val")[1].tolist() == [0, 1]
    os.rename(tmp_path / "test", tmp_path / ".away")
    assert own(tmp_path, size=8).split_sizes == {"train": 2, "val": 0, "test": 2}


def test_the_middle_of_the_sensor_alone(root):
    all_of_it = FixedTime(30.0, start="zero")
    data = own(root, crop=64, size=None, slicing=all_of_it)
    assert data.sample_shape == (2, 64, 64)
    whole = own(root, size=None, slicing=all_of_it).cache.frames
    np.testing.assert_array_equal(data.cache.frames.sum(1), whole.sum(1)[..., 32:96, 32:96])
    assert own(root, crop=64, size=8).cache.path != own(root, size=8).cache.path


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"height": 9}, "data.height, data.width: got 9 and None, expected both or none"),
        ({"height": 0, "width": 9}, "data.height: got 0, expected 1 to 65536 pixels"),
        ({"test_share": 1.0}, "data.test_share: got 1.0, expected above 0 and below 1"),
        (
            {"columns": ["t", "x"]},
            r"data.columns: got \['t', 'x'\], expected each of t, x, y and p",
        ),
        ({"time_unit": "h"}, "data.time_unit: got 'h', expected ns or us or ms or s"),
        ({"crop": 9, "size": 10}, "data.size: got 10, expected 1 to 9 cells"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_read(options, message):
    with pytest.raises(UsageError, match=message):
        EventFolder(**options)


def test_sizes_are_compared_with_the_sensor_that_is_found(root):
    with pytest.raises(UsageError, match="data.size: got 129, expected 1 to 128 cells"):
        _ = own(root, size=129).cache
    with pytest.raises(UsageError, match="data.crop: got 200, expected 1 to 128 pixels"):
        _ = own(root, crop=200, size=8).cache


def test_another_sensor_in_the_folder_is_named(root, tmp_path):
    write(tmp_path, "train/a/0a.dat", "train/b/0a.dat", "test/a/0a.dat")
    write(tmp_path, "train/b/1a.dat", side=64)
    with pytest.raises(DataError, match=r"train/b/1a.dat is of a sensor of 64x64 pixels, expected"):
        _ = own(tmp_path, size=8).cache


def test_unreadable_recordings_are_named_or_left_out(tmp_path, caplog):
    write(tmp_path, "train/a/0a.dat", "train/a/1a.dat", "train/b/0a.dat", "test/a/0a.dat")
    write(tmp_path, "test/b/0a.dat")
    bad = tmp_path / "train/a/1a.dat"
    bad.write_bytes(bad.read_bytes()[:20])
    with pytest.raises(DataError, match=r"train/a/1a.dat ends within .* --data.skip_corrupt true"):
        _ = own(tmp_path, size=8).cache
    (tmp_path / "test/a/1.npy").write_bytes(b"")
    with caplog.at_level(logging.WARNING, logger="tssd"):
        data = own(tmp_path, size=8, skip_corrupt=True)
        data.setup()
    assert data.split_sizes == {"train": 2, "val": 0, "test": 2}
    told = [message for message in caplog.messages if "left out" in message]
    assert len(told) == 1
    assert told[0].startswith(f"{tmp_path}: left out 2 unreadable recordings: {bad} ends within")
    assert f"; {tmp_path}/test/a/1.npy starts with nothing" in told[0]
    assert data.listing.skipped["unreadable recordings"] == 2
    (tmp_path / "train/b/0a.dat").write_bytes(b"%")
    with pytest.raises(DataError, match="train/b holds no recordings: add some"):
        own(tmp_path, size=8, skip_corrupt=True).setup()


def test_recordings_beyond_the_sensor_that_is_found_are_left_out(tmp_path, caplog):
    write(tmp_path, "train/a/1a.dat", "train/b/0a.dat", "test/a/0a.csv", "test/b/0a.dat")
    write(tmp_path, "train/b/1a.dat", side=64)
    first, other, beyond = (
        tmp_path / f"train/{name}" for name in ("a/0.dat", "b/1a.dat", "b/2.csv")
    )
    first.write_bytes(b"%")
    beyond.write_text("t,x,y,p\n" + "".join(f"{n},500,0,1\n" for n in range(90)))
    with caplog.at_level(logging.WARNING, logger="tssd"):
        data = own(tmp_path, size=8, skip_corrupt=True)
        data.setup()
    assert (data.camera, data.split_sizes) == ((SIDE, SIDE), {"train": 2, "val": 0, "test": 2})
    (told,) = [message for message in caplog.messages if "left out" in message]
    assert f"left out 3 unreadable recordings: {first} " in told
    assert f"; {other} is of a sensor of 64x64 pixels, expected 128x128" in told
    assert f"; {beyond} has 90 of 90 events off the sensor of 128x128 pixels" in told
    given = own(tmp_path, size=8, skip_corrupt=True, height=SIDE, width=SIDE)
    assert given.listing.train.paths == data.listing.train.paths


def test_empty_recordings_give_zeros_and_late_ones_are_sorted(tmp_path, caplog):
    write(tmp_path, "train/a/0a.dat", "train/b/0a.dat", "test/a/0a.dat", "test/b/1a.dat")
    (tmp_path / "train/a/1.csv").write_text("t,x,y,p\n")
    (tmp_path / "train/b/1.csv").write_text("t,x,y,p\n7,1,1,1\n5,2,2,0\n")
    data = own(tmp_path, size=8)
    frames, _ = frames_of(data, "train")
    assert [int(f.sum() > 0) for f in frames] == [1, 0, 1, 1]
    notes = " ".join(note for notes in data.cache.notes.values() for note in notes)
    assert "a/1.csv holds no events" in notes
    assert "b/1.csv goes back in time 1 times, by up to 2 us, sorted" in notes
    assert "1 of 6 samples have no events" in caplog.text


def test_recordings_of_two_sets_are_told(tmp_path, caplog):
    write(tmp_path, "train/a/0a.dat", "train/b/0a.dat", "test/b/0a.dat", "test/a/0a.dat")
    (tmp_path / "test/a/0a.dat").write_bytes((tmp_path / "train/a/0a.dat").read_bytes())
    with caplog.at_level(logging.WARNING, logger="tssd"):
        own(tmp_path, size=8, slicing=FixedTime(25.0)).setup("fit")
    assert caplog.messages == [
        f"{tmp_path}: 1 of 2 test recordings are training recordings too (first: "
        f"{tmp_path}/test/a/0a.dat is {tmp_path}/train/a/0a.dat)"
    ]


def test_time_that_is_not_used_is_told(root, caplog):
    with caplog.at_level(logging.WARNING, logger="tssd"):
        _ = own(root, size=8, slicing=FixedTime(25.0)).cache
        assert not caplog.messages
        _ = own(root, size=8, slicing=FixedTime(5.0)).cache
    (told,) = caplog.messages
    assert "of which 20 ms are used (4 timesteps of 5 ms); --data.slicing.dt 25 uses 100 ms" in told


def test_a_recording_from_elsewhere_looks_as_one_of_the_folder(root, tmp_path):
    data = own(root, size=16, crop=100)
    write(tmp_path, "a.h5", seed=3)
    names = [recording.name for recording in data.catalogue.recordings]
    expected = data.cache.frames[names.index("train/left/table.csv")]
    # Without the folder, as for `tssd predict`.
    elsewhere = own(tmp_path / "gone", size=16, crop=100)
    frames = elsewhere.frames(elsewhere.read_file(tmp_path / "a.h5"))
    np.testing.assert_array_equal(frames.numpy(), expected)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            [],
            r"has no train/ \(found no folders\): expected train/<class>/<recording> and .* or <cl",
        ),
        (["train/a/a.csv", "train/b/a.csv"], "has neither test/ nor val/"),
        (["a/a.csv"], "has one class, a, expected two or more"),
        (["a/a.csv", "b/.hidden/a.csv"], r"b holds no recordings: add some"),
        (["set/train/a/a.csv"], r"has no train/ .*; give .*/set, which has one"),
    ],
)
def test_other_layouts_are_refused(tmp_path, names, message):
    (tmp_path / "own").mkdir()
    with pytest.raises(DataError, match=message):
        _ = own(write(tmp_path / "own", *names), size=8, height=SIDE, width=SIDE).listing
