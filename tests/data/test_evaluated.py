import logging
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from tssd.data import NMNIST, Digits, ImageFolder
from tssd.data.evaluated import Evaluated
from tssd.errors import DataError

MEAN, STD = (0.25, 0.5, 0.75), (0.1, 0.2, 0.4)


def paint(folder, classes, *, size=8, parts=("train", "test"), count=3):
    """Images of one colour each: class k of the alphabet is 20 k + its number."""
    for part in parts:
        for name in classes:
            place = folder / part / name
            place.mkdir(parents=True)
            for i in range(count):
                value = 20 * "abcdef".index(name) + i
                Image.fromarray(np.full((size, size, 3), value, np.uint8)).save(place / f"{i}.png")
    return folder


def evaluated(folder, names="abc", *, size=8, **options):
    return Evaluated(
        ImageFolder(str(folder), **options),
        class_names=tuple(names),
        sample_shape=(3, size, size),
        mean=MEAN,
        std=STD,
    )


def test_what_belongs_to_the_network_is_the_runs(tmp_path):
    data = evaluated(paint(tmp_path, "abc"))
    assert (data.class_names, data.mean, data.std) == (("a", "b", "c"), MEAN, STD)
    assert (data.num_classes, data.sample_shape) == (3, (3, 8, 8))
    x, y = next(iter(data.test_dataloader()))
    assert y.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    # By hand: the colour 40 of the first image of c, with the run's mean and std.
    expected = [(40 / 255 - m) / s for m, s in zip(MEAN, STD, strict=True)]
    assert x[6, :, 0, 0].tolist() == pytest.approx(expected, abs=1e-6)


def test_labels_are_found_by_name(tmp_path):
    data = evaluated(paint(tmp_path, "abc"), "cab")
    x, y = next(iter(data.test_dataloader()))
    assert y.tolist() == [1, 1, 1, 2, 2, 2, 0, 0, 0]
    assert float(x[6, 0, 0, 0]) == pytest.approx((40 / 255 - 0.25) / 0.1, abs=1e-6)
    assert data.class_names == ("c", "a", "b")


def test_the_training_images_are_never_read(tmp_path):
    paint(tmp_path, "abc")
    for path in (tmp_path / "train").rglob("*.png"):
        path.write_text("no image")
    data = evaluated(tmp_path, image_size=8)
    assert len(next(iter(data.test_dataloader()))[1]) == 9


@pytest.mark.parametrize("part", ["test", "val", "."])
def test_a_folder_without_training_images_will_do(tmp_path, part):
    paint(tmp_path, "ab", parts=[part])
    data = evaluated(tmp_path)
    x, y = next(iter(data.test_dataloader()))
    assert y.tolist() == [0, 0, 0, 1, 1, 1]
    assert float(x[3, 0, 0, 0]) == pytest.approx((20 / 255 - 0.25) / 0.1, abs=1e-6)
    assert data.split_sizes == {"train": 0, "val": 0, "test": 6}
    assert len(data.split_hash) == len(data.content_hash) == 12
    with pytest.raises(DataError, match="train"):
        _ = ImageFolder(str(tmp_path)).class_names


def test_other_classes_are_refused_with_both_lists(tmp_path):
    with pytest.raises(DataError) as error:
        evaluated(paint(tmp_path, "abd"))
    assert "the data has the classes a, b, d" in str(error.value)
    assert "the run was trained on a, b, c, which 'd' is not among" in str(error.value)


def test_missing_classes_are_told_of(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="tssd"):
        data = evaluated(paint(tmp_path, "ac"))
    assert "1 of the run's 3 classes are missing: b" in caplog.text
    assert next(iter(data.test_dataloader()))[1].tolist() == [0, 0, 0, 2, 2, 2]


def test_the_split_is_that_of_training(tmp_path):
    data = ImageFolder(str(paint(tmp_path, "abc")), image_size=8)
    other = evaluated(tmp_path)
    assert other.split_hash == data.split_hash
    assert other.content_hash == data.content_hash
    assert other.split_sizes == data.split_sizes


