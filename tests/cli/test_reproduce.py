"""`tssd reproduce`: planned, trained, killed, continued, and put beside the paper's numbers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.reproduce.test_plan_file import TINY

WORDS = [
    TINY,
    "--scale=small",
    "--seeds=0,1",
    "--no-probe",
    "--net.width=0.03125",
    "--data.train_samples=50",
    "--trainer.epochs=1",
    "--trainer.threads=1",
    "--trainer.progress=false",
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of an uninterrupted reproduction."""
    from tssd.cli import main

    output = tmp_path_factory.mktemp("whole")
    assert main(["reproduce", *WORDS, f"--output={output}"]) == 0
    return output


def names(folder):
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_a_reproduction_ends_with_a_table_and_a_plot(whole):
    suffixes = (".csv", ".json", ".md", ".png", ".svg", "-runs.jsonl")
    assert names(whole) == {f"tiny{suffix}" for suffix in suffixes}
    found = json.loads((whole / "tiny.json").read_text())
    assert [cell["seeds"] for cell in found["cells"]] == [2, 2, 2]
    assert found["not_counted"] == []
    assert found["epoch"].startswith("last epoch")
    run = whole / "runs/digits/tssd,timesteps.teacher=3/seed1/results.json"
    last = json.loads(run.read_text())["last"]
    assert found["cells"][2]["runs"][1] == 100 * last["accuracy"][0]


def test_recalibrated_cells_are_measured_and_a_run_that_cannot_be_is_listed(
    tssd, whole, tmp_path, monkeypatch
):
    output = shutil.copytree(whole, tmp_path / "again")
    own = Path(TINY).read_text().replace("row: TSSD", "recalibrated: true, row: TSSD")
    (tmp_path / "own.yaml").write_text(own)
    damaged = output / "runs/digits/tssd,timesteps.teacher=3/seed1"
    (damaged / "model.safetensors").write_bytes(b"")
    (damaged / "checkpoints/last.ckpt").write_bytes(b"")
    monkeypatch.setattr("tssd.training.trainer.Trainer", None)
    words = ["reproduce", "own.yaml", *WORDS[1:], f"--output={output}"]
    outcome = tssd(*words, "--dry-run")
    assert "1 of the networks are evaluated again at every T after training" in outcome.out
    outcome = tssd(*words)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("seed0: recalibrating batch norm at each T") == 1
    found = json.loads((output / "own.json").read_text())
    assert [cell["seeds"] for cell in found["cells"]] == [2, 2, 1]
    assert any("seed 1, recalibrated: " in line for line in found["not_counted"])
    kept = json.loads((damaged.parent / "seed0/recalibrated.json").read_text())
    assert found["cells"][2]["runs"] == [100 * kept["evaluations"][0]["accuracy"][0]]


def test_what_is_trained_is_not_trained_again(tssd, whole, tmp_path, monkeypatch):
    output = shutil.copytree(whole, tmp_path / "again")
    (output / "tiny.csv").unlink()
    monkeypatch.setattr("tssd.training.trainer.Trainer", None)
    outcome = tssd("reproduce", *WORDS, f"--output={output}", "--epoch=best")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("(trained already)") == 4
    assert outcome.out.count("; best epoch on the 145 validation samples, so few") == 1
    assert (output / "tiny.csv").exists()
    outcome = tssd("reproduce", *WORDS, f"--output={output}", "--trainer.epochs=2")
    assert outcome.code == 2
    assert "the run has trainer.epochs = 1, now it is 2" in outcome.err


def test_killed_half_way_and_run_again_it_ends_with_the_same_table(whole, tmp_path):
    command = [sys.executable, "-m", "tssd", "reproduce", *WORDS, f"--output={tmp_path}"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
        # The second of four runs has begun.
        begun = tmp_path / "runs/digits/vanilla_tt/seed1/config.yaml"
        while process.poll() is None and not begun.exists():
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "tiny.csv").exists()
    done = len(list(tmp_path.rglob("results.json")))
    assert 1 <= done < 4

    from tssd.cli import main

    assert main(["reproduce", *WORDS, f"--output={tmp_path}"]) == 0
    # Not what says how many seconds each took.
    for suffix in ("csv", "json", "md", "svg"):
        name = f"tiny.{suffix}"
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes(), name


