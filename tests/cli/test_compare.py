import csv
import json
import re
from pathlib import Path

import pytest

from tssd.cli.compare import expand, plan
from tssd.cli.train import default_folder
from tssd.errors import UsageError
from tssd.runs.folder import RunFolder


def test_compare_trains_what_is_missing_and_tabulates(tssd, tiny_words, monkeypatch):
    words = ["digits/tssd", "digits/vanilla_ts", *tiny_words, "--seeds", "0,1"]
    outcome = tssd("compare", *words)
    assert (outcome.code, outcome.err) == (0, "")
    assert "[4/4] digits/vanilla_ts, seed 1: runs/digits/vanilla_ts/seed1\n" in outcome.out
    folder = Path("runs")
    files = {path.name for path in folder.iterdir() if path.is_file()}
    suffixes = (".csv", ".json", ".md", ".png", ".svg", "-differences.csv")
    assert files == {f"comparison{suffix}" for suffix in suffixes}
    table = (folder / "comparison.md").read_text()
    assert "| TSSD, T_s = 1, T_t = 4 (digits/tssd) |" in table
    assert "minus vanilla_ts" in outcome.out
    assert "TSSD, T_s = 1, T_t = 4 (tssd): 2 seeds, too few to test." in outcome.out

    # The same again trains nothing: without the trainer, it would have to fail.
    monkeypatch.setattr("tssd.training.trainer.Trainer", None)
    outcome = tssd("compare", *words, "--timesteps", "1,2")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("(trained already)") == 4
    runs = [RunFolder(folder / "digits/tssd" / f"seed{seed}").read_results() for seed in (0, 1)]
    values = [100 * run.best.accuracy[1] for run in runs]
    (row, _) = csv.DictReader((folder / "comparison.csv").read_text().splitlines())
    assert list(row)[4:-1] == ["T=1 mean", "T=1 std", "T=2 mean", "T=2 std"]
    assert float(row["T=2 mean"]) == pytest.approx(sum(values) / 2, abs=1e-3)
    assert float(row["T=2 std"]) == pytest.approx(abs(values[0] - values[1]) / 2**0.5, abs=1e-3)
    found = json.loads((folder / "comparison.json").read_text())
    assert [r["seeds"] for r in found["rows"]] == [[0, 1], [0, 1]]

    # Another baseline.
    outcome = tssd("compare", *words, "--against", "tssd")
    assert "minus tssd" in outcome.out
    content = json.loads((folder / "comparison.json").read_text())
    assert content["differences"]["against"] == "digits/tssd"
    assert "Accuracy minus that of TSSD" in (folder / "comparison.md").read_text()

    # The last epoch's weights are another table.
    outcome = tssd("compare", *words, "--epoch", "last")
    assert re.search("last epoch.*; 359 test samples", outcome.out)

    # Recalibrated: measured once, then read.
    for measured in (4, 0):
        outcome = tssd("compare", *words, "--recalibrate", "--timesteps", "1")
        assert outcome.out.count(": recalibrating batch norm at each T") == measured
    rows = json.loads((folder / "comparison.json").read_text())["rows"]
    assert [row["recalibrated"] for row in rows] == [False, True] * 2
    kept = [
        json.loads((folder / f"digits/tssd/seed{seed}/recalibrated.json").read_text())
        for seed in (0, 1)
    ]
    values = [100 * own["evaluations"][0]["accuracy"][0] for own in kept]
    assert rows[1]["accuracy"]["1"]["runs"] == values

    # Other options do not mix with what is there.
    outcome = tssd("compare", *words, "--trainer.epochs=2")
    assert outcome.code == 2
    assert "digits/tssd/seed0: the run has trainer.epochs = 1, now it is 2" in outcome.err


def test_expand_takes_patterns_and_keeps_the_order():
    assert expand(["digits/vanilla_*", "digits/tssd", "digits/tssd", "own.yaml"]) == [
        "digits/vanilla_ts",
        "digits/vanilla_tt",
        "digits/tssd",
        "own.yaml",
    ]
    # Pieces in another order are the same recipe, which gets one folder.
    assert expand(["tssd+digits+vgg9", "vgg9+digits+tssd", "digits+vgg9+v*"]) == [
        "digits+vgg9+tssd",
        "digits+vgg9+vanilla_ts",
        "digits+vgg9+vanilla_tt",
    ]
    with pytest.raises(UsageError, match="'nothing/\\*' fits none"):
        expand(["nothing/*"])


