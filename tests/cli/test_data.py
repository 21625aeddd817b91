import itertools
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from data.event_folders import nmnist
from events.recordings import at
from tssd.data import NMNIST
from tssd.events import FixedTime
from tssd.events.formats.five_byte import read_five_byte, write_five_byte
from tssd.reopened.load import load
from tssd.simulate.datasets import CIFAR10_CLASSES

TIMES = ["--timesteps.student=1", "--timesteps.teacher=2", "--trainer.evaluate_timesteps=2"]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """N-MNIST with two training recordings and a test recording of each digit, one empty."""
    folder = nmnist(tmp_path_factory.mktemp("data") / "NMNIST")
    write_five_byte(folder / "Train/0/00002.bin", at([]))
    return folder.parent


@pytest.fixture
def data(tssd, root):
    def run(action, *words, recipe="nmnist/small/tssd"):
        return tssd("data", action, recipe, f"--data.root={root}", *TIMES, *words)

    return run


def test_help_names_the_actions(tssd):
    for words in ([], ["--help"], ["show", "-h"]):
        outcome = tssd("data", *words)
        assert (outcome.code, outcome.err) == (0, "")
        for action in ("prepare", "info", "show", "simulate"):
            assert f"  {action} " in outcome.out


def test_prepare_builds_the_cache_that_training_uses(data, root, tmp_path, monkeypatch):
    monkeypatch.setenv("TSSD_CACHE", str(tmp_path / "cache"))
    outcome = data("prepare")
    assert outcome.code == 0
    (folder,) = (tmp_path / "cache").iterdir()
    assert outcome.out.startswith("N-MNIST ")
    assert ": 30 recordings of 2x2x17x17 counts (uint8)\n" in outcome.out
    assert f"cache: {folder} (0.0 MB)\n" in outcome.out
    empty = root / "NMNIST/Train/0/00002.bin"
    assert f"problems found: 1\n  {empty} holds no events\n" in outcome.out
    assert "1 of 30 samples have no events in the time that is used" in outcome.err
    made = (folder / "meta.json").stat().st_mtime_ns
    assert data("prepare").out == outcome.out
    assert (folder / "meta.json").stat().st_mtime_ns == made


def test_info_counts_samples_events_and_problems(data):
    outcome = data("info", "--data.val_share", "0")
    assert outcome.code == 0
    for digit in range(10):
        assert f"│ {digit}     │ 2     │ 0   │ 1    │" in outcome.out
    assert "│ all   │ 20    │ 0   │ 10   │" in outcome.out
    assert "; samples of 2x17x17 (channels, height, width)" in outcome.out
    assert re.search(r"events a recording +│ 0 +│ 150 +│ 150 +│", outcome.out)
    assert "duration, ms" in outcome.out and "events a ms" in outcome.out
    # The empty one has two empty timesteps of 60; no other is 60 ms long and has an empty one.
    assert "1 recordings without events; 3.33 % of the timesteps are empty; 0 cells" in outcome.out
    assert "hit the largest count, 255" in outcome.out
    assert "problems found: 1\n" in outcome.out


