import json
import shutil
import subprocess
import sys

import pytest

from tssd.runs.folder import RunFolder


@pytest.fixture
def run(trained, tmp_path):
    return RunFolder(shutil.copytree(trained, tmp_path / "run"))


def test_evaluate_gives_the_accuracy_of_training_and_more_timesteps(tssd, run):
    outcome = tssd("evaluate", "run", "--timesteps", "5", "--data.batch_size", "300")
    assert (outcome.code, outcome.err) == (0, "")
    found = json.loads((run.path / "evaluation.json").read_text())
    assert tuple(found["accuracy"][:4]) == run.read_results().best.accuracy
    assert len(found["accuracy"]) == found["timesteps"] == 5
    assert found["split_hash"] == run.read_results().split_hash
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
        (["run", "--data", "tssd.data.ImageFolder"], "TSSD_DATA"),
        (["run", "--timesteps", "1000000000"], "--timesteps: got 1000000000, expected 1 to 1000"),
        (["run", "--trainer.evaluate_timesteps", "1001"], "timesteps: got 1001, expected 1 to"),
        (
            ["run", "--trainer.precision", "bf16-mixed"],
            "--trainer.precision: is of the training, wh",
        ),
        (
            ["run", "--timesteps", "2", "--trainer.evaluate_timesteps", "3"],
            "; leave one of them out",
        ),
        (["run", "--samples", "9"], "--samples: counts those of --recalibrate, which is not given"),
        (["run", "--recalibrate", "--samples", "1"], "--samples: got '1', expected a whole number"),
        (["run", "--epoch", "first"], "--epoch: got 'first', expected best, last or the number of"),
        (["run", "--callbacks.x", "Timer"], "--callbacks.x: a trained run keeps it; only data and"),
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
    run.weights.unlink()
    shutil.rmtree(run.checkpoints)
    assert "finish the run with `tssd train run --resume`" in mistake()


def test_data_of_other_classes_is_refused(tssd, run):
    outcome = tssd("evaluate", "run", "--data", "tssd.data.CIFAR10")
    assert outcome.code == 1
    assert "the data has the classes airplane, automobile," in outcome.mistake
    assert "the run was trained on 0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in outcome.mistake


def test_samples_of_another_size_are_refused(tssd, run):
    outcome = tssd("evaluate", "run", "--data.image_size", "32")
    assert outcome.code == 1
    assert "samples of 1 x 32 x 32" in outcome.mistake
    assert "the run was trained on 1 x 16 x 16" in outcome.mistake


def test_json_is_evaluation_json(tssd, run):
    outcome = tssd("evaluate", "run", "--json", "--trainer.accelerator", "cpu")
    assert (outcome.code, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert found == json.loads((run.path / "evaluation.json").read_text())
    assert (found["epoch"], found["unfinished"], found["data_of_training"]) == (0, None, True)


def test_recalibrated_at_every_t_beside_the_run_as_it_is(tssd, run):
    weights = run.weights.read_bytes()
    outcome = tssd("evaluate", "run", "--recalibrate", "--timesteps", "2")
    assert (outcome.code, outcome.err) == (0, "")
    (kept,) = json.loads(run.recalibrated.read_text())["evaluations"]
    assert len(kept["accuracy"]) == 2
    plain = json.loads(run.evaluation.read_text())
    assert (kept["epoch"], kept["samples"]) == (plain["epoch"], 359)
    for t in (1, 2):
        row = next(line for line in outcome.out.splitlines() if line.startswith(f"│ {t} │"))
        shown = [float(cell) for cell in row.split("│")[2:4]]
        expected = [100 * found["accuracy"][t - 1] for found in (plain, kept)]
        assert shown == pytest.approx(expected, abs=0.006)
    assert f"on {kept['training_samples']} training samples" in outcome.out
    assert "all numbers: run/evaluation.json and run/recalibrated.json" in outcome.out
    assert run.weights.read_bytes() == weights
    # Others than those of training are shown and not kept; the same again gives the same.
    words = ("--recalibrate", "--timesteps", "2", "--json")
    other = tssd("evaluate", "run", *words, "--samples", "9", "--data.train_samples", "40")
    assert json.loads(other.out)["recalibrated"]["training_samples"] == 9
    assert json.loads(run.recalibrated.read_text())["evaluations"] == [kept]
    other = tssd("evaluate", "run", *words, "--samples", "9", "--data.augment", "true")
    assert json.loads(other.out)["recalibrated"]["training_samples"] == 9
    assert json.loads(run.recalibrated.read_text())["evaluations"] == [kept]
    assert json.loads(tssd("evaluate", "run", *words).out)["recalibrated"] == kept


def test_an_unfinished_run_is_marked(tssd, run):
    expected = list(run.read_results().last.accuracy)
    config = run.config.read_text().replace("epochs: 1", "epochs: 40")
    run.config.write_text(config)
    for file in (run.results, run.weights, run.exits):
        file.unlink()
    outcome = tssd("evaluate", "run")
    assert outcome.code == 0
    assert outcome.out.startswith("unfinished: epoch 1 of 40; weights of epoch 1\n")
    found = json.loads((run.path / "evaluation.json").read_text())
    assert (found["epoch"], found["unfinished"]) == (0, "epoch 1 of 40")
    assert found["accuracy"] == expected
    outcome = tssd("evaluate", "run", "--epoch", "last", "--json")
    assert json.loads(outcome.out)["accuracy"] == expected


@pytest.mark.parametrize("name", ["split_hash", "content_hash"])
def test_data_that_has_changed_since_training_is_told_of(tssd, run, name):
    model = json.loads(run.model.read_text())
    model["split_hash"] = run.read_results().split_hash
    run.model.write_text(json.dumps(model | {name: "0123456789ab"}))
    outcome = tssd("evaluate", "run")
    assert outcome.code == 0
    assert outcome.err.startswith(
        f"run: the data has changed since the run was trained: {name} was 0123456789ab, now it"
    )
    assert len(outcome.err.splitlines()) == 1
    found = json.loads((run.path / "evaluation.json").read_text())
    assert found["data_of_training"] is False
    assert found["trained_on"][name] == "0123456789ab"


def test_other_data_is_told_of(tssd, run):
    outcome = tssd("evaluate", "run", "--data.train_samples", "40")
    assert outcome.code == 0
    assert "run: evaluated on other data than the run was trained on: split_hash" in outcome.err


@pytest.mark.parametrize("words", [["evaluate"], ["bench"], ["predict", "a.png"]])
def test_a_folder_that_is_not_there_is_told_before_torch_is_imported(words):
    code = (
        "import sys; from tssd.cli.main import main; code = main(sys.argv[1:]); "
        "sys.exit(code + 10 * ('torch' in sys.modules))"
    )
    words = [words[0], "no_such_run", *words[1:]]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr.startswith("tssd: no_such_run: no such folder")) == (
        1,
        True,
    )
