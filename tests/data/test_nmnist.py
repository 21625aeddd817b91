import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from events.recordings import at, counted
from tssd.data import NMNIST
from tssd.errors import DataError
from tssd.events import FixedTime
from tssd.events.formats.five_byte import write_five_byte

from .event_folders import (
    assert_same_frames,
    connected,
    digit_events,
    frames_of,
    nmnist,
    state,
    zipped,
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The same 20 + 10 recordings extracted, zipped, and as SpikingJelly converts them."""
    root = tmp_path_factory.mktemp("nmnist")
    nmnist(root / "plain")
    for name in ("Train", "Test"):
        zipped(root / f"zips/{name}.zip", root / "plain", name)
        zipped(root / f"download/download/{name}.zip", root / "plain", name)
    nmnist(root / "npz", npz=True)
    return root


def test_frames_are_the_counts_of_the_recordings(root):
    data = connected(NMNIST, root, folder="plain", val_share=0, size=17)
    frames, labels = frames_of(data, "train")
    assert labels.tolist() == [digit for digit in range(10) for _ in range(2)]
    for number, (digit, n) in enumerate((digit, n) for digit in range(10) for n in range(2)):
        events = digit_events("Train", digit, n)
        first = int(events.t[0])
        borders = [first + 10_000 * k for k in range(5)]
        np.testing.assert_array_equal(frames[number], counted(events, borders, size=(17, 17)))
    frames, labels = frames_of(data, "test")
    assert labels.tolist() == list(range(10))
    events = digit_events("Test", 7, 0)
    borders = [int(events.t[0]) + 10_000 * k for k in range(5)]
    np.testing.assert_array_equal(frames[7], counted(events, borders, size=(17, 17)))


@pytest.mark.parametrize("layout", ["zips", "download", "npz"])
def test_every_layout_gives_the_same_samples_and_stays_as_it_was(root, layout):
    plain, before = connected(NMNIST, root, folder="plain"), state(root)
    other = connected(NMNIST, root, folder=layout)
    assert_same_frames(other, plain)
    assert other.dataset_name == plain.dataset_name
    assert other.split_hash == plain.split_hash
    assert state(root) == before


def test_the_network_gets_34_pixels_and_ten_digits(root):
    data = connected(NMNIST, root, folder="plain")
    assert data.sample_shape == (2, 34, 34)
    assert data.class_names == tuple("0123456789")
    assert data.split_sizes == {"train": 20, "val": 0, "test": 10}


def test_a_damaged_recording_is_repaired_and_noted_or_refused(tmp_path):
    folder = nmnist(tmp_path / "NMNIST", train=1)
    file = folder / "Train/3/00001.bin"
    file.write_bytes(file.read_bytes() + b"abc")
    data = connected(NMNIST, tmp_path)
    assert list(data.cache.notes) == ["train/3/00001"]
    assert "last 3 bytes" in data.cache.notes["train/3/00001"][0]
    with pytest.raises(DataError, match=r"Train/3/00001\.bin is cut off: the last 3 bytes"):
        _ = connected(NMNIST, tmp_path, strict=True).cache


def test_an_empty_recording_gives_zero_frames_and_a_warning(tmp_path, caplog):
    folder = nmnist(tmp_path / "NMNIST", train=1)
    write_five_byte(folder / "Train/4/00001.bin", at([]))
    data = connected(NMNIST, tmp_path)
    frames, labels = frames_of(data, "train")
    assert (labels[4], frames[4].sum()) == (4, 0)
    assert [frame.any() for frame in frames] == [True] * 4 + [False] + [True] * 5
    assert "N-MNIST: 1 of 20 samples have no events in the time that is used" in caplog.text


def test_classes_and_archives_that_are_left_out_are_told(tmp_path, caplog):
    folder = nmnist(tmp_path / "NMNIST")
    zipped(folder / "Test.zip", folder, "Test")
    for digit in (2, 5):
        shutil.rmtree(folder / f"Test/{digit}")
    with caplog.at_level("INFO", logger="tssd"):
        assert connected(NMNIST, tmp_path).split_sizes["test"] == 8
    missing = "no test samples of 2 of the 10 classes (2, 5): no result says anything of them"
    assert f"{folder}: {missing}" in caplog.messages
    assert f"{folder}: recordings lie there unpacked, so Test.zip is not read" in caplog.messages
    shutil.rmtree(folder / "Train")
    with pytest.raises(DataError, match="no training samples, expected at least one of each class"):
        connected(NMNIST, tmp_path).setup()


@pytest.mark.data
def test_real_recordings_are_read(tmp_path, monkeypatch):
    """Any part of the original below TSSD_DATA."""
    folder = Path(os.environ.get("TSSD_DATA", "")) / "NMNIST"
    files = sorted(folder.glob("Train/*/*.bin")) if "TSSD_DATA" in os.environ else []
    if not files:
        pytest.skip("no N-MNIST recordings in TSSD_DATA/NMNIST")
    monkeypatch.setenv("TSSD_CACHE", str(tmp_path))
    chosen = tmp_path / "data/NMNIST"
    for file in [*files[:: max(1, len(files) // 60)], *folder.glob("Test/*/*1.bin")]:
        target = chosen / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(file)
    data = connected(NMNIST, tmp_path / "data", longest=10, strict=True, slicing=FixedTime(30.0))
    frames, labels = frames_of(data, "train")
    assert len(np.unique(labels)) == 10
    # About 4,000 events in about 300 ms, of both polarities in all timesteps.
    assert 1000 < frames.sum(axis=(1, 2, 3, 4), dtype=int).mean() < 10_000
    assert frames.any(axis=(0, 3, 4)).all()
