import re

import numpy as np
import pytest
import torch
from PIL import Image

from tssd.cli.predict import read_image
from tssd.config.runs import load, read_model
from tssd.data import Digits, ImageFolder
from tssd.training.run_folder import RunFolder


@pytest.fixture
def digit(tmp_path):
    """The first test image, as the file that it would be."""
    grey = Digits().samples("test")[0, 0].numpy()
    Image.fromarray(grey).save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


def test_read_image_gives_what_training_saw(trained, digit):
    x = read_image(digit, read_model(RunFolder(trained)))
    expected, _ = Digits().dataset("test")[0]
    torch.testing.assert_close(x, expected)


def test_read_image_of_a_colour_network_is_that_of_the_image_folder(tmp_path):
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for label in "ab":
            (tmp_path / part / label).mkdir(parents=True)
            pixels = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / part / label / "0.png")
    data = ImageFolder(str(tmp_path), image_size=16, augment=False, val_share=0.0)
    model = {"sample_shape": [3, 16, 16], "mean": data.mean, "std": data.std}
    x = read_image(tmp_path / "test/a/0.png", model)
    torch.testing.assert_close(x, data.dataset("test")[0][0])


def test_predict_shows_class_and_confidence_at_every_t(tssd, trained, digit):
    outcome = tssd("predict", trained, digit, digit)
    assert (outcome.code, outcome.err) == (0, "")
    x = read_image(digit, read_model(RunFolder(trained)))
    with torch.no_grad():
        logits = load(trained)(x[None, None].expand(4, 1, 1, 16, 16)).logits
    cells = []
    for t in range(1, 5):
        best = logits[:t].mean(0)[0].softmax(-1).max(-1)
        cells.append(f"{best.indices} {100 * best.values:.0f} %")
    rows = [line for line in outcome.out.splitlines() if "digit.png" in line]
    assert [re.findall(r"\d \d+ %", row) for row in rows] == [cells, cells]
    assert "T=2*" in outcome.out


@pytest.mark.parametrize(("mode", "size"), [("RGB", (40, 30)), ("RGBA", (8, 8)), ("P", (16, 16))])
def test_predict_takes_images_of_any_kind_and_size(tssd, trained, tmp_path, mode, size):
    Image.new(mode, size).save(tmp_path / "any.png")
    outcome = tssd("predict", trained, "any.png", "--timesteps", "1")
    assert outcome.code == 0
    assert "T=1 " in outcome.out
    assert "T=2" not in outcome.out


def test_many_images_go_in_batches(tssd, trained, digit, monkeypatch):
    from tssd.cli import predict

    monkeypatch.setattr(predict, "BATCH", 2)
    out = tssd("predict", trained, *[digit] * 5).out
    assert out.count("digit.png") == 5


def test_what_is_wrong_with_an_image_is_said(tssd, trained, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    outcome = tssd("predict", trained, "text.png")
    assert outcome.code == 1
    assert outcome.mistake.startswith("text.png: not a readable image (cannot identify image file")
    assert "skip_corrupt" not in outcome.mistake
    outcome = tssd("predict", trained, "gone.png")
    assert (outcome.code, outcome.mistake) == (1, "gone.png: no such image")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "predict: expected a run folder and at least one file"),
        (["run"], "predict: expected a run folder and at least one file"),
        (
            ["run", "a.png", "--timesteps", "0"],
            "--timesteps: got '0', expected a whole number >= 1",
        ),
        (["run", "a.png", "--data.root", "x"], "--data.root: no such option; valid are --help, "),
    ],
)
def test_wrong_usage_is_one_line(tssd, words, expected):
    outcome = tssd("predict", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake


def test_an_unfinished_run_names_the_remedy(tssd, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.yaml").touch()
    outcome = tssd("predict", "run", "a.png")
    assert outcome.code == 1
    assert "finish the run with `tssd train run --resume`" in outcome.mistake
