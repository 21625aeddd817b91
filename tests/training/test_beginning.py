"""What a run notes before its first step; data and length that change behind its back."""

import json
import logging
import shutil

import pytest

from tssd.errors import DataError, UsageError
from tssd.runs.folder import RunFolder
from tssd.training.beginning import read_facts
from tssd.training.fit import fit
from tssd.training.schedule import Cosine

from .runs import OPTIONS, RUINED, is_same, small, stopped, table, weights

COSINE = OPTIONS | {"trainer.epochs": 5}


def test_an_unfinished_run_says_what_its_checkpoint_needs(interrupted, finished):
    run, done = RunFolder(interrupted), RunFolder(finished)
    assert not run.is_finished
    model = json.loads(run.model.read_text())
    assert model == json.loads(done.model.read_text())
    assert model["net"]["class_path"].endswith("two_stages")
    assert model["class_names"] == list("0123456789")
    assert (model["sample_shape"], len(model["mean"])) == ([1, 8, 8], 1)
    noted, results = json.loads(run.environment.read_text()), done.read_results()
    for facts in (noted, model):
        assert facts["split_hash"] == results.split_hash
        assert facts["content_hash"] == results.content_hash


@pytest.mark.parametrize("name", ["split_hash", "content_hash"])
def test_data_that_has_changed_is_refused_with_both_and_nothing_is_written(
    interrupted, copied, monkeypatch, name
):
    folder = copied(interrupted)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    parts = small(RUINED)
    old = getattr(parts.data, name)
    monkeypatch.setattr(type(parts.data), name, property(lambda _: "other"))
    with pytest.raises(DataError, match=f"{name}. was {old}, now it is other; put the data back"):
        fit(parts, folder, resume=True)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_an_older_version_has_not_noted_is_not_compared(interrupted, finished, copied):
    run = RunFolder(copied(interrupted))
    run.model.unlink()
    noted = json.loads(run.environment.read_text())
    run.environment.write_text(json.dumps({"split_hash": noted["split_hash"]}))
    fit(small(RUINED), run.path, resume=True)
    assert is_same(weights(run.path), weights(finished))


def test_a_finished_run_is_not_given_out_for_other_data(finished, monkeypatch):
    parts = small(RUINED)
    monkeypatch.setattr(type(parts.data), "split_hash", "other")
    with pytest.raises(DataError, match="the data has changed since this run began"):
        fit(parts, finished, resume=True)


def test_another_length_is_refused_unless_asked_for(interrupted):
    longer = RUINED | {"trainer.epochs": 9}
    with pytest.raises(UsageError, match="trainer.epochs = 7, now .*--resume --trainer.epochs 9"):
        fit(small(longer), interrupted, resume=True)


def test_a_finished_run_is_extended(tmp_path, finished, caplog):
    """By a schedule that no length changes: it ends like a run of the new length."""
    run = RunFolder(tmp_path / "run")
    short = fit(small(RUINED | {"trainer.epochs": 5}), run.path)
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(RUINED), step=3), run.path, resume=True, relength=True)
    # Until the new end the results are those of the old one; resumed, it goes on.
    assert run.read_results() == short
    results = fit(small(RUINED), run.path, resume=True)
    assert caplog.text.count("7 epochs instead of 5, 5 of them trained") == 1
    assert (results.epochs, results.last.epoch) == (7, 6)
    assert is_same(weights(run.path), weights(finished))
    assert table(run.path) == table(finished)
    change = {"option": "trainer.epochs", "from": 5, "to": 7, "epochs_trained": 5}
    assert results.to_dict()["changes"] == [change]
    assert json.loads(run.environment.read_text())["changes"] == [change]
    assert run.read_config()["trainer"]["epochs"] == 7


def test_a_run_of_another_length_has_the_rate_of_that_length(tmp_path, caplog):
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(COSINE), step=5), tmp_path)
    with caplog.at_level(logging.WARNING, logger="tssd"):
        fit(small(COSINE | {"trainer.epochs": 3}), tmp_path, resume=True, relength=True)
    assert "3 epochs instead of 5, 2 of them trained; from here on the learning" in caplog.text
    by_hand = [0.3 * Cosine().factor(epoch, length) for epoch, length in [(0, 5), (1, 5), (2, 3)]]
    assert [row["lr"] for row in table(tmp_path)] == pytest.approx(by_hand)


def test_a_run_is_not_cut_below_what_is_trained(interrupted, copied):
    folder = copied(interrupted)
    with pytest.raises(UsageError, match="5 epochs are trained already, now .* is 3; give 5 or mo"):
        fit(small(RUINED | {"trainer.epochs": 3}), folder, resume=True, relength=True)
    assert RunFolder(folder).read_config()["trainer"]["epochs"] == 7


@pytest.mark.parametrize("content", ["{", "[1]", "[" * 100_000])
def test_damaged_facts_are_named(tmp_path, content):
    (tmp_path / "environment.json").write_text(content)
    with pytest.raises(DataError, match=r"environment\.json: damaged"):
        read_facts(tmp_path / "environment.json")
    assert read_facts(tmp_path / "model.json") == {}


def test_a_finished_run_without_its_checkpoint_is_not_made_longer(finished, copied):
    folder = copied(finished)
    shutil.rmtree(folder / "checkpoints")
    before, config = weights(folder), (folder / "config.yaml").read_text()
    told = r"results are those of 7 epochs, now trainer.epochs is 9, but checkpoints/last\.ckpt, .*"
    with pytest.raises(UsageError, match=f"{told}put it back, or train into another --output"):
        fit(small(RUINED | {"trainer.epochs": 9}), folder, resume=True, relength=True)
    assert is_same(weights(folder), before)
    assert (folder / "config.yaml").read_text() == config
    assert fit(small(RUINED), folder, resume=True).epochs == 7
