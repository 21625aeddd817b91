from functools import partial

import numpy as np
import pytest

from events.recordings import counted, random_events
from tssd.data import NCaltech101
from tssd.events.formats.five_byte import write_five_byte
from tssd.events.formats.npz import write_npz
from tssd.testing import check_data_module

from .event_folders import assert_same_frames, connected, frames_of, state, zipped

CLASSES = {"BACKGROUND_Google": 4, "accordion": 11, "zebra": 2}


def events_of(name, n):
    return random_events(200, seed=len(name) + 20 * n, height=180, width=240)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("ncaltech")
    for name, count in CLASSES.items():
        (root / "plain/Caltech101" / name).mkdir(parents=True)
        (root / "npz/events_np" / name).mkdir(parents=True)
        for n in range(count):
            file = f"image_{n + 1:04}"
            write_five_byte(root / f"plain/Caltech101/{name}/{file}.bin", events_of(name, n))
            write_npz(root / f"npz/events_np/{name}/{file}.npz", events_of(name, n))
    zipped(root / "zip/Caltech101.zip", root / "plain", "Caltech101")
    return root


@pytest.mark.parametrize("layout", ["zip", "npz"])
def test_every_layout_gives_the_same_samples_and_stays_as_it_was(root, layout):
    plain, before = connected(NCaltech101, root, folder="plain"), state(root)
    other = connected(NCaltech101, root, folder=layout)
    assert_same_frames(other, plain)
    assert (other.dataset_name, other.split_hash) == (plain.dataset_name, plain.split_hash)
    assert state(root) == before


def test_classes_are_the_folders_and_a_fixed_tenth_of_each_is_for_tests(root):
    data = connected(NCaltech101, root, folder="plain", val_share=0)
    assert data.class_names == tuple(CLASSES)
    # A tenth, rounded, of 4, 11 and 2.
    assert np.bincount(frames_of(data, "test")[1], minlength=3).tolist() == [0, 1, 0]
    assert np.bincount(frames_of(data, "train")[1], minlength=3).tolist() == [4, 10, 2]
    assert not np.intersect1d(data.official["train"], data.official["test"]).size


def test_it_keeps_the_contract_of_a_data_module(root):
    options = {"folder": "plain", "allow_incomplete": True, "size": 20}
    check_data_module(partial(NCaltech101, str(root), **options))


def test_the_whole_sensor_is_pooled_to_a_square(root):
    data = connected(NCaltech101, root, folder="plain", size=30)
    assert data.sample_shape == (2, 30, 30)
    events = events_of("zebra", 1)
    borders = [int(events.t[0]) + 10_000 * k for k in range(5)]
    found = data.cache.frames[[r.name for r in data.catalogue.recordings].index("zebra/0002")]
    np.testing.assert_array_equal(found, counted(events, borders, size=(30, 30)))


def test_without_a_size_frames_are_the_sensor(root):
    data = connected(NCaltech101, root, folder="plain", size=None, pool="mean")
    assert data.sample_shape == (2, 180, 240)
    assert data.dataset("train")[0][0].shape == (4, 2, 180, 240)
