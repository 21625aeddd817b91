import html
import json
import re
import shlex
import shutil

import pytest

from tssd.config import build, load_recipe
from tssd.data import FashionMNIST
from tssd.runs.folder import RunFolder


@pytest.fixture
def run(trained, tmp_path):
    return RunFolder(shutil.copytree(trained, tmp_path / "run"))


@pytest.fixture
def runs(trained, tmp_path):
    """Two methods with two seeds each, and one run that is not finished."""
    results = json.loads((trained / "results.json").read_text())
    for method, gain in (("tssd", 0.05), ("vanilla", 0.0)):
        for seed in range(2):
            folder = shutil.copytree(trained, tmp_path / "runs" / "d" / method / f"seed{seed}")
            own = json.loads(json.dumps(results)) | {"seed": seed, "selected": "best"}
            own["best"]["accuracy"] = [a + gain + 0.01 * seed for a in own["best"]["accuracy"]]
            (folder / "results.json").write_text(json.dumps(own))
    half = shutil.copytree(trained, tmp_path / "runs" / "d" / "tssd" / "seed2")
    (half / "results.json").unlink()
    return tmp_path / "runs"


def test_a_run_becomes_one_page(tssd, run):
    outcome = tssd("report", "run")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("written: run/report.html (")
    text = (run.path / "report.html").read_text()
    results = run.read_results()
    for t, share in enumerate(results.best.accuracy):
        assert f'<data value="{share!r}" data-at="results.json#/best/accuracy/{t}">' in text
    assert text.count('class="input"') == 8
    assert "latency, measured" in text
    assert "stages.0.0.2, 0: mean 0." in text
    assert html.escape(run.config.read_text()) in text
    assert "tssd report run</code>" in text


def test_the_command_in_the_page_trains_the_same_run_again(tssd, run, tmp_path):
    assert tssd("report", "run", "--no-samples").code == 0
    text = (run.path / "report.html").read_text()
    command = shlex.split(html.unescape(re.search(r'<pre class="command">(.*?)</pre>', text)[1]))
    assert command == ["tssd", "train", "run/config.yaml", "--output", "run-again"]
    assert tssd(*command[1:]).code == 0
    again = RunFolder(tmp_path / "run-again")
    assert again.read_config() == run.read_config()
    assert again.read_results().best == run.read_results().best


def test_a_further_seed_is_that_of_the_recipe(tssd, runs, trained, tiny):
    assert tssd("report", "runs", "--no-samples").code == 0
    text = (runs / "report.html").read_text()
    command = shlex.split(html.unescape(re.search(r'<pre class="command">(.*?)</pre>', text)[1]))
    assert command[:5] == ["tssd", "train", "runs/d/vanilla/seed0/config.yaml", "--seed", "2"]
    assert command[-1] == "runs/d/vanilla/seed2"
    names, values = command[3:-2:2], command[4:-2:2]
    options = [(n.removeprefix("--"), v) for n, v in zip(names, values, strict=True)]
    from_page = build(load_recipe(command[2], options)).config
    assert from_page == build(load_recipe("digits/tssd", [*tiny, ("seed", "2")])).config


def test_more_samples_and_another_file(tssd, run, tmp_path):
    assert tssd("report", "run", "--samples", "11", "--output", "x/page.html").code == 0
    assert (tmp_path / "x" / "page.html").read_text().count('class="input"') == 11
    assert not (run.path / "report.html").exists()


def test_without_samples_the_network_is_not_read(tssd, run):
    run.weights.unlink()
    assert tssd("report", "run", "--no-samples").code == 0
    assert "Not shown: --no-samples was given." in (run.path / "report.html").read_text()


@pytest.mark.parametrize("file", ["weights", "exits"])
def test_the_page_is_written_when_the_network_is_damaged(tssd, run, file):
    getattr(run, file).write_bytes(b"no")
    outcome = tssd("report", "run")
    assert outcome.code == 0
    assert "no samples: run" in outcome.out
    assert "Not shown: run" in (run.path / "report.html").read_text()


def test_a_damaged_model_json_is_named(tssd, run):
    run.model.write_bytes(b"no")
    outcome = tssd("report", "run")
    assert outcome.code == 1
    assert "run/model.json: damaged" in outcome.mistake


def test_the_page_is_written_without_the_data(tssd, run, monkeypatch):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    config = run.config.read_text()
    assert "class_path: tssd.data.Digits" in config
    data = "  class_path: tssd.data.FashionMNIST\n  init_args: {}\n"
    head, rest = config.split("data:\n", 1)
    rest = rest[rest.index("\nnet:") + 1 :]
    run.config.write_text(f"{head}data:\n{data}{rest}")
    names = list(FashionMNIST().class_names)
    run.model.write_text(json.dumps(json.loads(run.model.read_text()) | {"class_names": names}))
    outcome = tssd("report", "run")
    assert outcome.code == 0
    assert "TSSD_DATA" in outcome.out
    # Where the data are was said, and is wrong: that is a mistake.
    outcome = tssd("report", "run", "--data.root", "nowhere")
    assert outcome.code in (1, 2)
    assert "nowhere" in outcome.mistake


