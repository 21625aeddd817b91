"""Recordings and spike trains of one's own, from the files to an answer."""

import json
from pathlib import Path

import pytest
import torch

from data.own_folders import write
from events.datasets.heidelberg_files import shd
from tssd.reopened.load import load
from tssd.runs.folder import RunFolder

TIMES = ["--timesteps.student=1", "--timesteps.teacher=2", "--trainer.evaluate_timesteps=2"]
QUICK = [*TIMES, "--trainer.epochs=1", "--trainer.accelerator=cpu", "--data.val_share=0"]
ROWS = ["--data.height=128", "--data.width=128"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    names = [
        f"{label}/{n}{name}" for label in ("no", "yes") for n, name in enumerate(["a.csv"] * 5)
    ]
    return write(tmp_path_factory.mktemp("own"), *names)


def test_a_folder_is_inspected_trained_on_and_its_like_are_classified(tssd, folder, tmp_path):
    options = [f"--data.root={folder}", *ROWS, "--data.size=16"]
    info = tssd("data", "info", "event_folder+vgg9+tssd", *options, *TIMES)
    assert info.code == 0, info.err
    assert "event-folder " in info.out and "left out: " in info.out
    assert "samples of 2x16x16" in info.out and "problems found: none" in info.out
    words = [*options, *QUICK, "--net.width=0.03", "--output=run"]
    trained = tssd("train", "event_folder+vgg9+tssd", *words)
    assert trained.code == 0, trained.err
    again = tssd("evaluate", "run")
    assert again.code == 0, again.err
    write(tmp_path, "new/a.csv", "new/b_a.dat")
    found = tssd("predict", "run", "new")
    assert found.code == 0, found.err
    assert "new/a.csv" in found.out and "new/b_a.dat" in found.out


def test_a_run_knows_the_sensor_that_its_recordings_said(tssd, tmp_path):
    names = [f"{part}/{label}/0a.dat" for part in ("train", "test") for label in ("no", "yes")]
    write(tmp_path, *[f"own/{name}" for name in names])
    write(tmp_path, "new/a.csv", "new/1a.dat")
    write(tmp_path, "new/b/2a.dat", *[f"half/{name}" for name in names], side=64)
    words = ["--data.root=own", "--data.size=16", *QUICK, "--net.width=0.03", "--output=run"]
    trained = tssd("train", "event_folder+vgg9+tssd", *words)
    assert trained.code == 0, trained.err
    told = "new/b/2a.dat is of a sensor of 64x64 pixels, expected 128x128 as those of the training"
    assert tssd("predict", "run", "new/b/2a.dat").mistake.startswith(told)
    # A table says no sensor, and so is of that one.
    found = tssd("predict", "run", "new", "--json")
    assert found.code == 0 and told in found.err
    assert [p["file"] for p in json.loads(found.out)["predictions"]] == ["new/1a.dat", "new/a.csv"]
    assert "another sensor" not in tssd("evaluate", "run").err
    other = tssd("evaluate", "run", "--data.root=half")
    assert "of another sensor than in training, 64x64 pixels in place of 128x128" in other.err
    # As a run of an earlier version, which has not noted it.
    model = RunFolder(Path("run")).model
    noted = json.loads(model.read_text())
    assert noted.pop("sensor") == [128, 128]
    model.write_text(json.dumps(noted))
    assert tssd("predict", "run", "new/b/2a.dat").code == 0
    assert "does not say the size of its sensor" in tssd("predict", "run", "new/a.csv").mistake


def test_without_a_sensor_one_line_says_what_to_give(tssd, folder):
    outcome = tssd("train", "event_folder+vgg9+tssd", f"--data.root={folder}", "--data.size=16")
    assert outcome.code == 1
    assert "no recording says the size of its sensor; give --data.height and" in outcome.mistake


def test_spike_trains_train_a_fully_connected_network(tssd, tmp_path):
    root = shd(tmp_path / "data", train=12)
    words = [f"--data.root={root}", "--data.allow_incomplete=true", "--data.size=20"]
    shown = tssd("data", "show", "shd+mlp+tssd", *words, *TIMES, "--output=a.png")
    assert shown.code == 0 and (tmp_path / "a.png").stat().st_size > 1000
    outcome = tssd("train", "shd+mlp+tssd", *words, *QUICK, "--net.width=0.1", "--output=run")
    assert outcome.code == 0, outcome.err
    net = load("run")
    found = net.predict(torch.ones(2, 3, 20, 1, 1), timesteps=2)
    assert found.confidences.shape == (2, 3)
    told = tssd("predict", "run", root / "SHD/shd_test.h5")
    assert "a file of SHD holds many samples; give frames [T, N, units, 1, 1]" in told.mistake
