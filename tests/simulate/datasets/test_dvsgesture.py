"""The simulated DVS-Gesture: names, lists, labels, resuming, archive."""

import io
import json
import tarfile

import numpy as np
import pytest

from tssd.errors import DataError
from tssd.events.formats.aedat3 import read_aedat3
from tssd.events.formats.gesture_labels import read_labels
from tssd.simulate.datasets.dvsgesture import LIGHTS, trials, write_dvsgesture
from tssd.simulate.datasets.gesture_trial import GestureStyle, record_trial

STYLE = GestureStyle(seconds=0.1, rate=300.0, seed=1)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gesture")
    assert write_dvsgesture(folder, style=STYLE) == 122
    return folder / "DvsGesture"


def listed(tree, part):
    return (tree / f"trials_to_{part}.txt").read_text().split()


def test_users_lights_and_parts_are_as_many_as_in_the_original():
    assert len({trial.name for trial in trials()}) == 122
    assert {trial.user for trial in trials()} == set(range(1, 30))
    assert {trial.light for trial in trials()} == set(LIGHTS)
    names = {trial.name for trial in trials()}
    assert {"user22_led", "user26_fluorescent"} <= names  # those with known errors


def test_the_lists_name_the_files_by_users(tree):
    train, test = listed(tree, "train"), listed(tree, "test")
    assert (len(train), len(test)) == (98, 24)
    assert {name[:6] for name in train} == {f"user{n:02d}" for n in range(1, 24)}
    assert {name[:6] for name in test} == {f"user{n:02d}" for n in range(24, 30)}
    assert sorted(train + test) == sorted(path.name for path in tree.glob("*.aedat"))


def test_the_labels_make_1176_and_288_samples(tree):
    for part, samples in (("train", 1176), ("test", 288)):
        rows = [
            window
            for name in listed(tree, part)
            for window in read_labels(tree / name.replace(".aedat", "_labels.csv"))
        ]
        counts = np.bincount([window.label for window in rows])
        assert (
            len(rows) == samples
            and counts.tolist() == [samples // 12] * 7 + [samples // 6] + [samples // 12] * 3
        )


def test_nothing_but_the_original_files_and_a_note_that_says_simulated(tree):
    others = {path.name for path in tree.iterdir() if path.suffix != ".aedat"}
    assert {name for name in others if not name.endswith("_labels.csv")} == {
        "SIMULATED.json",
        "gesture_mapping.csv",
        "trials_to_test.txt",
        "trials_to_train.txt",
    }
    assert len(others) == 122 + 4
    for folder in (tree, tree.parent):
        said = json.loads((folder / "SIMULATED.json").read_text())
        assert said["rate"] == 300.0 and "simulated, not recorded" in said["note"]
    mapping = (tree / "gesture_mapping.csv").read_text().splitlines()
    assert (mapping[0], mapping[8], len(mapping)) == ("action,label", "arm_roll,8", 12)


def test_reading_a_trial_back_gives_its_events_and_windows(tree):
    expected, windows = record_trial("user22_led", 22, LIGHTS.index("led"), style=STYLE)
    read = read_aedat3(tree / "user22_led.aedat")
    assert read.notes == ()
    for field in ("t", "x", "y", "p", "height", "width"):
        assert np.array_equal(getattr(read, field), getattr(expected, field))
    assert list(read_labels(tree / "user22_led_labels.csv")) == windows


def test_an_interrupted_run_writes_what_is_missing_alike(tmp_path, tree):
    write_dvsgesture(tmp_path, style=STYLE)
    own = tmp_path / "DvsGesture"
    (own / "user03_lab_labels.csv").unlink()
    (own / "user04_lab.aedat").unlink()
    (own / "user04_lab_labels.csv").unlink()
    assert write_dvsgesture(tmp_path, style=STYLE) == 2
    for path in tree.iterdir():
        assert (own / path.name).read_bytes() == path.read_bytes()


def test_the_archive_holds_the_same_files(tmp_path, tree):
    assert write_dvsgesture(tmp_path, style=STYLE, archive=True) == 122
    assert {path.name for path in tmp_path.iterdir()} == {"DvsGesture.tar.gz", "SIMULATED.json"}
    packed = (tmp_path / "DvsGesture.tar.gz").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        members = {entry.name: tar.extractfile(entry) for entry in tar if entry.isfile()}
        assert set(members) == {f"DvsGesture/{path.name}" for path in tree.iterdir()}
        for path in tree.glob("*.aedat"):
            member = members[f"DvsGesture/{path.name}"]
            assert member is not None and member.read() == path.read_bytes()
    assert write_dvsgesture(tmp_path, style=STYLE, archive=True) == 0
    (tmp_path / "DvsGesture.tar.gz").unlink()
    write_dvsgesture(tmp_path, style=STYLE, archive=True)
    assert (tmp_path / "DvsGesture.tar.gz").read_bytes() == packed


def test_other_sizes_are_refused_where_a_tree_was_begun(tree):
    with pytest.raises(DataError, match="begun with rate = 300.0, now it is 301.0"):
        write_dvsgesture(tree.parent, style=GestureStyle(seconds=0.1, rate=301.0, seed=1))
