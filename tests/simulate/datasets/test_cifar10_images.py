"""From a folder of image files to a simulated CIFAR10-DVS."""

import json

import numpy as np
import pytest
from PIL import Image

from tssd.errors import DataError, UsageError
from tssd.events.formats.aedat2 import read_aedat2
from tssd.simulate import Setup
from tssd.simulate.datasets.cifar10_images import ImageFiles, simulate_cifar10dvs
from tssd.simulate.datasets.cifar10dvs import CIFAR10_CLASSES, number


@pytest.fixture
def folder(tmp_path):
    """Three training images and one test image a class, PNG, so that nothing is lost."""
    generator = np.random.default_rng(0)
    for part, count in (("train", 3), ("test", 1)):
        for name in CIFAR10_CLASSES:
            place = tmp_path / "cifar10" / part / name
            place.mkdir(parents=True)
            for n in range(count):
                pixels = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{n:04d}.png")
    return tmp_path / "cifar10"


def test_the_first_images_of_every_class_are_recorded(folder, tmp_path):
    output = tmp_path / "dvs"
    assert simulate_cifar10dvs(folder, output, per_class=2, duration=10.0, seed=4) == 20
    files = sorted(path.relative_to(output).as_posix() for path in output.rglob("*.aedat"))
    assert files == sorted(f"{c}/cifar10_{c}_{n}.aedat" for c in CIFAR10_CLASSES for n in range(2))
    image = np.asarray(Image.open(folder / "train" / "bird" / "0001.png")).transpose(2, 0, 1)
    expected = Setup(duration=10.0, seed=4).record(image, number("bird", 1))
    read = read_aedat2(output / "bird" / "cifar10_bird_1.aedat")
    assert len(read) > 100
    for field in ("t", "x", "y", "p"):
        assert (getattr(read, field) == getattr(expected, field)).all()


def test_the_note_says_which_images_they_are(folder, tmp_path):
    simulate_cifar10dvs(folder, tmp_path / "dvs", per_class=1, duration=1.0)
    said = json.loads((tmp_path / "dvs" / "SIMULATED.json").read_text())
    assert said["source"].startswith("cifar10 (files ")
    assert (said["duration"], said["samples"]["cat"]) == (1.0, 1)


def test_files_are_decoded_when_asked_for(folder):
    paths = sorted((folder / "train" / "cat").iterdir())
    images = ImageFiles(paths)
    assert len(images) == 3 and images[2].shape == (3, 8, 8) and images[2].dtype == np.uint8
    assert (images[1:][0] == images[1]).all()
    paths[0].write_bytes(b"no image")
    with pytest.raises(DataError, match="0000.png is not a readable image"):
        images[0]


def test_too_few_images_are_named_before_anything_is_written(folder, tmp_path):
    (folder / "train" / "dog" / "0000.png").unlink()
    with pytest.raises(DataError, match="dog has 2 images, 3 were asked for"):
        simulate_cifar10dvs(folder, tmp_path / "dvs", per_class=3, duration=1.0)
    assert not (tmp_path / "dvs").exists()


def test_other_classes_than_those_of_cifar10_are_refused(folder, tmp_path):
    for part in ("train", "test"):
        (folder / part / "truck").rename(folder / part / "tulip")
    with pytest.raises(DataError, match="tulip, expected those of CIFAR-10"):
        simulate_cifar10dvs(folder, tmp_path / "dvs", per_class=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_class": 0}, "per_class is 0, expected"),
        ({"duration": -1.0}, "duration is -1.0 ms, expected"),
        ({"seed": -2}, "seed is -2, expected"),
    ],
)
def test_a_value_out_of_range_is_refused(folder, tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        simulate_cifar10dvs(folder, tmp_path / "dvs", **options)
