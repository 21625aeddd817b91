from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from PIL import Image

from data.event_folders import nmnist
from data.toy import Toy, part
from tssd.data import NMNIST, Digits, ImageFolder
from tssd.data.event_augment import Roll
from tssd.data.stored import Facts, Stored
from tssd.testing import check_data_module


class OtherToy(Toy):
    def read(self):
        stored = super().read()
        stored.train.images[:] ^= 1
        return stored


def test_image_sets_pass():
    check_data_module(Toy, changed=OtherToy)
    check_data_module(partial(Digits, augment=True, train_samples=100))


def paint(folder, seed):
    draw = np.random.default_rng(seed)
    for name, count in (("train", 12), ("test", 3)):
        for label in "ab":
            place = folder / name / label
            place.mkdir(parents=True)
            for n in range(count):
                pixels = draw.integers(0, 256, (20, 20, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{n}.png")


def test_a_folder_of_images_passes(tmp_path):
    paint(tmp_path / "one", seed=0)
    paint(tmp_path / "two", seed=1)
    options = {"augment": True, "image_size": 16}
    check_data_module(
        partial(ImageFolder, str(tmp_path / "one"), **options),
        changed=partial(ImageFolder, str(tmp_path / "two"), **options),
    )


@pytest.mark.parametrize("pool", ["sum", "mean"])
def test_event_sets_pass(tmp_path, pool):
    nmnist(tmp_path / "NMNIST", train=3)
    options = {"allow_incomplete": True, "augment": [Roll(3)], "size": 17, "pool": pool}
    check_data_module(partial(NMNIST, str(tmp_path), **options))


class Lambda(Toy):
    def __post_init__(self):
        super().__post_init__()
        self.function = lambda: 1


@dataclass(eq=False)
class Clashes(Toy):
    samples: int = 3


class Repeats(Toy):
    facts = Facts("toy", ("a", "a", "b", "c", "d"), (0.5,), (0.3,))


class TooFewNames(Toy):
    facts = Facts("toy", ("a", "b"), (0.5,), (0.3,))


class AnyOfTwo(Toy):
    facts = Facts("toy", (*"abcde", "never"), (0.5,), (0.3,))


class NoDeviation(Toy):
    facts = Facts("toy", tuple("abcde"), (0.5,), (0.0,))


class TwoChannels(Toy):
    facts = Facts("toy", tuple("abcde"), (0.5, 0.5), (0.3, 0.3))


class WrongShape(Toy):
    sample_shape = (1, 6)


class Nameless(Toy):
    dataset_name = ""


class TrainsOnTests(Toy):
    def read(self):
        stored = super().read()
        stored.test.images[:] = stored.train.images[: len(stored.test.labels)]
        return stored


class NoTest(Toy):
    def read(self):
        return Stored(part(100, None, 0), part(0, None, 1))


class SplitBySeed(Toy):
    @property
    def split(self):
        chosen = super().split
        moved = np.roll(np.arange(100), self.seed)
        return type(chosen)(np.sort(moved[10:]), np.sort(moved[:10]), chosen.test)


class Overlaps(Toy):
    @property
    def split(self):
        chosen = super().split
        return type(chosen)(np.arange(100), chosen.val, chosen.test)


class HashOfTheClock(Toy):
    count = 0

    @property
    def split_hash(self):
        HashOfTheClock.count += 1
        return str(HashOfTheClock.count)


class HashOfTheSeed(Toy):
    @property
    def split_hash(self):
        return str(self.seed)


class BlindHash(Toy):
    split_hash = "always"


class BlindContent(Toy):
    content_hash = "always"


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (Lambda, "cannot be pickled"),
        (Clashes, r"its options \['samples'\] have the names of methods of DataModule"),
        (Repeats, r"class_names is \('a', 'a', .* expected a tuple of two or more different"),
        (TooFewNames, r"labels of train are \[0 1 2 3 4\], expected 0 to 1"),
        (AnyOfTwo, r"no training sample of the classes \[5\]"),
        (NoDeviation, r"std \(0.0,\), expected one a channel \(1\), std above 0"),
        (TwoChannels, r"mean \(0.5, 0.5\) and std .* expected one a channel \(1\)"),
        (WrongShape, r"sample_shape is \(1, 6\), expected channels, height and width"),
        (Nameless, "dataset_name is '', expected text"),
        (TrainsOnTests, r"\d+ of 20 compared samples of test are training samples too"),
        (NoTest, "the test set is empty"),
        (SplitBySeed, "another seed gives another split"),
        (Overlaps, "10 samples are in train and in val"),
        (HashOfTheClock, "split_hash is '.*', and '.*' the second time"),
        (HashOfTheSeed, "split_hash is 0, and 1 with another seed"),
        (BlindHash, "split_hash is always whatever val_share is"),
    ],
)
def test_a_broken_module_is_refused_with_the_reason(broken, message):
    with pytest.raises(AssertionError, match=rf"^{broken.__name__}: .*{message}"):
        check_data_module(broken)


def test_a_hash_that_misses_a_change_is_refused():
    with pytest.raises(AssertionError, match="^BlindContent: content_hash is always also of"):
        check_data_module(BlindContent, changed=BlindContent)


def test_something_else_is_refused():
    class Other:
        def __init__(self, **options):
            pass

        def connect(self, **timesteps):
            pass

    with pytest.raises(AssertionError, match="^Other: got .*, expected a DataModule"):
        check_data_module(Other)
