import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tssd.cli.train import default_folder
from tssd.runs.folder import RunFolder


@pytest.fixture
def images(tmp_path):
    """An image folder of two classes, 12 images each to train and 3 to test."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 12), ("test", 3)):
        for label in "ab":
            (tmp_path / "set" / part / label).mkdir(parents=True)
            for n in range(count):
                pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / "set" / part / label / f"{n}.png")
    return tmp_path / "set"


@pytest.fixture
def train_folder(tssd, tiny_words, images):
    """Trains on the image folder."""
    words = [*tiny_words, "--data=tssd.data.ImageFolder", f"--data.folder={images}"]
    return lambda *more: tssd("train", "digits/tssd", *words, "--data.train_samples=20", *more)


def test_train_prints_the_accuracy_at_every_t_and_the_folder(tssd, tiny_words):
    outcome = tssd("train", "digits/tssd", *tiny_words)
    assert (outcome.code, outcome.err) == (0, "")
    results = RunFolder(Path("runs/digits/tssd/seed0")).read_results()
    for accuracy in results.best.accuracy:
        assert f" {100 * accuracy:.2f} " in outcome.out
    assert "T=2*" in outcome.out
    assert "last epoch (epoch 1)" in outcome.out
    assert "best epoch" not in outcome.out
    assert "359 test samples" in outcome.out
    assert outcome.out.endswith("run folder: runs/digits/tssd/seed0\n")

    # The same again is refused, and with --resume is not trained again.
    outcome = tssd("train", "digits/tssd", *tiny_words)
    assert outcome.code == 2
    resuming = "`tssd train runs/digits/tssd/seed0 --resume`"
    told = f"exists already; continue it with {resuming} or choose another --output"
    assert told in outcome.mistake
    outcome = tssd("train", "runs/digits/tssd/seed0", "--resume")
    assert outcome.code == 0
    assert RunFolder(Path("runs/digits/tssd/seed0")).read_results() == results


@pytest.mark.parametrize("words", [["--seed", "3"], ["--output", "runs/digits/tssd/seed3"]])
def test_a_run_that_is_there_is_told_before_torch_is_loaded(tssd, monkeypatch, words):
    def load(overrides):
        raise AssertionError

    monkeypatch.setattr("tssd.cli.train.load_training", load)
    folder = RunFolder(Path("runs/digits/tssd/seed3"))
    folder.path.mkdir(parents=True)
    folder.write_config({"seed": 3})
    outcome = tssd("train", "digits/tssd", *words)
    assert outcome.code == 2
    assert outcome.mistake.startswith("runs/digits/tssd/seed3: this run exists already")


def test_a_run_gets_more_epochs_only_where_they_are_asked_for(tssd, tiny_words):
    tssd("train", "digits/tssd", *tiny_words, "--output", "run")
    others = [word for word in tiny_words if "epochs" not in word]
    outcome = tssd("train", "digits/tssd", *others, "--output", "run", "--resume")
    assert outcome.code == 2
    assert (
        "the run has trainer.epochs = 1, now it is 40; `tssd train run --resume" in outcome.mistake
    )
    outcome = tssd("train", "run", "--resume", "--trainer.epochs", "2")
    assert outcome.code == 0
    assert outcome.err.startswith("run: 2 epochs instead of 1, 1 of them trained; from here on ")
    assert RunFolder(Path("run")).read_results().last.epoch == 1


def test_what_a_new_class_drops_is_said(tssd, tiny_words):
    outcome = tssd("train", "digits/tssd", *tiny_words, "--optimizer=AdamW", "--optimizer.lr=0.01")
    assert outcome.code == 0
    assert outcome.err == (
        "optimizer: AdamW takes its own defaults (weight_decay 0.01); torch.optim.SGD's "
        "momentum 0.9, weight_decay 0.0001 are dropped\n"
    )
    saved = RunFolder(Path("runs/digits/tssd/seed0")).read_config()["optimizer"]
    assert saved["class_path"] == "torch.optim.AdamW"
    assert (saved["init_args"]["lr"], saved["init_args"]["weight_decay"]) == (0.01, 0.01)


def test_default_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert default_folder("digits/tssd", 3) == Path("runs/digits/tssd/seed3")
    (tmp_path / "own.yaml").touch()
    assert default_folder("own.yaml", 0) == Path("runs/own/seed0")
    (tmp_path / "old").mkdir()
    (tmp_path / "old/config.yaml").touch()
    assert default_folder("old", 1) == Path("old")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "train: no recipe given; `tssd recipes` lists them"),
        (
            ["digits/tsd"],
            "'digits/tsd' is neither a recipe nor a YAML file; did you mean digits/ts",
        ),
        (
            ["digits/tssd", "--epochs", "3"],
            "--epochs: no such option; did you mean --trainer.epoch",
        ),
        (["digits/tssd", "--resum"], "--resum: no such option; did you mean --resume?"),
        (
            ["digits/tssd", "--net.widht=1"],
            "--net.widht: no such option; did you mean --net.width?",
        ),
        (["digits/tssd", "--net=tssd.models.vgg99"], "did you mean tssd.models.vgg9?"),
        (["digits/tssd", "--trainer.epochs=x"], "--trainer.epochs: got x, expected a whole number"),
        (["digits/tssd", "--trainer.epochs=0"], "trainer.epochs: got 0, expected "),
        (["digits/tssd", "--exits.taps=[5]"], "exits.taps: got 5, expected a stage from 0 to 3"),
        (
            ["digits/tssd", "--timesteps.student=4"],
            "student = 4 and teacher = 4; raise --timesteps",
        ),
        (["digits/tssd", "--trainer.accelerator=mps"], "mps was asked for, but torch"),
        (
            ["cifar10/vgg9_tssd"],
            "pass --data.root <folder> or set the environment variable TSSD_DATA",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_leaves_nothing_behind(
    tssd, monkeypatch, tmp_path, words, expected
):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    outcome = tssd("train", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("name", "found"), [("caf\udce9", "not a name in UTF-8"), ("x" * 300, "too long a name")]
)
def test_a_folder_with_a_name_that_no_run_can_have_is_refused_before_it_is_made(
    tssd, tiny_words, tmp_path, name, found
):
    outcome = tssd("train", "digits/tssd", *tiny_words, "--output", name)
    assert outcome.code == 2
    assert found in outcome.mistake
    assert not list(tmp_path.iterdir())


def test_a_mistake_in_your_own_file_names_file_and_option(tssd, tmp_path):
    (tmp_path / "own.yaml").write_text("extends: digits/tssd\nnet: {init_args: {widht: 1}}\n")
    outcome = tssd("train", "own.yaml")
    assert outcome.code == 2
    assert outcome.mistake == "own.yaml: net.widht: no such option; did you mean net.width?"


def test_a_network_of_your_own_in_this_folder_is_found(tssd, tmp_path):
    (tmp_path / "net_of_mine.py").write_text(
        "from tssd.models import StagedNet, vgg9\n"
        "def net(in_channels: int, *, thin: bool = True) -> StagedNet:\n"
        "    return vgg9(in_channels, image_size=16, width=0.03 if thin else 1)\n"
    )
    (tmp_path / "own.yaml").write_text("extends: digits/tssd\nnet: net_of_mine.net\n")
    outcome = tssd("train", "own.yaml", "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert "  --net.in_channels FROM_DATA" in outcome.out
    assert "  --net.thin true" in outcome.out


def test_a_corrupt_image_is_named_and_can_be_left_out(train_folder, images):
    (images / "train/a/5.png").write_bytes(b"\x89PNG broken")
    outcome = train_folder("--output", "run")
    assert outcome.code == 1
    assert "train/a/5.png is not a readable image" in outcome.mistake
    assert "--data.skip_corrupt true" in outcome.mistake
    outcome = train_folder("--output", "run", "--data.skip_corrupt", "true")
    assert outcome.code == 0
    assert outcome.err.startswith(f"{images}: left out: 1 unreadable (")
    results = json.loads(Path("run/results.json").read_text())
    assert results["split_sizes"] == {"train": 20, "val": 2, "test": 6}


def test_what_is_wrong_with_an_image_folder_is_said(train_folder, images, tmp_path):
    def mistake(code=1, *more):
        outcome = train_folder(*more)
        assert outcome.code == code
        assert not (tmp_path / "runs").exists()
        return outcome.mistake

    (images / "test/c").mkdir()
    assert "the class c, which" in mistake()
    (images / "test/c").rename(images / "train/c")
    assert "train/c holds no images: add some, or delete" in mistake()
    empty = tmp_path / "empty"
    assert "empty does not exist" in mistake(1, f"--data.folder={empty}")
    empty.mkdir()
    assert "empty has no train/ (found no folders)" in mistake(1, f"--data.folder={empty}")


def test_a_dry_run_says_what_training_takes_and_writes_nothing(tssd, tiny_words, tmp_path):
    words = ["train", "digits/tssd", *tiny_words, "--data.batch_size=4", "--dry-run"]
    outcome = tssd(*words, "--output=run")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("digits/tssd: a dry run, nothing is written\n")
    assert "50 train, 145 val, 359 test samples of 1 x 16 x 16, 10 classes" in outcome.out
    assert " for a batch of 4 (T_s = 2, T_t = 4; task, temporal, spatial, exit" in outcome.out
    assert "on this machine for 1 epoch, loading" in outcome.out
    outcome = tssd(*words, "--json")
    assert json.loads(outcome.out)["estimate"]["epochs"] == 1
    assert not list(tmp_path.iterdir())


def test_what_a_run_finds_is_a_file_not_json_on_standard_output(tssd):
    outcome = tssd("train", "digits/tssd", "--json")
    assert outcome.code == 2
    assert outcome.mistake == "--json: a dry run has it; what a run finds is in its results.json"
