import json
import math
import time
from dataclasses import replace

import pytest

from tssd.errors import DataError
from tssd.reproduce.counted import (
    Collected,
    collect,
    problem_with,
    refuse_other_splits,
    shared_epoch,
)
from tssd.reproduce.plan_file import variant_names
from tssd.reproduce.record import record_of
from tssd.reproduce.runs import plan_runs

from .fabricated import TSSD, VANILLA, cell, content, results, write_run


def test_what_is_not_finished_foreign_or_nan_is_listed_and_not_counted(tmp_path):
    good, unfinished, nan, absent, moved, failed = runs = plan_runs([VANILLA], range(6), tmp_path)
    write_run(good.folder, content(0, [0.5]))
    write_run(unfinished.folder, None)
    write_run(nan.folder, content(2, [math.nan]))
    write_run(moved.folder, content(0, [0.9]))
    write_run(tmp_path / "runs/somebody/else/seed0", content(0, [1.0]))
    found = collect(runs, tmp_path, {failed: "the loss became nan"})
    assert [r.seed for r in found.finished[VANILLA]] == [0]
    listed = "\n".join(found.listed)
    assert "a/vanilla, seed 1: no results yet; the same command finishes it" in listed
    assert "a/vanilla, seed 2: results.json: best.accuracy at T = 1 is nan" in listed
    assert f"a/vanilla, seed {absent.seed}: not trained" in listed
    assert "a/vanilla, seed 4: results.json is of seed 0" in listed
    assert "a/vanilla, seed 5: the loss became nan" in listed
    assert f"{tmp_path / 'runs/somebody/else/seed0'}: of no plan" in listed
    assert len(found.listed) == 6


def test_results_of_a_run_that_is_being_made_longer_do_not_count(tmp_path):
    run, done = plan_runs([VANILLA], range(2), tmp_path)
    for each in (run, done):
        write_run(each.folder, content(each.seed, [0.5], epochs=3))
        (each.folder / "config.yaml").write_text(f"trainer:\n  epochs: {6 if each == run else 3}\n")
    found = collect([run, done], tmp_path)
    assert [r.seed for r in found.finished[VANILLA]] == [1]
    told = "not finished: the results are those of 3 epochs, now 6 are planned"
    assert found.listed == [f"a/vanilla, seed 0: {told}"]


def test_seeds_that_are_missing_for_the_same_reason_share_a_line(tmp_path):
    runs = plan_runs([VANILLA, TSSD], range(3), tmp_path)
    write_run(runs[0].folder, content(0, [0.5]))
    assert collect(runs, tmp_path).listed == [
        "a/vanilla, seeds 1, 2: not trained",
        "a/tssd --timesteps.teacher=3, seeds 0, 1, 2: not trained",
    ]


def test_processors_of_the_runs_that_count(tmp_path):
    runs = plan_runs([VANILLA], range(3), tmp_path)
    for run, model in zip(runs, ("A", "A", "B"), strict=True):
        write_run(run.folder, content(run.seed, [0.5]))
        (run.folder / "environment.json").write_text(json.dumps({"cpu": {"model": model}}))
    (runs[2].folder / "results.json").unlink()
    assert collect(runs, tmp_path).processors == {(VANILLA, 0): "A", (VANILLA, 1): "A"}


def test_curves_of_a_cell_by_seed():
    runs = {VANILLA: [results(0, [0.5, 0.7], last=[0.4, 0.6]), results(1, [0.6, 0.8])]}
    found = Collected(runs, [], {(VANILLA, 1): (0.9, 1.0), (TSSD, 0): (0.1,)})
    own = cell("vanilla", VANILLA)
    assert found.curves(own, "small", "last") == {0: (0.4, 0.6), 1: (0.6, 0.8)}
    assert found.curves(replace(own, recalibrated=True), "small", "last") == {1: (0.9, 1.0)}
    assert found.curves(cell("TSSD", TSSD), "small", "best") == {}


def test_ten_thousand_runs_of_others_take_a_second_and_a_few_lines(tmp_path):
    for n in range(10_000):
        folder = tmp_path / f"runs/{n // 100}/{n}"
        folder.mkdir(parents=True)
        (folder / "config.yaml").touch()
    began = time.perf_counter()
    found = collect(plan_runs([VANILLA], [0], tmp_path), tmp_path)
    assert time.perf_counter() - began < 5
    assert len(found.listed) == 1 + 5 + 1
    assert found.listed[-1].startswith("9995 more runs")