@pytest.mark.parametrize(
    ("name", "start"),
    [("sample.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("b.pdf", b"%PDF"), ("C.PNG", b"\x89P")],
)
def test_show_draws_a_recording(data, tmp_path, name, start):
    words = [] if name == "sample.png" else ["--output", name]
    outcome = data("show", "--set", "test", "--sample", "3", *words)
    assert outcome.code == 0
    assert outcome.out.startswith("N-MNIST, test 3: 3; ")
    assert outcome.out.endswith(f" events in 2 timesteps\nwritten: {name}\n")
    assert (tmp_path / name).read_bytes().startswith(start)


def test_show_draws_the_first_training_recording_by_default(data):
    assert data("show").out.startswith("N-MNIST, train 0: 0; 84 events in 2 timesteps")


def test_image_data_sets_have_no_frames(tssd):
    outcome = tssd("data", "prepare", "digits/tssd")
    assert (outcome.code, outcome.err) == (0, "")
    assert "images need no preparation" in outcome.out
    outcome = tssd("data", "info", "digits/tssd")
    assert (outcome.code, outcome.err) == (0, "")
    assert "│ all   │ 200   │ 145 │ 359  │" in outcome.out
    assert "cache" not in outcome.out
    outcome = tssd("data", "show", "digits/tssd")
    assert outcome.code == 2
    assert "has no events, expected an event data set" in outcome.mistake


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["prepar"], "prepar: no such action; did you mean prepare?"),
        (["simulat"], "simulat: no such action; did you mean simulate?"),
        (["info"], "data info: no recipe given, such as nmnist/vgg9_tssd; `tssd recipes` lists"),
        (["info", "nmnist/smal/tssd"], "'nmnist/smal/tssd' is neither a recipe nor a YAML file"),
        (["show", "nmnist/small/tssd", "--sampl", "1"], "--sampl: no such option; did you mean --"),
        (["show", "nmnist/small/tssd", "--sample", "-1"], "--sample: got '-1', expected a whole "),
        (["show", "nmnist/small/tssd", "--set", "tset"], "--set: invalid choice: 'tset'"),
        (["info", "nmnist/small/tssd", "--sample", "1"], "--sample: not an option of data info; l"),
        (["prepare", "nmnist/small/tssd", "--output=a"], "--output: not an option of data prepare"),
        (["info", "nmnist/small/tssd", "--data.sice=9"], "--data.sice: no such option; did you me"),
        (["info", "nmnist/small/tssd", "--data.pool=max"], "--data.pool: got max, expected"),
        (["info", "nmnist/small/tssd", "--data.slices=2"], "data.slices: got 2, but the network "),
        (["info", "nmnist/small/tssd"], "--data.root <folder> or set the environment variable TSS"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line(tssd, monkeypatch, words, expected):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    outcome = tssd("data", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake


def test_what_cannot_be_drawn_is_one_line(data, tmp_path):
    outcome = data("show", "--set", "test", "--sample", "10")
    assert outcome.code == 2
    assert outcome.err.endswith("tssd: --sample: got 10, but set test has 10 samples\n")
    outcome = data("show", "--output", "a.jpg")
    assert outcome.code == 2
    assert outcome.mistake == (
        "--output: got a.jpg, expected a name that ends in .png, .svg or .pdf"
    )
    (tmp_path / "file").touch()
    outcome = data("show", "--output", "file/a.png")
    assert outcome.code == 1
    assert outcome.err.endswith(
        "tssd: file/a.png: cannot be written (Not a directory); the previous file, if any, is "
        "intact; check the folder, its rights and the free space, then try again\n"
    )


def test_data_that_is_not_there_is_one_line(data, tssd, tmp_path):
    for action in ("prepare", "info", "show"):
        outcome = tssd("data", action, "nmnist/small/tssd", f"--data.root={tmp_path}")
        assert outcome.code == 1
        assert f"N-MNIST: no recordings in {tmp_path}/NMNIST; get Train.zip (about 1 G" in (
            outcome.mistake
        )
    outcome = data("info", "--data.allow_incomplete", "false")
    assert outcome.code == 1
    assert "recordings are missing or surplus (train/0: 2 of 5923;" in outcome.mistake


def test_evaluation_at_more_timesteps_than_in_training(tssd, root, tmp_path, monkeypatch):
    monkeypatch.setenv("TSSD_CACHE", str(tmp_path / "cache"))
    outcome = tssd(
        "train", "nmnist/small/tssd", f"--data.root={root}", *TIMES, "--net.width=0.03125",
        "--trainer.epochs=1", "--trainer.progress=false", "--data.batch_size=10",
    )  # fmt: skip
    assert outcome.code == 0
    assert "10 test samples" in outcome.out
    run = "runs/nmnist/small/tssd/seed0"
    trained = json.loads((tmp_path / run / "results.json").read_text())
    assert len(trained["best"]["accuracy"]) == 2
    # Three timesteps: the recordings are cut anew.
    outcome = tssd("evaluate", run, "--timesteps", "3", "--trainer.progress", "false")
    assert outcome.code == 0
    found = json.loads((tmp_path / run / "evaluation.json").read_text())
    assert len(found["accuracy"]) == 3
    assert found["accuracy"][:2] == trained["best"]["accuracy"]
    assert found["split_hash"] == trained["split_hash"]
    caches = [json.loads(p.read_text())["key"] for p in (tmp_path / "cache").glob("*/meta.json")]
    assert {key["slices"] for key in caches} == {2, 3}

    # The data set need not be there to classify a recording.
    recording = root / "NMNIST/Test/3/00001.bin"
    monkeypatch.setenv("TSSD_DATA", str(tmp_path / "nowhere"))
    outcome = tssd("predict", run, recording, recording, "--timesteps", "3")
    assert outcome.code == 0
    net = load(tmp_path / run)
    frames = NMNIST(slicing=FixedTime(30.0), slices=3, size=17).frames(read_five_byte(recording))
    with torch.no_grad():
        logits = net(frames[:, None]).logits[:, 0]
    best = [logits[: t + 1].mean(0).softmax(-1).max(-1) for t in range(3)]
    cells = [f"{at.indices} {100 * at.values:.0f} %" for at in best]
    rows = [line for line in outcome.out.splitlines() if "00001.bin" in line]
    assert [re.findall(r"\d \d+ %", row) for row in rows] == [cells, cells]
    outcome = tssd("predict", run, "gone.bin")
    assert (outcome.code, outcome.mistake[:24]) == (1, "gone.bin cannot be read ")


def test_info_tells_how_uneven_classes_are(tssd, tmp_path):
    for part, name, count in (("train", "cat", 8), ("train", "[dog]", 2), ("test", "cat", 3)):
        (tmp_path / f"set/{part}/{name}").mkdir(parents=True)
        for n in range(count):
            pixels = np.full((4, 4), 20 * n + len(name), np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"set/{part}/{name}/{n}.png")
    words = ["info", "image_folder/vgg9_tssd", "--data.root=set", "--data.val_share=0"]
    outcome = tssd("data", *words)
    assert (
        "classes are uneven: 2 training samples of [dog], 8 of cat, 4 times as many; always to "
        "answer cat is right for 100.0 % of the test samples\n" in outcome.out
    )
    assert "--objectives.task.class_weights balanced, and of an exit" in outcome.out
    even = tssd("data", "info", "digits/tssd", "--data.train_samples=null").out
    assert re.search(r"^classes are even: \d+ to \d+ training samples$", even, re.MULTILINE)


def test_info_of_images_says_what_is_left_out_and_what_is_changed(tssd, tmp_path):
    names = ["[bold]cat", "[red]\x1b[2J", b"caf\xe9".decode(errors="surrogateescape")]
    for n, (part, name) in enumerate(itertools.product(("train", "test"), names)):
        (tmp_path / "set" / part / name).mkdir(parents=True)
        Image.fromarray(np.full((4, 4), n, np.uint16)).save(tmp_path / f"set/{part}/{name}/0.png")
    (tmp_path / "set/train/notes.txt").touch()
    outcome = tssd("data", "info", "image_folder/vgg9_tssd", "--data.root=set")
    assert outcome.code == 0
    for shown in ("│ [bold]cat ", r"│ [red]\x1b[2J ", r"│ caf\udce9 ", "│ all          │ 3 "):
        assert shown in outcome.out
    assert "\x1b[2J" not in outcome.out + outcome.err
    assert re.search(r"^content [0-9a-f]{12}$", outcome.out, re.MULTILINE)
    assert "left out: 1 files outside of class folders\n" in outcome.out
    assert "6 images: brought to 8 bits\nno file is in two sets or in two classes\n" in outcome.out


@pytest.mark.parametrize("archive", [False, True])
def test_simulated_data_say_so(tssd, tmp_path, archive):
    for part in ("train", "test"):
        for name in CIFAR10_CLASSES:
            (tmp_path / "images" / part / name).mkdir(parents=True)
            pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / part / name / "0.png")
    words = ["simulate", "cifar10dvs", "set/CIFAR10DVS", "--images", "images", "--per_class", "1"]
    outcome = tssd("data", *words, "--duration", "5", *(["--archive"] if archive else []))
    assert outcome.code == 0
    assert outcome.out == "10 simulated recordings written into set/CIFAR10DVS\n"
    outcome = tssd(
        "data", "info", "cifar10dvs/vgg9_tssd", "--data.root", "set", "--data.allow_incomplete"
    )
    assert outcome.code == 0
    assert "CIFAR10-DVS (simulated) " in outcome.out
    assert "│ all        │ 10    │ 0   │ 0    │" in outcome.out
