import json
import shutil

import pytest

from tssd.reopened.open_run import open_run
from tssd.reopened.same_data import compare_data, made_otherwise
from tssd.runs.folder import RunFolder
from tssd.runs.later_evaluation import Fingerprints


def test_the_data_of_training_is_the_same(trained, caplog):
    found = compare_data(str(trained), open_run(trained, []), [])
    model = json.loads(RunFolder(trained).model.read_text())
    noted = Fingerprints(model["split_hash"], model["content_hash"])
    assert found == (noted, noted, True)
    assert not caplog.messages


@pytest.mark.parametrize("name", ["split_hash", "content_hash"])
def test_other_data_is_told_of(trained, tmp_path, caplog, name):
    run = RunFolder(shutil.copytree(trained, tmp_path / "run"))
    model = json.loads(run.model.read_text())
    run.model.write_text(json.dumps(model | {name: "0123456789ab"}))
    found = compare_data(str(run.path), open_run(run.path, []), [])
    assert (getattr(found.trained_on, name), found.same) == ("0123456789ab", False)
    (told,) = caplog.messages
    assert told.startswith(
        f"{run.path}: the data has changed since the run was trained: {name} was 012"
    )


def test_inputs_that_are_made_otherwise_are_told_of():
    def data(dt, **options):
        slicing = {"class_path": "tssd.events.FixedTime", "init_args": {"dt": dt}}
        return {"class_path": "tssd.data.NMNIST", "init_args": {"slicing": slicing, **options}}

    before = data(10.0, pool="sum", root="a", batch_size=1, slices=None)
    assert made_otherwise(before, data(10.0, pool="sum", root="b", batch_size=2, slices=4)) == {}
    found = made_otherwise(before, data(5.0, pool="mean"))
    assert found["pool"] == ("sum", "mean")
    assert [side["init_args"]["dt"] for side in found["slicing"]] == [10.0, 5.0]
    other = {"class_path": "tssd.data.CIFAR10DVS", "init_args": {"pool": "mean"}}
    assert made_otherwise(before, other) == {}


def test_options_that_are_not_written_where_they_are_null_are_told_of():
    def data(**options):
        return {"class_path": "tssd.data.Digits", "init_args": {"augment": True, **options}}

    assert made_otherwise(data(), data(mixup=0.2)) == {"mixup": (None, 0.2)}
    assert made_otherwise(data(mixup=0.2), data()) == {"mixup": (0.2, None)}
    assert made_otherwise(data(), data(cutout=4)) == {}  # a later version's
