"""The simulated CIFAR10-DVS: names, contents, resuming, zips."""

import json
import zipfile

import numpy as np
import pytest

from tssd.errors import DataError, UsageError
from tssd.events.datasets.simulated import is_simulated
from tssd.events.formats.aedat2 import read_aedat2
from tssd.simulate import Setup
from tssd.simulate.datasets.cifar10dvs import CIFAR10_CLASSES, number, write_cifar10dvs

SETUP = Setup(duration=5.0, seed=2)


@pytest.fixture
def images():
    generator = np.random.default_rng(1)
    return {
        name: list(generator.integers(0, 256, (count, 3, 8, 8), dtype=np.uint8))
        for name, count in (("cat", 3), ("airplane", 2))
    }


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_layout_is_the_original_one_and_nothing_else_is_left(tmp_path, images):
    assert write_cifar10dvs(images, tmp_path, setup=SETUP) == 5
    assert set(contents(tmp_path)) == {
        "SIMULATED.json",
        "airplane/cifar10_airplane_0.aedat",
        "airplane/cifar10_airplane_1.aedat",
        "cat/cifar10_cat_0.aedat",
        "cat/cifar10_cat_1.aedat",
        "cat/cifar10_cat_2.aedat",
    }
    assert {path.name for path in tmp_path.iterdir()} == {"SIMULATED.json", "airplane", "cat"}


def test_reading_a_file_back_gives_the_recording(tmp_path, images):
    write_cifar10dvs(images, tmp_path, setup=SETUP)
    read = read_aedat2(tmp_path / "cat" / "cifar10_cat_2.aedat")
    expected = SETUP.record(images["cat"][2], number("cat", 2))
    assert len(read) > 100 and read.notes == ()
    for field in ("t", "x", "y", "p", "height", "width"):
        assert np.array_equal(getattr(read, field), getattr(expected, field))


def test_the_note_holds_every_parameter(tmp_path, images):
    write_cifar10dvs(images, tmp_path, setup=SETUP, source="eight by eight")
    said = json.loads((tmp_path / "SIMULATED.json").read_text())
    assert said["source"] == "eight by eight" and said["seed"] == 2 and said["duration"] == 5.0
    assert said["samples"] == {"airplane": 2, "cat": 3}
    assert set(said["camera"]) >= {"threshold_on", "mismatch", "noise_rate"}


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, images):
    write_cifar10dvs(images, tmp_path, setup=SETUP)
    whole = contents(tmp_path)
    kept = tmp_path / "cat" / "cifar10_cat_0.aedat"
    before = kept.stat().st_mtime_ns
    (tmp_path / "cat" / "cifar10_cat_1.aedat").unlink()
    assert write_cifar10dvs(images, tmp_path, setup=SETUP) == 1
    assert contents(tmp_path) == whole and kept.stat().st_mtime_ns == before
    assert write_cifar10dvs(images, tmp_path, setup=SETUP) == 0


def test_two_processes_write_the_same_bytes_as_one(tmp_path, images):
    for count in (1, 2):
        write_cifar10dvs(images, tmp_path / str(count), setup=SETUP, processes=count)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_a_recording_depends_on_nothing_else_in_the_set(tmp_path, images):
    write_cifar10dvs(images, tmp_path / "both", setup=SETUP)
    write_cifar10dvs({"cat": images["cat"][:1]}, tmp_path / "one", setup=SETUP)
    name = "cat/cifar10_cat_0.aedat"
    assert (tmp_path / "both" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_zips_hold_the_same_files_say_so_and_are_the_same_again(tmp_path, images):
    write_cifar10dvs(images, tmp_path / "folders", setup=SETUP)
    files = contents(tmp_path / "folders")
    for place in ("zips", "again"):
        assert write_cifar10dvs(images, tmp_path / place, setup=SETUP, zipped=True) == 5
    assert set(contents(tmp_path / "zips")) == {"SIMULATED.json", "airplane.zip", "cat.zip"}
    assert [path for path in (tmp_path / "zips").iterdir() if path.is_dir()] == []
    with zipfile.ZipFile(tmp_path / "zips" / "cat.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"cat/cifar10_cat_{n}.aedat" for n in range(3)]
        assert all(archive.read(name) == files[name] for name in archive.namelist())
        assert b"simulated, not recorded" in archive.comment
    assert is_simulated(tmp_path / "zips" / "cat.zip")
    assert contents(tmp_path / "zips") == contents(tmp_path / "again")
    (tmp_path / "zips" / "cat.zip").unlink()
    assert write_cifar10dvs(images, tmp_path / "zips", setup=SETUP, zipped=True) == 3
    assert contents(tmp_path / "zips") == contents(tmp_path / "again")


def test_a_bad_image_leaves_the_finished_files_and_no_half_ones(tmp_path, images):
    images["cat"][1] = np.zeros((8, 8, 3), dtype=np.uint8)
    with pytest.raises(UsageError, match="expected uint8"):
        write_cifar10dvs(images, tmp_path / "folders", setup=SETUP)
    left = set(contents(tmp_path / "folders"))
    assert "cat/cifar10_cat_0.aedat" in left and "cat/cifar10_cat_1.aedat" not in left
    with pytest.raises(UsageError, match="expected uint8"):
        write_cifar10dvs(images, tmp_path / "zips", setup=SETUP, zipped=True)
    assert set(contents(tmp_path / "zips")) == {"SIMULATED.json", "airplane.zip"}


def test_a_folder_with_real_recordings_is_left_alone(tmp_path, images):
    (tmp_path / "airplane").mkdir()
    (tmp_path / "airplane" / "cifar10_airplane_0.aedat").write_bytes(b"precious")
    with pytest.raises(DataError, match="no SIMULATED.json"):
        write_cifar10dvs(images, tmp_path, setup=SETUP)
    assert contents(tmp_path) == {"airplane/cifar10_airplane_0.aedat": b"precious"}


def test_an_unknown_class_is_refused(tmp_path, images):
    with pytest.raises(UsageError, match="class 'tulip' is none of CIFAR-10's"):
        write_cifar10dvs({"tulip": images["cat"]}, tmp_path, setup=SETUP)


def test_every_recording_has_a_number_of_its_own():
    numbers = {number(name, n) for name in CIFAR10_CLASSES for n in range(1000)}
    assert numbers == set(range(10_000))