def test_plan_puts_runs_where_train_does():
    (run,) = plan("digits/tssd", [3], Path("out"))
    assert run[:3] == ("digits/tssd", 3, Path("out/digits/tssd/seed3"))
    assert plan("digits/tssd", [3], Path("runs"))[0].folder == default_folder("digits/tssd", 3)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "compare: no recipe given; `tssd recipes` lists them"),
        (["digits/tsd"], "did you mean digits/tssd?"),
        (["digits/*s", "digits/*x"], "recipe: 'digits/*x' fits none"),
        (["digits/tssd", "--seeds", "0;1"], "--seeds: got '0;1', expected whole numbers >= 0"),
        (["digits/tssd", "--seeds", "0,4294967296"], "--seeds: got '0,4294967296', expected whole"),
        (["digits/tssd", "--seeds", "9" * 5000], "--seeds: got '999"),
        (["digits/tssd", "--timesteps", ""], "--timesteps: got '', expected whole numbers >= 1"),
        (["digits/tssd", "--against", ""], "--against: '' is none of the methods digits/tssd"),
        (["digits/tssd", "--seed", "1"], "--seed: a comparison has several; give --seeds 0,1,2"),
        (["digits/tssd", "--timesteps", "0"], "--timesteps: got '0', expected whole numbers >= 1"),
        (["digits/tssd", "--timesteps", "1,9"], "add --trainer.evaluate_timesteps 9"),
        (["digits/tssd", "--against", "x"], "--against: 'x' is none of the methods digits/tssd"),
        (["digits/tssd", "--jobs", "0"], "--jobs: got '0', expected a whole number >= 1"),
        (["digits/tssd", "--epochs", "1"], "--epochs: no such option; did you mean --trainer.epo"),
        (["digits/tssd", "--epoch", "1"], "--epoch: invalid choice: '1' (choose from"),
        (["digits/tssd", "--sedes", "1"], "--sedes: no such option; did you mean --seeds?"),
        (["digits/tssd", "--net.widht", "1"], "--net.widht: no such option; did you mean --net.wi"),
        (["digits/tssd", "--exits.taps=[7]"], "digits/tssd: exits.taps: got 7, expected a stage"),
    ],
)
def test_wrong_usage_is_one_line_before_any_training(tssd, tmp_path, words, expected):
    outcome = tssd("compare", *words)
    assert outcome.code == 2
    assert expected in outcome.mistake
    assert not (tmp_path / "runs").exists()


def test_recipes_on_different_images_are_refused_before_any_training(tssd, tmp_path):
    for name, share in (("a", 0.1), ("b", 0.2)):
        text = f"extends: digits/tssd\ndata: {{init_args: {{val_share: {share}}}}}\n"
        (tmp_path / f"{name}.yaml").write_text(text)
    outcome = tssd("compare", "a.yaml", "b.yaml")
    assert outcome.code == 2
    assert outcome.mistake.startswith("the recipes use different samples (split a.yaml: ")
    assert not (tmp_path / "runs").exists()


def test_recipes_of_the_same_name_are_refused(tssd, tmp_path_factory):
    files = [tmp_path_factory.mktemp(folder) / "x.yaml" for folder in "ab"]
    for file in files:
        file.write_text("extends: digits/tssd\n")
    outcome = tssd("compare", *files)
    assert outcome.code == 2
    assert (
        outcome.mistake == f"{files[0]} and {files[1]} have the same name; rename one of the files"
    )


def test_json_is_all_that_is_printed(tssd, tiny_words):
    outcome = tssd("compare", "digits/tssd", *tiny_words, "--seeds=0", "--json")
    assert outcome.code == 0
    assert outcome.out == Path("runs/comparison.json").read_text()
    assert [row["method"] for row in json.loads(outcome.out)["rows"]] == ["digits/tssd"]
    assert outcome.err == "[1/1] digits/tssd, seed 0: runs/digits/tssd/seed0\n"


def test_a_dropped_argument_is_said_once(tssd, tiny_words):
    words = [
        "digits/tssd",
        "digits/vanilla_ts",
        *tiny_words,
        "--optimizer=AdamW",
        "--exits.taps=[9]",
    ]
    outcome = tssd("compare", "digits/vanilla_ts", *words)
    assert outcome.code == 2
    words = words[:-1]
    outcome = tssd("compare", *words, "--seeds=0")
    assert outcome.code == 0
    assert outcome.err.count("optimizer: AdamW takes its own defaults (lr 0.001, ") == 1


def test_a_contradiction_names_its_recipe_once(tssd):
    outcome = tssd("compare", "digits+vgg9+ssd+tssd")
    assert outcome.mistake.count("digits+vgg9+ssd+tssd") == 1
