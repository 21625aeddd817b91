from functools import partial

import numpy as np
import pytest

from tssd.data.listing import list_parts
from tssd.data.own_recordings import RECORDINGS, OwnRecordings, find_camera, why_unreadable
from tssd.errors import DataError, UsageError
from tssd.events.datasets.catalogue import Reading
from tssd.events.files import PlainFile
from tssd.events.formats.columns import Columns

from .own_folders import SIDE, WRITERS, events_of, write


def test_the_same_events_whatever_the_format(tmp_path):
    files = OwnRecordings((SIDE, SIDE))
    for name in WRITERS:
        write(tmp_path, name, seed=7)
        found = files.read(PlainFile(tmp_path, name), Reading(strict=True))
        for key in "txyp":
            np.testing.assert_array_equal(getattr(found, key), getattr(events_of(7), key), name)
        assert (found.height, found.width) == (SIDE, SIDE), name


def test_the_listing_becomes_a_catalogue(tmp_path):
    write(
        tmp_path,
        "train/a/0a.npz", "train/a/1a.csv", "train/b/0a.npy", "test/b/0a.npz", "val/a/0a.csv",
    )  # fmt: skip
    listing = list_parts(tmp_path, kind=RECORDINGS)
    found = OwnRecordings((SIDE, SIDE), listing=listing).find(tmp_path, Reading())
    assert [recording.name for recording in found.recordings] == [
        "train/a/0a.npz", "train/a/1a.csv", "train/b/0a.npy", "test/b/0a.npz", "val/a/0a.csv",
    ]  # fmt: skip
    assert found.labels.tolist() == [0, 0, 1, 1, 0]
    assert (found.test.tolist(), found.val.tolist()) == ([3], [4])
    assert len(found.recordings[2].read()[0]) == 120


def test_the_sensor_is_that_of_the_first_recording_that_says_it(tmp_path):
    write(tmp_path, "0a.csv", "1a.npz")
    paths = sorted(tmp_path.iterdir())
    with pytest.raises(DataError) as raised:
        find_camera(paths, tmp_path)
    events = events_of(0)
    assert str(raised.value) == (
        f"{tmp_path}: no recording says the size of its sensor; give --data.height and "
        f"--data.width, in pixels (the events of 0a.csv reach column {events.x.max()}, "
        f"row {events.y.max()})"
    )
    for name in ("2evt3.raw", "3a.dat", "4a.h5", "52.aedat"):
        write(tmp_path, name)
        assert find_camera([*paths, tmp_path / name], tmp_path) == (SIDE, SIDE)


def test_what_is_not_sound_says_no_sensor(tmp_path):
    write(tmp_path, "0a.dat", "1a.csv", side=64)
    write(tmp_path, "2a.dat", "3a.dat")
    paths, asked = sorted(tmp_path.iterdir()), []

    def is_sound(path):
        asked.append(path.name)
        return path.name != "0a.dat"

    assert find_camera(paths, tmp_path, is_sound=is_sound) == (SIDE, SIDE)
    assert asked == ["0a.dat", "2a.dat"]
    with pytest.raises(DataError, match=r"no recording says .* events of 1a.csv reach"):
        find_camera(paths[:2], tmp_path, is_sound=is_sound)
    with pytest.raises(DataError, match=f"{tmp_path} holds no readable recordings"):
        find_camera(paths[:1], tmp_path, is_sound=is_sound)


def test_another_sensor_is_refused_with_the_files_name(tmp_path):
    write(tmp_path, "a.dat", side=64)
    with pytest.raises(
        DataError, match=r"a.dat is of a sensor of 64x64 pixels, expected 128x128 .*skip_corrupt"
    ):
        OwnRecordings((SIDE, SIDE)).read(PlainFile(tmp_path, "a.dat"), Reading())
    why = partial(why_unreadable, tmp_path / "a.dat", Columns())
    assert why() == why(sensor=(64, 64)) == ""
    assert why(sensor=(SIDE, SIDE)).startswith("is of a sensor of 64x64 pixels, expected 128x128")


def test_the_advice_for_a_damaged_file_names_the_option(tmp_path):
    (tmp_path / "a.raw").write_bytes(b"% evt 4.0\n")
    with pytest.raises(DataError, match="--data.skip_corrupt true leaves such out$"):
        OwnRecordings((9, 9)).read(PlainFile(tmp_path, "a.raw"), Reading())
    assert why_unreadable(tmp_path / "a.raw", Columns()).startswith("its header names encoding 4.0")
    write(tmp_path, "b_a.csv")
    assert why_unreadable(tmp_path / "b_a.csv", Columns()) == ""


def test_a_recording_beyond_the_sensor_that_is_given_is_unreadable(tmp_path):
    (tmp_path / "a.csv").write_text("t,x,y,p\n" + "".join(f"{n},{n},0,1\n" for n in range(90)))
    why = partial(why_unreadable, tmp_path / "a.csv", Columns())
    assert why() == why(sensor=(1, 90)) == ""
    assert "80 of 90 events off the sensor of 10x1" in why(sensor=(1, 10))


def test_what_is_repaired_else_is_unreadable_where_nothing_may_be(tmp_path):
    (tmp_path / "a.csv").write_text("t,x,y,p\n0,0,0,1\n9,0,0,1\n5,0,0,1\n")
    why = partial(why_unreadable, tmp_path / "a.csv", Columns())
    assert why() == ""
    assert "goes back in time" in why(strict=True)


def test_a_single_file_needs_a_size_from_somewhere(tmp_path):
    write(tmp_path, "a.csv", "a.dat")
    assert OwnRecordings().read_own(tmp_path / "a.dat", Reading()).width == SIDE
    assert OwnRecordings((130, 140)).read_own(tmp_path / "a.csv", Reading()).width == 140
    with pytest.raises(UsageError, match="a.csv does not say the size of its sensor"):
        OwnRecordings().read_own(tmp_path / "a.csv", Reading())
    with pytest.raises(UsageError, match="data.height: the size of the sensor is not known"):
        _ = OwnRecordings().sensor


def test_what_changes_how_files_are_read_is_in_the_key():
    keys = [
        OwnRecordings(*options).key()
        for options in (
            ((9, 8),),
            ((8, 9),),
            ((9, 8), 3),
            ((9, 8), None, Columns(("t", "x", "y", "p"))),
            ((9, 8), None, Columns(None, "s")),
        )
    ]
    assert len({str(key) for key in keys}) == len(keys)


def test_a_recording_in_two_formats_is_told(tmp_path, caplog):
    write(tmp_path, "a/1.csv", "a/2.csv", "b/1.csv", "b/1.dat", "b/1.npy")
    listing = list_parts(tmp_path, kind=RECORDINGS, may_be_whole=True)
    found = OwnRecordings((SIDE, SIDE), listing=listing).find(tmp_path, Reading())
    assert len(found.recordings) == 5
    assert caplog.messages == [
        f"{tmp_path}: 2 recordings have the name of another one, but for the suffix (first: "
        "b/1.csv and b/1.dat): if they are the same, delete one"
    ]
