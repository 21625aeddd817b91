from functools import partial

import pytest

from tssd.runs.files import OBJECTS
from tssd.runs.state import FinishedRun, classify, find_runs

from .written import content, write

# Of a run that is validated every second epoch.
UNSEEN = "epoch,train/loss,val/accuracy,val/loss\n0,2,,\n1,2,0.1,2\n2,2,,\n"


@pytest.fixture
def make(tmp_path):
    return partial(write, tmp_path)


def test_a_finished_run_says_its_method_and_seed(make):
    found = classify(make("digits/tssd/seed3", content(3)), "digits/tssd/seed3")
    assert isinstance(found, FinishedRun)
    assert (found.method, found.seed) == ("digits/tssd", 3)
    assert classify(make("alone", content(7)), "alone").method == "alone"
    assert classify(make("up/seed0", content()), "seed0").method == "up"


def test_large_parts_are_not_kept(make, tmp_path):
    make("m/seed0", content())
    (run,) = find_runs(tmp_path)
    best = run.results.best
    assert (best.confusion, best.operations.layers, best.operations.rule) == ((), {}, "")
    assert (best.accuracy, best.operations.acs, len(best.reliability.samples)) == (
        (0.5, 0.6), (1.0,), 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        ({"metrics": "epoch,loss\n0,1\n1,1\n"}, "half-finished", "2 of 9 epochs; continue with"),
        ({}, "failed", "no epoch of 9 was finished"),
        ({"metrics": "epoch,loss\n0,1\n1,nan\n"}, "failed", "loss is NaN in epoch 2 of 9"),
        ({"metrics": UNSEEN}, "half-finished", "3 of 9 epochs; continue with"),
        ({"metrics": f"{UNSEEN}3,nan,,\n"}, "failed", "train/loss is NaN in epoch 4 of 9"),
        ({"metrics": f"{UNSEEN}3,1,0.1,nan\n"}, "failed", "val/loss is NaN in epoch 4 of 9"),
        ({"metrics": f"{UNSEEN}3,1,nan,nan\n"}, "failed", "val/accuracy, val/loss is NaN"),
        ({"results": '{"seed": 0, '}, "damaged", "results.json: damaged"),
        ({"results": '{"seed": 0, '}, "damaged", "; delete it and --resume"),
        ({"results": content(accuracy=(0.5, float("nan")))}, "failed", "at T = 2 is nan"),
        ({"results": {"score": 1}}, "foreign", "results.json: it has no seed"),
        ({"config": "model: x\n"}, "foreign", "its config.yaml is not one of `tssd train`"),
        ({"config": None, "results": content()}, "foreign", "results.json without config.yaml"),
    ],
)
def test_what_does_not_count_has_its_reason(make, given, state, reason):
    folder = make("x/seed0", **given)
    found = classify(folder, "x/seed0")
    assert found.state == state
    assert reason in found.reason
    assert "\n" not in found.reason


def test_a_half_finished_run_of_objects_is_continued_from_python(make):
    folder = make("x/seed0", metrics="epoch,loss\n0,1\n")
    config = folder / "config.yaml"
    config.write_text(f"{config.read_text()}net: {OBJECTS}GivenNet\n")
    called = f"continue with `tssd.fit(net, train, ..., folder='{folder}', resume=True)`"
    assert called in classify(folder, "x/seed0").reason


def test_run_folders_hidden_ones_and_circles_are_not_searched(make, tmp_path):
    folder = make("a/seed0", content())
    make("a/seed0/inner", content())
    make(".hidden/seed0", content())
    (tmp_path / "a" / "circle").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "broken").symlink_to("nowhere")
    (run,) = find_runs(tmp_path)
    assert run.name in ("a/seed0", "link")