def test_runs_of_other_plans_may_share_the_folder(tmp_path):
    write_run(tmp_path / "runs/cifar10/vgg9_tssd/seed3", None)
    assert collect([], tmp_path, others=variant_names("paper")).listed == []
    (line,) = collect([], tmp_path, others=variant_names("small")).listed
    assert line.endswith("vgg9_tssd/seed3: of no plan")


def test_what_is_inside_a_run_is_not_another_run(tmp_path):
    write_run(tmp_path / "runs/a", None)
    write_run(tmp_path / "runs/a/inside", None)
    assert collect([], tmp_path).listed == [f"{tmp_path / 'runs/a'}: of no plan"]
    assert collect([], tmp_path / "nothing").listed == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ([], "damaged (it holds no mapping)"),
        ({"seed": 0}, "it has no timesteps"),
        (content(0, [0.5]) | {"best": None}, "it has no best"),
        (content(0, []), "it has no best.accuracy"),
        (content(0, [0.5], last=[math.inf]), "last.accuracy at T = 1 is inf"),
        (content(0, ["a"]), "best.accuracy at T = 1 is 'a'"),
    ],
)
def test_results_that_cannot_be_counted(tmp_path, wrong, told):
    (run,) = plan_runs([VANILLA], [0], tmp_path)
    write_run(run.folder, wrong)
    (line,) = collect([run], tmp_path).listed
    assert line.startswith(f"a/vanilla, seed 0: results.json: {told}")
    assert problem_with(results(0, [0.5]), 0) is None


def test_damaged_results_are_listed(tmp_path):
    (run,) = plan_runs([VANILLA], [0], tmp_path)
    write_run(run.folder, None)
    (run.folder / "results.json").write_text('{"seed": ')
    assert "damaged" in collect([run], tmp_path).listed[0]


def test_neighbours_must_have_seen_the_same_samples():
    cells = [cell("one", VANILLA), cell("two", TSSD), cell("three", TSSD, data="other")]
    same = Collected({VANILLA: [results(0, [1.0])], TSSD: [results(0, [1.0])]}, []).records("best")
    assert refuse_other_splits(cells, "small", same) == {"d": "abc", "other": "abc"}
    runs = {VANILLA: [results(0, [1.0])], TSSD: [results(0, [1.0], split="xyz")]}
    other = Collected(runs, []).records("best")
    with pytest.raises(DataError, match="a/vanilla, seed 0 used split abc, but a/tssd"):
        refuse_other_splits(cells, "small", other)
    # Other data may well have another split.
    assert refuse_other_splits([cells[0], cells[2]], "small", other)["other"] == "xyz"


def test_the_epoch_that_counts_is_what_all_runs_say():
    old, best = results(0, [0.5]), results(1, [0.5], selected="best")
    last = results(2, [0.5], selected="last")
    assert shared_epoch({VANILLA: [old, best]}) == "best"
    assert shared_epoch({VANILLA: [last], TSSD: [last]}) == "last"
    with pytest.raises(DataError, match="best .* for a/vanilla, seed 1, the last for a/t"):
        shared_epoch({VANILLA: [best], TSSD: [last]})
    earlier = [record_of(last, TSSD, "last")]
    assert shared_epoch({}, earlier) == "last"
    with pytest.raises(DataError, match="best .* for a/vanilla, seed 1, the last for a/t"):
        shared_epoch({VANILLA: [best]}, earlier)


def test_runs_of_an_earlier_table_are_counted_beside_those_that_are_here(tmp_path):
    runs = plan_runs([VANILLA], range(3), tmp_path)
    write_run(runs[1].folder, content(1, [0.5]))
    earlier = {runs[0]: record_of(results(0, [0.25]), VANILLA, "best")}
    found = collect(runs, tmp_path, earlier=earlier)
    assert found.listed == ["a/vanilla, seed 2: not trained"]
    records = found.records("best")[VANILLA]
    assert {seed: record.accuracy for seed, record in records.items()} == {
        0: {1: 0.25},
        1: {1: 0.5},
    }
