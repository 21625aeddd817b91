import json
import shutil

import pytest

from tssd.runs.folder import RunFolder


@pytest.fixture
def run(trained, tmp_path):
    return RunFolder(shutil.copytree(trained, tmp_path / "run"))


def test_runtimes_are_measured_and_kept(tssd, run):
    pytest.importorskip("onnxruntime", reason="needs the extra: pip install tssd[onnx]")
    words = ("--timesteps", "2,1", "--batch", "1,3", "--seconds", "0", "--samples", "40")
    chosen = ("--runtimes", "pytorch,onnxruntime,onnxruntime-int8", "--no-memory")
    outcome = tssd("bench", "run", *words, *chosen)
    assert outcome.code == 0, outcome.err
    found = json.loads(run.bench.read_text())
    sizes = [(cell["batch"], cell["timesteps"]) for cell in found["cells"][::3]]
    assert sizes == [(1, 1), (1, 2), (3, 1), (3, 2)]
    assert [cell["runtime"] for cell in found["cells"][:3]] == chosen[1].split(",")
    assert found["cells"][0]["accuracy"] == found["cells"][1]["accuracy"]
    assert found["cells"][0]["memory_mib"] is None
    for told in ("run: batch of 3", "speed-up: over pytorch", "on 40 test samples", "all numbers:"):
        assert told in outcome.out
    assert "MiB" not in outcome.out


def test_a_runtime_that_is_named_twice_is_measured_once(tssd, run):
    words = ("--timesteps", "1", "--batch", "1", "--seconds", "0", "--samples", "8", "--no-memory")
    outcome = tssd("bench", "run", *words, "--runtimes", "pytorch, pytorch", "--json")
    assert [cell["runtime"] for cell in json.loads(outcome.out)["cells"]] == ["pytorch"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "bench: no run folder given, such as runs/"),
        (["run", "--timesteps", "0"], "--timesteps: got '0', expected whole numbers >= 1"),
        (["run", "--timesteps", "1,1001"], "--timesteps: got 1001, expected 1 to 1000"),
        (["run", "--batch", "two"], "--batch: got 'two', expected whole numbers >= 1"),
        (["run", "--timesteps", ""], "--timesteps: got '', expected whole numbers >= 1"),
        (["run", "--timesteps", "99999999999"], "--timesteps: got 99999999999, expected 1 to 1000"),
        (["run", "--batch", "99999"], "--batch: got 99999, expected 1 to 4096"),
        (["run", "--runtimes", "tpu"], "runtimes: got 'tpu', expected some of pytorch,"),
        (["run", "--seconds", "soon"], "--seconds: got 'soon', expected seconds from 0 to 3600"),
        (["run", "--threads", "0"], "--threads: got '0', expected a whole number >= 1"),
        (["run", "--samples", "0"], "--samples: got '0', expected a whole number >= 1"),
        (["run", "--thread", "2"], "--thread: no such option; did you mean --threads?"),
        (["run", "--trainer.lr", "2"], "--trainer.lr: a trained run keeps it; only data can"),
    ],
)
def test_wrong_usage_is_one_line(tssd, run, words, expected):
    outcome = tssd("bench", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake


def test_a_folder_that_is_no_run_is_refused(tssd, tmp_path):
    outcome = tssd("bench", "gone")
    assert outcome.code == 1
    assert outcome.mistake == "gone: no such folder; expected a run that `tssd train` has made"
