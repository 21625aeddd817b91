import numpy as np
import pytest
from PIL import Image

from events.recordings import at
from tssd.data import NMNIST, ImageFolder
from tssd.data.picture import NO_PICTURE, ON_WHITE, TO_EIGHT_BITS
from tssd.data.summary import (
    Balance,
    Spread,
    Summary,
    balance,
    spread,
    summarise,
    summarise_events,
    summarise_images,
)
from tssd.events.formats.five_byte import write_five_byte

from .event_folders import connected, nmnist
from .toy import Toy


def test_images_are_counted_by_part_and_class():
    data = Toy(val_share=0.1, train_samples=50)
    found = summarise(data)
    assert found.counts == {
        "train": dict.fromkeys("abcde", 10),
        "val": dict.fromkeys("abcde", 2),
        "test": dict.fromkeys("abcde", 4),
    }
    assert (found.name, found.sample_shape) == ("toy", (1, 6, 6))
    assert found.split_hash == data.split_hash


@pytest.fixture
def data(tmp_path):
    """Known recordings of digit 0; the other digits are left out."""
    nmnist(tmp_path / "NMNIST", train=0, test=0)
    times = {
        "Train/0/1": [1000, 2000, 5000],  # 4 ms: 3/4 events a ms
        "Train/0/2": [0] * 300,  # one time: no rate; 300 in one cell
        "Test/0/1": [],
        "Test/1/1": [0, 8000, 16_000, 16_000],  # 16 ms, 1/4 events a ms
    }
    for name, t in times.items():
        write_five_byte(tmp_path / f"NMNIST/{name}.bin", at(t, height=34, width=34))
    return connected(NMNIST, tmp_path, val_share=0, longest=2)


def test_events_are_summed_up_over_the_chosen_recordings(data):
    found = summarise_events(data)
    assert found.events == Spread(0, 3.5, 300)
    assert found.duration == Spread(0, 2, 16)
    assert found.rate == Spread(0.25, 0.5, 0.75)
    assert (found.no_events, found.saturated, found.largest) == (1, 1, 255)
    # Of two timesteps of 10 ms each: second, second, both, none.
    assert found.empty == 4 / 8
    assert list(found.problems) == ["test/0/1"]


def test_recordings_that_are_not_chosen_do_not_count(data, tmp_path):
    fewer = connected(NMNIST, tmp_path, val_share=0, longest=2, train_samples=1)
    assert sum(summarise(fewer).counts["train"].values()) == 1
    assert summarise_events(fewer).events.most in (4, 300)
    assert (fewer.cache.path, len(fewer.cache)) == (data.cache.path, 4)


def test_the_spread_of_nothing_is_zero():
    assert spread(np.array([])) == Spread(0.0, 0.0, 0.0)
    assert spread(np.array([3, 1, 4])) == Spread(1.0, 3.0, 4.0)


def test_images_are_summed_up(tmp_path):
    for part in ("train", "test"):
        for label in "ab":
            (tmp_path / part / label).mkdir(parents=True)
            pixels = np.full((4, 4), ord(part[1]) + ord(label), np.uint16)
            Image.fromarray(pixels).save(tmp_path / part / label / "0.png")
    Image.new("RGBA", (4, 4)).save(tmp_path / "train/a/1.png")
    (tmp_path / "train/a/2.svg").touch()
    (tmp_path / "test/b/1.png").symlink_to(tmp_path / "train/b/0.png")
    (tmp_path / "test/b/2.png").touch()
    found = summarise_images(ImageFolder(str(tmp_path), val_share=0, image_size=4))
    assert found.skipped == {"files with the suffix .svg": 1}
    assert found.notes == {
        TO_EIGHT_BITS: 5,
        ON_WHITE: 1,
        f"not readable ({NO_PICTURE})": 1,
    }
    (shared,) = found.shared
    assert shared.startswith("1 of 4 test images are training images too (first: ")


def test_how_uneven_classes_are():
    counts = {"a": 20, "b": 5, "c": 0}
    parts = {"train": counts, "val": counts, "test": {"a": 3, "b": 1, "c": 0}}
    found = balance(Summary("uneven", "", (1, 1, 1), parts))
    assert found == Balance("b", 5, "a", 20, always_largest=0.75)
    assert (found.ratio, found.is_even) == (4, False)
    assert balance(summarise(Toy())).is_even