def test_side_by_side_a_run_that_fails_is_listed_and_the_others_are_the_same(tssd, whole, tmp_path):
    # Two of the four runs are there already: a child imports for longer than it trains.
    output = shutil.copytree(whole, tmp_path / "failed")
    broken = output / "runs/digits/vanilla_tt/seed0"
    (broken / "results.json").unlink()
    (broken / "checkpoints/last.ckpt").write_bytes(b"damaged")
    shutil.rmtree(output / "runs/digits/tssd,timesteps.teacher=3/seed0")
    outcome = tssd("reproduce", *WORDS, "--jobs=2", f"--output={output}")
    assert outcome.code == 1
    assert outcome.out.count("failed: ") == 1
    assert "[1/" not in outcome.out  # which is told of what this process trains
    found, expected = (json.loads((path / "tiny.json").read_text()) for path in (output, whole))
    assert [cell["seeds"] for cell in found["cells"]] == [1, 1, 2]
    assert found["cells"][0]["runs"] == expected["cells"][0]["runs"][1:]
    assert found["cells"][2]["runs"] == expected["cells"][2]["runs"]
    (listed,) = found["not_counted"]
    assert listed.startswith("digits/vanilla_tt, seed 0: ")
    assert "damaged or truncated" in listed


def test_a_table_of_what_is_finished_trains_nothing(tssd, whole, tmp_path, monkeypatch):
    output = shutil.copytree(whole, tmp_path / "part")
    shutil.rmtree(output / "runs/digits/vanilla_tt/seed1")
    (output / "runs/digits/tssd,timesteps.teacher=3/seed0/results.json").unlink()
    other = output / "runs/digits/vanilla_tt/seed0/environment.json"
    content = json.loads(other.read_text())
    other.write_text(json.dumps(content | {"cpu": {"model": "another"}}))
    monkeypatch.setattr("tssd.training.trainer.Trainer", None)
    outcome = tssd("reproduce", TINY, *WORDS[1:4], "--only-finished", f"--output={output}")
    assert (outcome.code, outcome.err) == (0, "")
    found = json.loads((output / "tiny.json").read_text())
    assert [(cell["seeds"], cell["pairs"]) for cell in found["cells"]] == [(1, 0), (1, 0), (1, 0)]
    first, second = found["not_counted"]
    assert first == "digits/vanilla_tt, seed 1: not trained"
    assert second.startswith("digits/tssd --timesteps.teacher=3, seed 0: no results yet")
    assert [cell["steps"] for cell in found["cells"]] == [4, 4, 3]
    assert "The runs come from different processors (1 of " in outcome.out
    # They were given more options than this command.
    (note,) = (line for line in found["notes"] if "vanilla_tt" in line)
    assert note.endswith("seed 0: data.train_samples = 50, not 200")
    shutil.rmtree(output / "runs")
    outcome = tssd("reproduce", TINY, *WORDS[1:4], "--only-finished", f"--output={output}")
    assert outcome.code == 1
    assert "none of the 4 runs of tiny is finished" in outcome.err
    outcome = tssd("reproduce", TINY, *WORDS[1:4], "--only-finished", "--dry-run")
    assert outcome.out.count("seeds 0,1") == 2


def test_seeds_are_added_to_an_earlier_table(tssd, whole, tmp_path, monkeypatch):
    earlier = whole / "tiny-runs.jsonl"
    output = shutil.copytree(whole, tmp_path / "part")
    for path in names(output):
        (output / path).unlink()
    # One of the four is here, and counts; the others are in the file.
    for run in ("vanilla_tt/seed0", "vanilla_tt/seed1", "tssd,timesteps.teacher=3/seed1"):
        shutil.rmtree(output / "runs/digits" / run)
    monkeypatch.setattr("tssd.training.trainer.Trainer", None)
    words = ["reproduce", *WORDS, f"--earlier={earlier}", f"--output={output}"]
    outcome = tssd(*words)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"3 of the runs are in {earlier}" in outcome.out
    assert outcome.out.count("(trained already)") == 1
    for suffix in (".csv", ".json", ".md", ".svg", "-runs.jsonl"):
        name = f"tiny{suffix}"
        assert (output / name).read_bytes() == (whole / name).read_bytes(), name
    # All of them, and no folder of runs.
    outcome = tssd(*words, "--only-finished", f"--output={tmp_path / 'none'}")
    assert (outcome.code, outcome.err) == (0, "")
    assert (tmp_path / "none/tiny.csv").read_bytes() == (whole / "tiny.csv").read_bytes()
    # Without the options that the runs were given these are others, and so is the best epoch.
    outcome = tssd("reproduce", *WORDS[:4], f"--earlier={earlier}", f"--output={output}")
    assert outcome.code == 1
    assert "was given --data.train_samples=50 --net.width=0.03125" in outcome.err
    outcome = tssd(*words, "--epoch=best")
    assert outcome.code == 1
    assert "is of the last epoch, this table of the best one" in outcome.err


