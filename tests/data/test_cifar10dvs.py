from functools import partial

import numpy as np
import pytest

from tssd.data import CIFAR10DVS
from tssd.errors import UsageError
from tssd.events import FixedTime
from tssd.events.formats.aedat2 import read_aedat2
from tssd.events.formats.five_byte import write_five_byte
from tssd.events.formats.npz import write_npz
from tssd.simulate import Setup
from tssd.simulate.datasets import CIFAR10_CLASSES, write_cifar10dvs
from tssd.testing import check_data_module

from .event_folders import assert_same_frames, connected, frames_of, state

A_CLASS = 11


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Eleven recordings a class of 20 ms, in all layouts."""
    root = tmp_path_factory.mktemp("cifar10dvs")
    draw = np.random.default_rng(0)
    images = {
        name: list(draw.integers(0, 256, (A_CLASS, 3, 8, 8), dtype=np.uint8))
        for name in CIFAR10_CLASSES
    }
    options = {"setup": Setup(duration=20.0), "processes": 1}
    write_cifar10dvs(images, root / "plain", **options)
    write_cifar10dvs(images, root / "zips", zipped=True, **options)
    (root / "moved/download").mkdir(parents=True)
    for archive in (root / "zips").glob("*.zip"):
        (root / "moved/download" / archive.name).write_bytes(archive.read_bytes())
    for name in CIFAR10_CLASSES:
        (root / "npz/events_np" / name).mkdir(parents=True)
    for file in (root / "plain").rglob("*.aedat"):
        target = root / "npz/events_np" / file.relative_to(root / "plain").with_suffix(".npz")
        write_npz(target, read_aedat2(file))
    return root


def opened(root, folder="plain", **options):
    return connected(CIFAR10DVS, root, folder=folder, slicing=FixedTime(4.0), **options)


@pytest.mark.parametrize("layout", ["zips", "moved", "npz"])
@pytest.mark.parametrize("orientation", ["spikingjelly", "mlf"])
def test_every_layout_gives_the_same_samples_and_stays_as_it_was(root, layout, orientation):
    plain, before = opened(root, orientation=orientation), state(root)
    other = opened(root, layout, orientation=orientation)
    assert_same_frames(other, plain)
    assert other.dataset_name.split()[-1] == plain.dataset_name.split()[-1]
    assert state(root) == before


def test_orientations_are_mirrored_with_swapped_polarities(root):
    usual, paper = opened(root, size=None), opened(root, size=None, orientation="mlf")
    assert usual.cache.path != paper.cache.path
    assert usual.cache.frames.sum() > 1000
    np.testing.assert_array_equal(paper.cache.frames, usual.cache.frames[:, :, ::-1, :, ::-1])


@pytest.mark.parametrize(("layout", "said"), [("plain", True), ("moved", True), ("npz", False)])
def test_simulated_recordings_say_so_also_from_archives_elsewhere(root, layout, said):
    assert opened(root, layout).dataset_name.startswith("CIFAR10-DVS (simulated) ") is said


def test_classes_are_those_of_cifar10(root):
    data = opened(root, val_share=0)
    assert data.class_names == CIFAR10_CLASSES
    assert data.sample_shape == (2, 48, 48)
    for name, count in (("train", 10), ("test", 1)):
        assert np.bincount(frames_of(data, name)[1]).tolist() == [count] * 10


def test_it_keeps_the_contract_of_a_data_module(root):
    options = {"folder": "plain", "allow_incomplete": True, "slicing": FixedTime(4.0)}
    check_data_module(partial(CIFAR10DVS, str(root), orientation="mlf", **options))


def test_another_rule_is_another_data_set_by_name_and_hash(root):
    rules = ("numeric", "lexicographic", "tebn", "random")
    made = {rule: opened(root, rule=rule) for rule in rules}
    assert len({data.dataset_name for data in made.values()}) == 4
    assert len({data.split_hash for data in made.values()}) == 4
    assert len({data.cache.path for data in made.values()}) == 1
    ids = {}
    for rule, data in made.items():
        assert not np.intersect1d(data.official["train"], data.official["test"]).size
        names = [data.catalogue.recordings[n].name for n in data.official["test"]]
        ids[rule] = [name for name in names if name.startswith("frog/")]
    del ids["random"]
    # Eleven a class, in the order of names 0, 1, 10, 2, ..., 9: only 10 comes elsewhere.
    assert ids == {"numeric": ["frog/10"], "lexicographic": ["frog/9"], "tebn": ["frog/0"]}


def test_a_longer_recording_time_reads_no_more_than_the_frames_need(root):
    short, long = opened(root, longest=2), opened(root, longest=4)
    np.testing.assert_array_equal(short.cache.frames, long.cache.frames[:, :2])
    assert (short.cache.statistics["duration"] < 8000).all()
    assert short.cache.statistics["events"].sum() < long.cache.statistics["events"].sum()


def test_wrong_options_are_refused(tmp_path):
    with pytest.raises(UsageError, match="data.rule: got tebm, expected numeric or lexicographic"):
        CIFAR10DVS(str(tmp_path), rule="tebm")
    with pytest.raises(UsageError, match="data.orientation: got MLF, expected spikingjelly or mlf"):
        CIFAR10DVS(str(tmp_path), orientation="MLF")


@pytest.mark.parametrize("orientation", ["spikingjelly", "mlf"])
def test_a_recording_of_ones_own_is_turned_as_the_set(root, tmp_path, orientation):
    data = opened(root, orientation=orientation)
    file = data.catalogue.recordings[0].file
    events = data.catalogue.recordings[0].read()[0]
    own = data.read_file(file.content())
    assert (own.x.tolist(), own.p.tolist()) == (events.x.tolist(), events.p.tolist())
    write_npz(tmp_path / "own.npz", CIFAR10DVS().read_file(file.content()))
    again = data.read_file(tmp_path / "own.npz")
    assert again.x[: len(own)].tolist() == own.x.tolist()
    write_five_byte(tmp_path / "own.bin", again)
    assert len(data.read_file(tmp_path / "own.bin")) == len(again)
