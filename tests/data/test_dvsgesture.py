import logging
import shutil

import numpy as np
import pytest

from tssd.data import DVSGesture
from tssd.errors import DataError
from tssd.events import FixedTime
from tssd.events.datasets.dvsgesture import DOWNLOADS, GESTURES, SAMPLES
from tssd.events.datasets.trials import LISTS
from tssd.events.formats.npz import write_npz
from tssd.simulate.datasets import write_dvsgesture
from tssd.simulate.datasets.gesture_trial import GestureStyle

from .event_folders import assert_same_frames, connected, frames_of, state, tar_of

STYLE = GestureStyle(seconds=0.05, rate=2000.0)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """All 122 trials, tiny, as a folder and as the archive."""
    root = tmp_path_factory.mktemp("gestures")
    write_dvsgesture(root / "tree", style=STYLE, processes=1)
    shutil.copytree(root / "tree/DvsGesture", root / "extracted/extract/DvsGesture")
    shutil.copytree(root / "tree/DvsGesture", root / "itself")
    for folder in ("archive", "moved/download"):
        members = {
            f"DvsGesture/{path.name}": path.read_bytes()
            for path in sorted((root / "tree/DvsGesture").iterdir())
        }
        tar_of(root / folder / DOWNLOADS[0].file, members)
    return root


def opened(root, folder="tree", **options):
    options = {"slicing": FixedTime(10.0), "allow_incomplete": False, "size": 16, **options}
    return connected(DVSGesture, root, folder=folder, **options)


def test_the_lists_make_1176_and_288_samples(root):
    data = opened(root, val_share=0)
    assert data.split_sizes == {"train": 1176, "val": 0, "test": 288} == {"val": 0, **SAMPLES}
    for name, trials in (("train", 98), ("test", 24)):
        counts = np.bincount(frames_of(data, name)[1])
        assert counts.tolist() == [2 * trials if label == 7 else trials for label in range(11)]
    test = {data.catalogue.recordings[n // 12].name[:6] for n in data.official["test"]}
    assert test == {f"user{n}" for n in range(24, 30)}
    assert not np.intersect1d(data.official["train"], data.official["test"]).size


@pytest.mark.parametrize("layout", ["extracted", "itself", "archive", "moved"])
def test_every_layout_gives_the_same_samples_and_stays_as_it_was(root, layout):
    tree, before = opened(root), state(root)
    other = opened(root, layout)
    assert_same_frames(other, tree)
    assert (other.dataset_name, other.split_hash) == (tree.dataset_name, tree.split_hash)
    assert other.dataset_name.startswith("DVS-Gesture (simulated) ")
    assert state(root) == before


def test_the_archive_is_unpacked_once(root, caplog):
    _ = opened(root, "archive").split_hash
    with caplog.at_level(logging.INFO, "tssd"):
        _ = opened(root, "archive").cache
    assert "unpacking" not in caplog.text


def test_spikingjellys_layout_gives_the_same_samples(root, tmp_path):
    """Three trials: its order is by class, ours by trial."""
    data = opened(root)
    chosen = {"user02_led", "user22_led", "user24_natural"}
    expected, start = {}, 0
    for trial in data.catalogue.recordings:
        part = "train" if start < SAMPLES["train"] else "test"
        if (name := trial.name.removesuffix(".aedat")) in chosen:
            count = dict.fromkeys(range(11), 0)
            for n, (window, events) in enumerate(zip(trial.windows, trial.read(), strict=True)):
                label = window.label
                place = tmp_path / "npz/events_np" / part / str(label)
                place.mkdir(parents=True, exist_ok=True)
                write_npz(place / f"{name}_{count[label]}.npz", events)
                key = f"{part}/{label}/{name}_{count[label]}"
                expected[key] = data.cache.frames[start + n]
                count[label] += 1
        start += trial.samples
    other = opened(tmp_path, "npz", allow_incomplete=True)
    assert (len(expected), other.split_sizes["test"]) == (36, 12)
    found = other.catalogue
    assert [recording.name for recording in found.recordings] == sorted(expected)
    assert [int(key.split("/")[1]) for key in sorted(expected)] == found.labels.tolist()
    for n, key in enumerate(sorted(expected)):
        np.testing.assert_array_equal(other.cache.frames[n], expected[key])
    with pytest.raises(DataError, match=r"\(train: 24 of 1176; test: 12 of 288\); complete"):
        _ = opened(tmp_path, "npz").split_hash


def test_classes_have_the_names_of_the_gestures(root):
    assert opened(root).class_names == GESTURES
    assert DVSGesture().cut == FixedTime(30.0)
    assert DVSGesture().sample_shape == (2, 32, 32)


@pytest.fixture
def tree(root, tmp_path):
    """Three trials that may be changed."""
    folder = tmp_path / "tree/DvsGesture"
    folder.mkdir(parents=True)
    for name in ("user02_led", "user22_led", "user24_led"):
        for file in (f"{name}.aedat", f"{name}_labels.csv"):
            shutil.copy2(root / "tree/DvsGesture" / file, folder)
    (folder / LISTS["train"]).write_text("user02_led.aedat\nuser22_led.aedat\n")
    (folder / LISTS["test"]).write_text("user24_led.aedat\n")
    return folder


def test_too_few_samples_are_counted_by_part(tree, tmp_path):
    with pytest.raises(DataError, match=r"\(train: 24 of 1176; test: 12 of 288\); complete the"):
        _ = opened(tmp_path).split_hash
    data = opened(tmp_path, allow_incomplete=True, val_share=0)
    assert data.split_sizes == {"train": 24, "val": 0, "test": 12}
    assert data.dataset_name.startswith("DVS-Gesture ")
    assert "(simulated)" not in data.dataset_name


def test_a_gesture_lost_with_the_end_of_a_recording_is_missing(root, tmp_path):
    shutil.copytree(root / "tree", tmp_path / "tree")
    path = tmp_path / "tree/DvsGesture/user03_led.aedat"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DataError, match=r"\(train: 11(6|7)\d of 1176\)"):
        _ = opened(tmp_path).split_hash
    assert opened(tmp_path, allow_incomplete=True, val_share=0).split_sizes["test"] == 288


def test_a_damaged_recording_is_named(tree, tmp_path):
    (tree / "user22_led.aedat").write_bytes(b"#!AER-DAT2.0\r\n")
    with pytest.raises(DataError, match=r"user22_led\.aedat starts with AEDAT 2\.0, expected AEDA"):
        _ = opened(tmp_path, allow_incomplete=True).split_hash