def test_an_earlier_run_that_was_not_recalibrated_counts_for_the_other_cells(tssd, whole, tmp_path):
    own = Path(TINY).read_text()
    last = own[own.rindex("- {") :]
    own += last.replace("row: TSSD", 'recalibrated: true, row: "TSSD, recalibrated"')
    (tmp_path / "own.yaml").write_text(own)
    earlier = whole / "tiny-runs.jsonl"
    words = ["reproduce", str(tmp_path / "own.yaml"), *WORDS[1:], f"--earlier={earlier}"]
    outcome = tssd(*words, "--only-finished", f"--output={tmp_path}")
    assert (outcome.code, outcome.err) == (0, "")
    assert "2 of the runs are in" in outcome.out
    assert "2 more are there without the recalibrated accuracy" in outcome.out
    found = json.loads((tmp_path / "own.json").read_text())
    assert [cell["seeds"] for cell in found["cells"]] == [2, 2, 2, 0]
    network = "digits/tssd --timesteps.teacher=3"
    assert found["not_counted"] == [f"{network}, seeds 0, 1, recalibrated: not in --earlier"]
    # Where there is training, they are trained.
    outcome = tssd(*words, "--dry-run", f"--output={tmp_path}")
    assert f"{network}  seeds 0,1" in outcome.out
    assert "vanilla" not in outcome.out.partition("runs into")[2]


def test_only_accuracies_can_be_taken_from_an_earlier_table(tssd, whole):
    outcome = tssd("reproduce", "curves", f"--earlier={whole / 'tiny-runs.jsonl'}")
    assert outcome.code == 2
    assert "--earlier: curves shows curves of its networks, which are not in such" in outcome.err
    outcome = tssd("reproduce", *WORDS, "--earlier=none.jsonl")
    assert outcome.code == 1
    assert "none.jsonl: no such file; expected NAME-runs.jsonl" in outcome.err


def test_other_samples_among_neighbours_are_refused(tssd, whole, tmp_path):
    output = shutil.copytree(whole, tmp_path / "foreign")
    results = output / "runs/digits/vanilla_tt/seed1/results.json"
    results.write_text(json.dumps(json.loads(results.read_text()) | {"split_hash": "foreign"}))
    outcome = tssd("reproduce", *WORDS, f"--output={output}")
    assert outcome.code == 1
    assert "failed: " in outcome.out
    assert "(split_hash) was foreign, now it is " in outcome.out


def test_cells_without_data_do_not_keep_the_others_from_running(tssd, whole, tmp_path, monkeypatch):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    output = shutil.copytree(whole, tmp_path / "part")
    both = tmp_path / "tiny.yaml"
    more = "- {data: CIFAR10, row: TSSD, column: net, at: 2, runs: {small: cifar10/vgg9_tssd}}\n"
    both.write_text(Path(TINY).read_text() + more)
    outcome = tssd("reproduce", both, *WORDS[1:], f"--output={output}")
    assert outcome.code == 0
    found = json.loads((output / "tiny.json").read_text())
    assert [cell["seeds"] for cell in found["cells"]] == [2, 2, 2, 0]
    assert found["not_counted"][0].startswith(
        "cifar10/vgg9_tssd, seeds 0, 1: not run: no data root"
    )


def test_the_names_are_listed_and_mistakes_are_named(tssd):
    listed = tssd("reproduce").out
    assert [line.split()[0] for line in listed.splitlines()][:2] == ["figure3", "figure4"]
    for words, expected in (
        (["tabel1"], "did you mean table1?"),
        (["table1", "--scale=big"], "--scale: invalid choice"),
        (["table1", "--seed=1"], "give --seeds 0,1,2"),
        (["table1", "--net.wdith=1"], "did you mean --net.width?"),
        (["table1", "--datasets=MNIST"], "--datasets: got 'MNIST'"),
        (["table1", "--seeds=a"], "--seeds: got 'a'"),
    ):
        outcome = tssd("reproduce", *words)
        assert outcome.code == 2
        assert expected in outcome.err
