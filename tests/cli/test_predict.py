import json
import re
import shutil
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from tssd.data import Digits
from tssd.reopened.load import load
from tssd.runs.folder import RunFolder


@pytest.fixture
def digit(tmp_path):
    """The first test image, as the file that it would be."""
    grey = Digits().samples("test")[0, 0].numpy()
    Image.fromarray(grey).save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


def test_predict_shows_class_and_confidence_at_every_t(tssd, trained, digit):
    outcome = tssd("predict", trained, digit.name, digit.name)
    assert (outcome.code, outcome.err) == (0, "")
    x, _ = Digits().dataset("test")[0]
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
    from tssd.trained import decided

    monkeypatch.setattr(decided, "BATCH", 2)
    out = tssd("predict", trained, *[digit.name] * 5).out
    assert out.count("digit.png") == 5


def test_a_long_path_is_shown_to_its_end(tssd, trained, digit, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    name = "a" * 60 + "/" + "z" * 9 + ".png"
    (tmp_path / name).parent.mkdir()
    digit.rename(tmp_path / name)
    out = tssd("predict", trained, name).out
    parts = [line.split("│")[1].strip() for line in out.splitlines() if line.startswith("│")]
    assert "".join(parts) == name


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


@pytest.fixture
def run(trained, tmp_path):
    """A copy that may be changed."""
    return RunFolder(shutil.copytree(trained, tmp_path / "run"))


def test_a_network_on_a_dataset_is_refused_whatever_it_is_given(tssd, run, digit, tmp_path):
    model = json.loads(run.model.read_text())
    run.model.write_text(json.dumps(model | {"as_given": "image"}))
    for place in (digit, tmp_path):
        outcome = tssd("predict", run.path, place)
        assert outcome.code == 2
        assert "takes samples as the Dataset of its training gives them" in outcome.mistake
        assert outcome.mistake.endswith("net.predict([x])")


def test_names_are_no_commands_to_a_terminal(tssd, run, digit):
    model = json.loads(run.model.read_text())
    names = [f"{n}\x1b[2J" for n in range(10)]
    run.model.write_text(json.dumps(model | {"class_names": names}))
    digit.rename(digit.with_name("a\x1b]0;title.png"))
    outcome = tssd("predict", "run", "a\x1b]0;title.png", "--timesteps", "1")
    assert (outcome.code, outcome.err) == (0, "")
    assert "\x1b" not in outcome.out
    assert r"a\x1b]0;title.png" in outcome.out and r"\x1b[2J " in outcome.out


@pytest.fixture
def folder(tmp_path, digit):
    """Two digits, one of them deeper, and much else."""
    deep = tmp_path / "images" / "deep"
    deep.mkdir(parents=True)
    shutil.copy(digit, deep / "one.PNG")
    shutil.copy(digit, tmp_path / "images" / "[bold]two.png")
    (tmp_path / "images" / "notes.txt").touch()
    (tmp_path / "images" / ".hidden.png").touch()
    return tmp_path / "images"


def test_a_folder_stands_for_all_its_images(tssd, trained, folder):
    outcome = tssd("predict", trained, "images")
    assert outcome.code == 0
    rows = [line for line in outcome.out.splitlines() if ".png" in line.lower()]
    assert len(rows) == 2
    assert "images/[bold]two.png" in rows[0]
    assert "images/deep/one.PNG" in rows[1]
    assert "skipped in folders: " in outcome.out
    assert "1 hidden file" in outcome.out


def test_an_unreadable_file_in_a_folder_is_counted(tssd, trained, folder, capsys):
    (folder / "bad.png").write_text("no image")
    outcome = tssd("predict", trained, "images", "--json")
    assert outcome.code == 0
    assert "skipped: images/bad.png: not a readable image" in outcome.err
    found = json.loads(outcome.out)
    assert found["skipped"]["unreadable files"] == 1
    assert len(found["predictions"]) == 2
    for path in folder.rglob("*.*"):
        path.write_text("no image")
    outcome = tssd("predict", trained, "images")
    assert outcome.code == 1
    assert "none of its 3 files is sound" in outcome.err


def test_a_folder_without_images_says_what_is_in_it(tssd, trained, tmp_path):
    (tmp_path / "images").mkdir()
    assert (
        "images: none of its files counts (it is empty)"
        in tssd("predict", trained, "images").mistake
    )
    (tmp_path / "images/notes.txt").touch()
    outcome = tssd("predict", trained, "images")
    assert outcome.code == 1
    assert ".png" in outcome.mistake


def test_json_is_what_the_network_says(tssd, trained, digit):
    outcome = tssd("predict", trained, digit, "--timesteps", "2", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    expected = load(trained).predict(digit, 2)
    assert found["predictions"] == [
        {
            "file": str(digit),
            "classes": [row[0] for row in expected.names],
            "confidences": expected.confidences[:, 0].tolist(),
        }
    ]
    assert found["class_names"] == list("0123456789")
    assert found["timesteps"] == {"student": 2, "teacher": 4}
    assert (found["unfinished"], found["epoch"], found["skipped"]) == (None, 1, {})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tssd, run, digit, value):
    run.write_results(replace(run.read_results(), sha256={}))  # as of an earlier version
    weights = load_file(run.weights)
    save_file({k: torch.full_like(v, value) if v.is_floating_point() else v
               for k, v in weights.items()}, run.weights)  # fmt: skip
    outcome = tssd("predict", "run", digit)
    assert outcome.code == 1
    assert "model.safetensors: " in outcome.mistake
    assert "holds NaN or infinity, expected finite numbers" in outcome.mistake


def test_logits_that_are_no_numbers_are_refused(tssd, run, digit):
    weights = load_file(run.weights)
    largest = torch.full_like(weights["head.2.bias"], torch.finfo().max)
    save_file(weights | {"head.2.bias": largest, "head.2.weight": weights["head.2.weight"] * 1e38},
              run.weights)  # fmt: skip
    outcome = tssd("predict", "run", digit)
    assert outcome.code in (0, 1)
    assert "nan" not in outcome.out.lower()


def test_an_unfinished_run_says_so(tssd, run, digit):
    for file in (run.results, run.weights, run.exits):
        file.unlink()
    outcome = tssd("predict", "run", digit)
    assert outcome.code == 0
    assert "unfinished: epoch 1 of 1; weights of epoch 1" in outcome.out


def test_a_run_without_weights_names_the_remedy(tssd, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.yaml").write_text("seed: 0")
    outcome = tssd("predict", "run", "a.png")
    assert outcome.code == 1
    assert "finish the run with `tssd train run --resume`" in outcome.mistake


@pytest.mark.parametrize("steps", [1001, 10**9, 10**30])
def test_more_timesteps_than_anybody_trains(tssd, trained, digit, steps):
    outcome = tssd("predict", trained, digit, "--timesteps", steps)
    assert outcome.code == 2
    assert outcome.mistake.startswith(f"--timesteps: got {steps}, expected 1 to 1000")
