import numpy as np
import pytest

from tssd.errors import DataError, UsageError
from tssd.events.datasets import heidelberg
from tssd.events.datasets.catalogue import Reading
from tssd.events.datasets.heidelberg import SHDFiles, SSCFiles

from .heidelberg_files import WORDS, shd, trains

SOME = Reading(allow_incomplete=True)


@pytest.mark.parametrize("span", [5, 128])
def test_every_sample_is_what_the_file_holds(tmp_path, monkeypatch, span):
    monkeypatch.setattr(heidelberg, "SPAN", span)
    labels = [0, 2, 1, 1, 0, 2, 2]
    times, units = trains(tmp_path / "shd_train.h5", labels)
    trains(tmp_path / "shd_test.h5", [1], seed=1)
    found = SHDFiles().find(tmp_path, SOME)
    assert (found.class_names, found.labels.tolist()) == (WORDS, [*labels, 1])
    assert (found.test.tolist(), found.val) == ([7], None)
    events = [e for recording in found.recordings for e in recording.read()]
    assert len(events) == 8 == sum(recording.samples for recording in found.recordings)
    for event, t, x in zip(events, times, units, strict=False):
        np.testing.assert_array_equal(event.t, np.rint(t.astype(float) * 1e6))
        np.testing.assert_array_equal(event.x, x)
        assert (event.height, event.width, event.channels, event.notes) == (1, 700, 1, ())
        assert not event.p.any() and not event.y.any()


def test_ssc_has_its_own_validation_part(tmp_path):
    for part, count in (("train", 4), ("test", 3), ("valid", 2)):
        trains(tmp_path / f"ssc_{part}.h5", [n % 2 for n in range(count)])
    found = SSCFiles().find(tmp_path, SOME)
    assert (found.test.tolist(), found.val.tolist()) == ([4, 5, 6], [7, 8])


def test_what_is_missing_is_named_with_where_to_get_it(tmp_path):
    (tmp_path / "SHD").mkdir()
    with pytest.raises(DataError) as raised:
        SHDFiles().find(tmp_path / "SHD", SOME)
    text = str(raised.value)
    assert "shd_train.h5 is not in" in text and "f3252aeb598ac776c1b526422d90eecb" in text
    assert "https://zenkelab.org/datasets/shd_train.h5.zip" in text
    assert f"from tssd.data import SHD as d; d.download('{tmp_path}')" in text
    (tmp_path / "SHD/shd_train.h5.zip").touch()
    with pytest.raises(DataError, match=r"shd_train.h5.zip is packed: unpack it there"):
        SHDFiles().find(tmp_path / "SHD", SOME)


def test_a_part_of_the_samples_must_be_allowed(tmp_path):
    root = shd(tmp_path)
    with pytest.raises(DataError, match="train: 12 of 8156; test: 6 of 2264.*allow_incomplete"):
        SHDFiles().find(root / "SHD", Reading())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": [0, 3]}, r"has labels uint16 \[2\] of 3 classes, and \[2\] samples; expected"),
        ({"words": ("other", "words", "here")}, "has other classes than the part before it"),
    ],
)
def test_other_labels_are_refused(tmp_path, changes, message):
    trains(tmp_path / "shd_train.h5", [0, 1, 2])
    trains(tmp_path / "shd_test.h5", **{"labels": [0, 1], **changes})
    with pytest.raises(DataError, match=f"shd_test.h5 {message}"):
        SHDFiles().find(tmp_path, SOME)


def test_a_label_below_zero_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    trains(tmp_path / "shd_train.h5", [0, 1, 2])
    trains(tmp_path / "shd_test.h5", [0, 1])
    with h5py.File(tmp_path / "shd_test.h5", "r+") as file:
        del file["labels"]
        file["labels"] = np.array([-1, 1])
    with pytest.raises(
        DataError, match="shd_test.h5 has labels int64 .*one label a sample, from 0"
    ):
        SHDFiles().find(tmp_path, SOME)


@pytest.mark.parametrize(
    ("times", "units", "message"),
    [
        ([[0.1, 0.2]], [[1]], "sample 0 has 2 times and 1 units"),
        ([[np.nan]], [[1]], "sample 0 has 1 times and 1 units"),
        ([[0.1, 0.2]], [[1, 700]], "sample 0 has 1 of 2 events off the sensor of 700x1"),
    ],
)
def test_damaged_samples_are_refused(tmp_path, times, units, message):
    trains(tmp_path / "shd_train.h5", [0], times=times, units=units)
    trains(tmp_path / "shd_test.h5", [0])
    found = SHDFiles().find(tmp_path, SOME)
    with pytest.raises(DataError, match=f"shd_train.h5 {message}"):
        found.recordings[0].read()


def test_a_sample_without_spikes_and_a_damaged_file(tmp_path):
    trains(tmp_path / "shd_train.h5", [0], times=[[]], units=[[]])
    trains(tmp_path / "shd_test.h5", [0])
    (events,) = SHDFiles().find(tmp_path, SOME).recordings[0].read()
    assert events.notes[0].endswith("sample 0 holds no events")
    data = (tmp_path / "shd_test.h5").read_bytes()
    (tmp_path / "shd_test.h5").write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match="shd_test.h5 is a damaged HDF5 file"):
        SHDFiles().find(tmp_path, SOME)


def test_a_single_file_is_no_recording(tmp_path):
    with pytest.raises(UsageError, match=r"holds many samples; give frames \[T, N, units, 1, 1\]"):
        SHDFiles().read_own(tmp_path / "a.h5", SOME)
