import json
import os
import time
from functools import partial

import pytest

from runs.written import CONFIG, content, write
from tssd.errors import DataError
from tssd.report.collection import collect


@pytest.fixture
def make(tmp_path):
    return partial(write, tmp_path)


def test_runs_are_grouped_by_the_folder_above_their_seed(make, tmp_path):
    for seed in (2, 0, 10):
        make(f"digits/tssd/seed{seed}", content(seed))
    make("digits/vanilla/seed0", content())
    make("alone", content(7))
    found = collect(tmp_path)
    names = {name: [run.seed for run in runs] for name, runs in found.methods.items()}
    assert names == {"alone": [7], "digits/tssd": [0, 2, 10], "digits/vanilla": [0]}
    assert found.left_out == []


def test_results_of_fewer_epochs_than_are_planned_do_not_count(make, tmp_path):
    make("a/seed0", content() | {"epochs": 9})
    make("a/seed1", content(1) | {"epochs": 2})
    found = collect(tmp_path)
    assert [run.name for run in found.methods["a"]] == ["a/seed0"]
    assert [run.state for run in found.left_out] == ["half-finished"]
    assert "those of 2 epochs, now 9 are planned; continue with" in found.left_out[0].reason


def test_seeds_right_in_the_folder_are_called_like_it(make, tmp_path):
    make("seed0", content())
    assert list(collect(tmp_path).methods) == [tmp_path.name]


def test_a_run_on_other_images_is_refused_with_the_reason(make, tmp_path):
    for seed in range(3):
        make(f"a/seed{seed}", content(seed))
    make("a/seed3", content(3, split="xyz"))
    found = collect(tmp_path)
    assert [run.seed for run in found.methods["a"]] == [0, 1, 2]
    (refused,) = found.left_out
    assert (refused.name, refused.state) == ("a/seed3", "refused")
    assert refused.reason == "other samples: its split is xyz, that of the others abc"


def test_without_a_majority_nothing_is_compared(make, tmp_path):
    make("a/seed0", content())
    make("b/seed0", content(split="xyz"))
    with pytest.raises(DataError, match="abc: 1 runs such as a/seed0; xyz: 1 runs such as b/seed0"):
        collect(tmp_path)


def test_a_seed_counts_once(make, tmp_path):
    make("a/seed0", content(0))
    make("a/seed1", content(0))
    found = collect(tmp_path)
    assert [run.name for run in found.methods["a"]] == ["a/seed0"]
    assert found.left_out[0].reason == "seed 0 of this method is in a/seed0 already"


def test_a_run_with_other_options_is_not_another_seed(make, tmp_path):
    make("a/seed0", content(0))
    make("a/seed1", content(1), config=CONFIG.replace("seed: 0", "seed: 1"))
    make("a/seed2", content(2), config=CONFIG.replace("epochs: 9", "epochs: 8"))
    found = collect(tmp_path)
    assert [run.seed for run in found.methods["a"]] == [0, 1]
    (refused,) = found.left_out
    assert refused.state == "refused"
    assert refused.reason == "other options: 'epochs: 8' where seed0 has 'epochs: 9'"


def test_without_a_finished_run_the_first_reason_is_told(make, tmp_path):
    make("x/seed0", {"score": 1})
    told = "none of the 1 runs below it counts; x/seed0: foreign, results.json: it has no seed"
    with pytest.raises(DataError, match=told):
        collect(tmp_path)
    make("m/seed0", content())
    assert [run.name for run in collect(tmp_path).left_out] == ["x/seed0"]


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="no run in it or below it; expected what `tssd train`"):
        collect(tmp_path)


def test_runs_that_are_linked_count(make, tmp_path):
    elsewhere = make("elsewhere/seed0", content())
    (tmp_path / "chosen" / "m").mkdir(parents=True)
    (tmp_path / "chosen" / "m" / "seed0").symlink_to(elsewhere)
    assert list(collect(tmp_path / "chosen").methods) == ["m"]


def test_thousands_of_runs_are_found_fast(tmp_path):
    (tmp_path / "config").write_text("")
    for seed in range(10):
        (tmp_path / f"results{seed}").write_text(json.dumps(content(seed)))
    for run in range(2000):
        folder = tmp_path / f"m{run // 10}" / f"seed{run % 10}"
        folder.mkdir(parents=True)
        os.link(tmp_path / "config", folder / "config.yaml")  # faster than to write each
        os.link(tmp_path / f"results{run % 10}", folder / "results.json")
    start = time.process_time()
    found = collect(tmp_path)
    assert time.process_time() - start < 2.5  # 10,000 took 2.0 seconds
    assert len(found.methods) == 200
    assert {len(runs) for runs in found.methods.values()} == {10}


def test_methods_are_in_the_order_of_the_comparison_they_were_trained_for(make, tmp_path):
    for method in ("zero", "alpha", "mine"):
        make(f"up/d/{method}/seed0", content())
    make("up/own/seed0", content())
    rows = [{"method": m} for m in ("d/zero", "../x/own.yaml", "d/mine", 4)] + [3]
    (tmp_path / "up" / "comparison.json").write_text(json.dumps({"rows": rows}))
    expected = ["d/zero", "own", "d/mine", "d/alpha"]
    assert list(collect(tmp_path / "up").methods) == expected
    assert list(collect(tmp_path).methods) == [f"up/{name}" for name in expected]
    # Also seen from a folder inside.
    assert list(collect(tmp_path / "up" / "d").methods) == ["zero", "mine", "alpha"]


def test_one_damaged_run_is_named_and_the_others_count(make, tmp_path):
    make("m/seed0", content())
    make("m/seed1", "[" * 100_000 + "]" * 100_000)
    make("m/seed2", content(2) | {"parameters": 10**400})
    make("m/seed3", content(3) | {"timesteps": {"student": 10**9}})
    os.mkfifo(make("m/seed4") / "metrics.csv")
    found = collect(tmp_path)
    assert [run.seed for run in found.methods["m"]] == [0]
    assert {run.name: run.state for run in found.left_out} == {
        f"m/seed{n}": "damaged" for n in range(1, 5)
    }
    assert all("\n" not in run.reason for run in found.left_out)
