import csv
import json
import shutil

import pytest

from tssd.reproduce.counted import collect
from tssd.reproduce.outcome import _few, write_outcome
from tssd.reproduce.plan import Variant
from tssd.reproduce.record import read_records
from tssd.reproduce.runs import Run
from tssd.reproduce.series import Series
from tssd.reproduce.table import Table

from .fabricated import cell, plan

VARIANT = Variant("digits/tssd")


@pytest.fixture
def written(trained, tmp_path):
    """Writes the outcome of a kind for one trained network."""

    def write(kind, epoch="best", data="digits"):
        output = tmp_path / kind
        run = Run(VARIANT, 0, output / "runs" / VARIANT.name / "seed0")
        shutil.copytree(trained, run.folder)
        cells = (cell("TSSD", VARIANT, at=2, paper=50.0, x=1.0, data=data),)
        collected = collect([run], output)
        of = {"scale": "small", "seeds": [0], "epoch": epoch}
        table = Table.of(plan(*cells, kind=kind), cells, collected, **of)
        text = write_outcome(table, collected, [run], output)
        assert (output / "made-up.md").read_text() == text
        results = json.loads((run.folder / "results.json").read_text())
        content = json.loads((output / "made-up.json").read_text())
        return output, results[epoch], content

    return write


def names(output):
    return {path.name.removeprefix("made-up") for path in output.iterdir() if path.is_file()}


def pictures(name):
    return {f"{name}.png", f"{name}.svg"}


TABLE = {".csv", ".json", ".md", *pictures("")}


@pytest.mark.parametrize("kind", ["table", "sweep", "ablation"])
def test_a_table_and_its_plot(written, kind):
    output, best, content = written(kind)
    assert names(output) == TABLE | {"-runs.jsonl"}
    (record,) = read_records(output / "made-up-runs.jsonl")
    assert [record.accuracy[t] for t in (1, 2)] == best["accuracy"][:2]
    (row,) = csv.DictReader((output / "made-up.csv").read_text().splitlines())
    assert float(row["mean"]) == pytest.approx(100 * best["accuracy"][1], abs=1e-4)
    assert content["cells"][0]["runs"] == [100 * best["accuracy"][1]]


def test_accuracy_at_every_timestep(written):
    output, best, content = written("timesteps")
    assert names(output) == TABLE | {"-timesteps.csv"} | pictures("-timesteps")
    assert content["timesteps"][0]["mean"] == [100 * a for a in best["accuracy"]]


def test_curves(written):
    output, _, content = written("curves")
    assert names(output) == TABLE | {"-epochs.csv"} | pictures("-epochs")
    assert len(content["epochs"][0]["x"]) == 1  # the run had one epoch


def test_long_curves_are_thinned_in_the_text_and_keep_their_end():
    x = tuple(range(1, 31))
    one = Series("d", "c", "epoch", "y", x, tuple((2 * n,) for n in x), tuple(map(str, x)))
    (found,) = _few([one])
    assert found.x == tuple(range(3, 31, 3))
    assert found.runs == tuple((2 * n,) for n in found.x)
    assert found.labels == tuple(map(str, found.x))
    assert _few([found]) == [found]


@pytest.mark.parametrize("epoch", ["best", "last"])
def test_rates_and_maps(written, epoch):
    output, best, content = written("rates", epoch)
    extra = {"-stages.csv"} | pictures("-stages") | pictures("-maps-digits")
    assert names(output) == TABLE | extra
    first = [v[1] for k, v in best["firing_rates"].items() if k.startswith("stages.0.")]
    assert content["stages"][0]["mean"][0] == pytest.approx(sum(first) / len(first))


@pytest.mark.parametrize("epoch", ["best", "last"])
def test_exits(written, epoch):
    output, best, content = written("exits", epoch)
    assert names(output) == TABLE | {"-exits.csv"} | pictures("-exits")
    (curve,) = best["early_exit"].values()
    assert content["exits"][0]["mean"] == [pytest.approx(100 * a) for a in curve["accuracy"]]


def test_theory(written):
    output, _, content = written("theory")
    assert names(output) == TABLE | {"-variance.csv"} | pictures("-variance")
    assert content["variance"]["learned"][0]["data"] == "digits"
    assert "class probabilities known" in (output / "made-up.md").read_text()


@pytest.mark.parametrize(
    "kind", ["timesteps", "curves", "rates", "exits", "theory", "table", "sweep", "ablation"]
)
def test_nothing_was_trained(tmp_path, kind):
    cells = (cell("TSSD", VARIANT, at=2, paper=50.0, data="digits"),)
    run = Run(VARIANT, 0, tmp_path / "runs/x")
    collected = collect([run], tmp_path)
    of = {"scale": "small", "seeds": [0], "epoch": "best"}
    table = Table.of(plan(*cells, kind=kind), cells, collected, **of)
    assert "not trained" in write_outcome(table, collected, [run], tmp_path)


def test_no_name_leads_out_of_the_folder_or_into_the_table(written):
    output, _, _ = written("rates", data="../../a|b$")
    assert len(list(output.glob("made-up-maps-*.png"))) == 1
    assert {path.name for path in output.parent.iterdir()} == {"rates"}
    assert r"| ../../a\|b\$ |" in (output / "made-up.md").read_text()