def test_images_of_another_size_are_scaled_and_told_of(tmp_path, caplog):
    paint(tmp_path, "abc", size=12)
    with caplog.at_level(logging.WARNING, logger="tssd"):
        data = evaluated(tmp_path)
    assert "images of 12 x 12 pixels are scaled to 8 x 8, which the network needs" in caplog.text
    assert next(iter(data.test_dataloader()))[0].shape == (9, 3, 8, 8)
    caplog.clear()
    evaluated(tmp_path, size=12)
    assert not caplog.text


def test_samples_of_another_shape_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"samples of 3 x 9 x 9 \(.*\), but .* on 3 x 8 x 8"):
        evaluated(paint(tmp_path, "abc"), image_size=9)
    grey = {"class_names": tuple("0123456789"), "mean": MEAN, "std": STD}
    with pytest.raises(DataError, match="samples of 1 x 16 x 16 .* on 3 x 16 x 16"):
        Evaluated(Digits(), sample_shape=(3, 16, 16), **grey)


def test_a_sensor_of_another_size_is_refused(tmp_path, monkeypatch):
    data = NMNIST(str(tmp_path), slices=2)
    monkeypatch.setattr(NMNIST, "dataset_name", "N-MNIST")
    with pytest.raises(DataError, match="samples of 2 x 34 x 34 .* on 2 x 128 x 128"):
        Evaluated(
            data,
            class_names=tuple("0123456789"),
            sample_shape=(2, 128, 128),
            mean=(0.0, 0.0),
            std=(1.0, 1.0),
        )


def test_training_samples_are_augmented_as_in_training_and_normalised_as_the_run():
    digits, other = Digits(augment=True), {"mean": (0.25,), "std": (0.5,)}
    known = {"class_names": digits.class_names, "sample_shape": digits.sample_shape}
    data = Evaluated(Digits(augment=True), **known, **other)
    items = [(0, 0), (1, 0), (1, 7)]
    x, y = data.dataset("train").__getitems__(items)
    wanted, labels = digits.dataset("train").__getitems__(items)
    assert torch.equal(y, labels)
    bytes_ = wanted * digits.std[0] + digits.mean[0]
    torch.testing.assert_close(x, (bytes_ - 0.25) / 0.5)
    assert not torch.equal(x[0], x[1])


def test_a_split_that_is_changed_counts_whatever_was_loaded_before(tmp_path):
    data = evaluated(paint(tmp_path, "abc"), augment=False, val_share=0)
    assert len(data.data.samples("train")) == 9  # as its mean would load them
    data.split = replace(data.split, train=data.split.train[[1, 8]])
    x, y = data.dataset("train").__getitems__([0, 1])
    assert y.tolist() == [0, 2]
    wanted = [((value / 255) - MEAN[0]) / STD[0] for value in (1, 42)]
    assert x[:, 0, 0, 0].tolist() == pytest.approx(wanted, abs=1e-5)
    assert len(data.samples("train")) == 2


def test_data_of_a_fixed_set_is_what_it_was_in_training():
    digits = Digits(augment=True)
    data = Evaluated(
        Digits(augment=True),
        class_names=digits.class_names,
        sample_shape=digits.sample_shape,
        mean=digits.mean,
        std=digits.std,
    )
    x, y = data.dataset("test").__getitems__([0, 5, 9])
    expected, labels = digits.dataset("test").__getitems__([0, 5, 9])
    assert torch.equal(x, expected)
    assert torch.equal(y, labels)
    assert data.split_hash == digits.split_hash


def test_a_copy_elsewhere_is_the_same_data(tmp_path):
    paint(tmp_path / "one", "ab")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    first, second = (evaluated(tmp_path / name, "ab") for name in ("one", "two"))
    assert first.split_hash == second.split_hash


def test_images_are_cropped_to_a_network_that_takes_no_squares(tmp_path, caplog):
    data = Evaluated(
        ImageFolder(str(paint(tmp_path, "abc", size=20))),
        class_names=tuple("abc"),
        sample_shape=(3, 8, 12),
        mean=MEAN,
        std=STD,
    )
    assert next(iter(data.test_dataloader()))[0].shape == (9, 3, 8, 12)
    assert "images of 20 x 20 pixels are scaled to 8 x 12" in caplog.text
