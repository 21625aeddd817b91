"""Recordings and spike trains of one's own, from the files to an answer."""

import pytest
import torch

from data.own_folders import write
from events.datasets.heidelberg_files import shd
from tssd.reopened.load import load

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
