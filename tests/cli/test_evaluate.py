import json
import shutil

import pytest

from tssd.training.run_folder import RunFolder


@pytest.fixture
def run(trained, tmp_path):
    return RunFolder(shutil.copytree(trained, tmp_path / "run"))


def test_evaluate_gives_the_accuracy_of_training_and_more_timesteps(tssd, run):
    outcome = tssd("evaluate", "run", "--timesteps", "5", "--data.batch_size", "300")
    assert (outcome.code, outcome.err) == (0, "")
    found = json.loads((run.path / "evaluation.json").read_text())
    assert found["accuracy"][:4] == run.read_results()["best"]["accuracy"]
    assert len(found["accuracy"]) == found["timesteps"] == 5
    assert found["split_hash"] == run.read_results()["split_hash"]
    assert "run: 359 test samples" in outcome.out
    assert [f"│ {t} │" in outcome.out for t in (1, 5, 6)] == [True, True, False]
    assert "spikes per neuron and timestep" in outcome.out
    assert "early exit at tap 1, T=2" in outcome.out


def test_evaluate_at_fewer_timesteps_than_the_student_has(tssd, run):
    outcome = tssd("evaluate", "run", "--timesteps", "1")
    assert outcome.code == 0
    assert "early exit at tap 1, T=1" in outcome.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "evaluate: no run folder given, such as runs/"),
        (["run", "--timesteps", "0"], "--timesteps: got '0', expected a whole number >= 1"),
        (["run", "--timesteps=-2"], "--timesteps: got '-2', expected a whole number >= 1"),
        (["run", "--timestep", "3"], "--timestep: no such option; did you mean --timesteps?"),
        (["run", "--net.width", "1"], "--net.width: a trained run keeps it; only data and trainer"),
        (["run", "--data.batchsize", "1"], "did you mean --data.batch_size?"),
        (["run", "--data", "tssd.data.CIFAR10"], "TSSD_DATA"),
        (["run", "--data.image_size", "32"], "net.image_size: got 16, but the data has 32"),
    ],
)
def test_wrong_usage_is_one_line(tssd, run, monkeypatch, words, expected):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    outcome = tssd("evaluate", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake


def test_what_is_wrong_with_a_run_folder_is_said(tssd, run, tmp_path):
    def mistake(path="run"):
        outcome = tssd("evaluate", path)
        assert outcome.code == 1
        return outcome.mistake

    (tmp_path / "empty").mkdir()
    assert mistake("gone") == "gone: no such folder; expected a run that `tssd train` has made"
    assert "empty: not a run folder" in mistake("empty")
    run.exits.write_bytes(b"")
    assert "exits.safetensors: damaged or not safetensors" in mistake()
    run.weights.write_bytes(run.weights.read_bytes()[:200])
    assert "model.safetensors: damaged or not safetensors" in mistake()
    run.model.unlink()
    assert "finish the run with `tssd train run --resume`" in mistake()
