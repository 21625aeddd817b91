import copy
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import tssd
from tssd.data import Digits
from tssd.errors import DataError
from tssd.evaluation import evaluate, recalibrate
from tssd.reopened.open_run import open_run
from tssd.reopened.recalibration import keep, recalibrate_run, recalibration_of
from tssd.reopened.same_data import compare_data
from tssd.runs.folder import RunFolder
from tssd.runs.recalibration import Recalibrations

CPU = [("trainer.accelerator", "cpu")]


@pytest.fixture(scope="module")
def found(trained):
    opened = open_run(trained, CPU)
    return recalibrate_run(opened, compare_data(str(trained), opened, []))


def test_each_t_has_the_accuracy_of_a_network_with_its_own_statistics(trained, found):
    parts = open_run(trained, CPU).parts
    test = list(parts.data.test_dataloader())
    x = torch.cat([x for x, _ in list(parts.data.train_dataloader())])
    assert (
        found.training_samples == len(x) == RunFolder(trained).read_results().split_sizes["train"]
    )
    assert len(found.accuracy) == 4
    for t in (1, 4):
        net, criterion = copy.deepcopy((parts.net, parts.criterion))
        recalibrate(net, x, t, criterion=criterion)
        expected = evaluate(net, test, t, criterion=criterion, costs=False)
        assert found.accuracy[t - 1] == expected.accuracy[-1]
        assert found.nll[t - 1] == pytest.approx(expected.nll[-1], rel=1e-5)
        assert found.exits["1"][t - 1] == expected.early_exit["1"].accuracy[0]
    plain = tssd.recalibrated(parts.net, x, 1)
    assert evaluate(plain, test, 1, costs=False).accuracy[0] == found.accuracy[0]
    results = RunFolder(trained).read_results()
    assert (found.epoch, found.samples, found.split_hash) == (0, 359, results.split_hash)


def test_fewer_samples_are_spread_evenly(trained):
    opened = open_run(trained, [*CPU, ("trainer.evaluate_timesteps", "1")])
    train = opened.parts.data.split.train
    few = recalibrate_run(opened, compare_data(str(trained), opened, []), samples=3)
    assert (few.training_samples, len(few.accuracy)) == (3, 1)
    chosen = opened.parts.data.split.train
    assert chosen.tolist() == [train[0], train[round((len(train) - 1) / 2)], train[-1]]


def test_what_is_kept_is_not_measured_again(trained, found, tmp_path, monkeypatch):
    run = RunFolder(Path(shutil.copytree(trained, tmp_path / "run")))
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    told = []
    first = recalibration_of(run.path, measuring=lambda: told.append(1))
    assert first == found
    assert Recalibrations.read(run.recalibrated).evaluations == (found,)
    assert {p: p.read_bytes() for p in before} == before
    monkeypatch.setattr("tssd.reopened.recalibration.open_run", None)
    assert recalibration_of(run.path, measuring=lambda: told.append(2)) == found
    # The only epoch is the best and the last.
    assert recalibration_of(run.path, epoch="last") == found
    assert told == [1]
    monkeypatch.undo()
    # With other samples than usual it is another one.
    keep(run, type(found)(**(vars(found) | {"training_samples": 9, "accuracy": (0.0,) * 4})))
    assert recalibration_of(run.path) == found


def test_what_others_write_meanwhile_is_kept_beside_it(found, tmp_path):
    run = RunFolder(tmp_path)
    of_epoch = [replace(found, epoch=epoch) for epoch in range(16)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda own: keep(run, own), of_epoch))
    kept = Recalibrations.read(run.recalibrated).evaluations
    assert sorted(own.epoch for own in kept) == list(range(16))
    assert [path.name for path in tmp_path.iterdir()] == ["recalibrated.json"]


def test_nothing_is_kept_of_other_data(trained, tmp_path):
    run = RunFolder(Path(shutil.copytree(trained, tmp_path / "run")))
    with pytest.raises(DataError, match="its data is not that of training"):
        recalibration_of(run.path, [("data.train_samples", "40")])
    assert not run.recalibrated.exists()


def test_data_without_training_samples_is_refused(trained, monkeypatch):
    opened = open_run(trained, CPU)
    compared = compare_data(str(trained), opened, [])
    data = opened.parts.data
    data.split = type(data.split)(data.split.train[:0], data.split.val, data.split.test)
    with pytest.raises(DataError, match=f"{Digits.facts.name}: no training samples, which"):
        recalibrate_run(opened, compared)