def test_a_folder_becomes_a_comparison(tssd, runs):
    outcome = tssd("report", "runs")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("not counted: d/tssd/seed2 (half-finished: 1 of 1 epochs; ")
    assert "T = 2, 5.00 ± 0.00 points above" in outcome.out
    text = (runs / "report.html").read_text()
    assert "<h1>runs</h1>" in text
    assert "+5.00" in text
    assert "n = 2 common seeds: too few for any statement." in text
    assert "<h3>vanilla</h3>" in text
    assert "<h3>tssd</h3>" in text
    assert text.count('class="nan"') == 0


def test_the_reference_and_the_epoch_can_be_chosen(tssd, runs):
    words = ["--reference", "tssd", "--epoch", "last", "--no-samples"]
    assert tssd("report", "runs", *words).code == 0
    text = (runs / "report.html").read_text()
    assert "against tssd" in text
    assert "last epoch" in text
    # Only the best epoch's accuracies were changed.
    assert "+0.00" in text


def test_a_run_on_other_images_is_refused(tssd, runs):
    path = runs / "d" / "vanilla" / "seed1" / "results.json"
    path.write_text(path.read_text().replace('"split_hash": "', '"split_hash": "x'))
    outcome = tssd("report", "runs", "--no-samples")
    assert "not counted: d/vanilla/seed1 (refused: other samples: its split is x" in outcome.out


def test_one_damaged_run_is_named_and_the_page_is_about_the_others(tssd, runs):
    bad = runs / "d" / "vanilla" / "seed1" / "results.json"
    bad.write_text("[" * 100_000 + "]" * 100_000)
    (runs / "d" / "tssd" / "seed1" / "metrics.csv").write_text("a\n" + "1" * 200_000)
    outcome = tssd("report", "runs", "--no-samples")
    assert outcome.code == 1
    assert outcome.out.startswith("not counted: d/vanilla/seed1 (damaged: results.json: damaged (")
    assert "runs/d/tssd/seed1/metrics.csv: damaged (field larger" in outcome.err
    assert "without it there is no learning curve of this run" in outcome.err
    assert "written: runs/report.html" in outcome.out


DAMAGED = {
    "random": (lambda content: bytes(range(256)) * 4, "("),
    "cut": (lambda content: content[: len(content) // 2], "(row 1 has "),
    "no row": (lambda content: content.partition(b"\n")[0], "(it ends after 0 of 1 epochs)"),
    "doubled": (lambda content: content * 2, "(row 2: epoch is 'epoch', expected a number)"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_table_of_metrics_is_named_and_the_page_is_made_without_it(tssd, run, damage):
    change, found = DAMAGED[damage]
    run.metrics.write_bytes(change(run.metrics.read_bytes()))
    outcome = tssd("report", "run", "--no-samples")
    assert outcome.code == 0
    assert outcome.err.startswith(f"run/metrics.csv: damaged {found}")
    assert outcome.err.endswith("restore it; without it there are no learning curves\n")
    assert outcome.err.count("\n") == 1
    assert "metrics.csv is not there, or holds no epoch." in (run.path / "report.html").read_text()


def test_one_damaged_network_does_not_hide_the_others(tssd, runs):
    (runs / "d" / "vanilla" / "seed0" / "model.safetensors").write_bytes(b"no")
    outcome = tssd("report", "runs")
    assert outcome.code == 0
    assert "no samples: runs/d/vanilla/seed0/model.safetensors: damaged" in outcome.out
    text = (runs / "report.html").read_text()
    assert "Not shown: runs/d/vanilla/seed0/model.safetensors: damaged" in text
    assert 'class="map"' in text


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        ([], 2, "report: no folder given, such as runs/"),
        (["gone"], 1, "gone: no such folder"),
        (["run", "--samples", "0"], 2, "--samples: got '0', expected a whole number >= 1"),
        (["run", "--samples", "3", "--no-samples"], 2, "--samples: --no-samples shows none"),
        (["run", "--sampels", "3"], 2, "--sampels: no such option; did you mean --samples?"),
        (["run", "--reference", "x"], 2, "--reference: run is a single run"),
        (["run", "--epoch", "last"], 2, "--epoch: run is a single run"),
        (["run", "--net.width", "1"], 2, "--net.width: a trained run keeps it; only data can"),
        (["run", "--json"], 2, "--json: no such option; "),
        (["run", "--output", "run"], 2, "--output: run is a folder"),
        (["run", "--output", "run/config.yaml/x"], 1, "run/config.yaml/x: cannot be written"),
        ([".", "--reference", "nobody"], 2, "--reference: 'nobody' is none of the methods run"),
        (["empty"], 1, "empty: no run in it or below it"),
    ],
)
def test_mistakes_are_one_line(tssd, run, tmp_path, words, code, expected):
    (tmp_path / "empty").mkdir()
    outcome = tssd("report", *words)
    assert outcome.code == code
    assert expected in outcome.mistake


def test_a_run_that_is_not_finished_is_shown_as_far_as_it_went(tssd, run):
    run.results.unlink()
    outcome = tssd("report", "run")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("run: this run is not finished; the page shows how far it went")
    text = (run.path / "report.html").read_text()
    assert "tssd train run --resume</pre>" in text
    assert "This run is not finished: 1 of 1 epochs." in text


def test_a_damaged_run_is_refused_in_one_line(tssd, run):
    run.results.write_text('{"best": ')
    assert "results.json: damaged" in tssd("report", "run").mistake
    assert not (run.path / "report.html").exists()
