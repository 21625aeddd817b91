from dataclasses import replace

import pytest
import torch

from tssd.config import build, load_recipe
from tssd.errors import UsageError
from tssd.many_runs import Failure, PlannedRun, train_all
from tssd.many_runs.side_by_side import THREADS
from tssd.many_runs.train import refuse_other_lengths
from tssd.runs.training_cost import TrainingCost
from tssd.training.fit import fit


def facts(outcomes):
    """What must not depend on where and when a run was trained."""
    return [
        replace(results, train_seconds=None, training=TrainingCost())
        for results in outcomes.values()
    ]


def test_side_by_side_gives_the_same_numbers(planned):
    begun, told = [], []
    watch = {"begins": begun.append, "ended": lambda run, outcome: told.append((run, outcome))}
    alone = train_all(planned(0, 1, folder="a"), **watch)
    assert begun == list(alone) == planned(0, 1, folder="a")
    assert dict(told) == alone
    begun.clear()
    together = train_all(planned(0, 1, folder="b"), jobs=2, **watch)
    assert facts(together) == facts(alone)
    assert facts(alone)[0] != facts(alone)[1]
    assert begun == []
    # Nothing is left to train, so no process is needed.
    assert facts(train_all(planned(0, 1, folder="b"), jobs=2, **watch)) == facts(alone)
    assert begun == planned(0, 1, folder="b")


@pytest.mark.parametrize(("jobs", "told", "expected"), [(2, None, 2), (2, "1", 1), (1, None, 1)])
def test_a_run_left_alone_has_the_threads_it_would_have_beside_others(
    planned, monkeypatch, jobs, told, expected
):
    """The rest of an interrupted comparison is trained as all of it would have been."""
    monkeypatch.delenv(THREADS, raising=False)
    if told is not None:
        monkeypatch.setenv(THREADS, told)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr("tssd.many_runs.here.outcome", lambda run: torch.get_num_threads())
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        (run,) = planned(0)
        assert train_all([run], jobs=jobs) == {run: expected}
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_a_run_that_fails_does_not_keep_the_others(planned):
    first, second = planned(0, 1)
    first.folder.mkdir(parents=True)
    (first.folder / "mine.txt").touch()
    found = train_all([first, second])
    assert isinstance(found[first], Failure)
    assert found[first].message == f"{first.folder}: neither empty nor a run folder; choose " + (
        "another --output"
    )
    assert found[second].seed == 1


def test_what_is_raised_on_hearing_of_a_run_stops_the_others(planned):
    def stop(run, outcome):
        raise UsageError("enough")

    first, second = planned(0, 1)
    with pytest.raises(UsageError, match="enough"):
        train_all([first, second], ended=stop)
    assert (first.folder / "results.json").exists()
    assert not second.folder.exists()


def test_a_damaged_run_among_them_is_one_line(planned):
    (run,) = planned(0)
    run.folder.mkdir(parents=True)
    (run.folder / "config.yaml").write_text("trainer: [1]\n")
    with pytest.raises(UsageError, match="seed0: the run has trainer.epochs = None, now it is"):
        refuse_other_lengths([run])


@pytest.mark.parametrize("jobs", [1, 2])
def test_runs_of_another_length_are_refused_before_any_is_trained(planned, jobs):
    (trained,) = planned(1)
    fit(build(load_recipe(trained.recipe, trained.overrides)), trained.folder)
    first, second, third = planned(0, 1, 2, options=[("trainer.epochs", "3")])
    with pytest.raises(UsageError, match=r"seed1: the run has trainer.epochs = 1, now it is 3; "):
        train_all([first, second, third], jobs=jobs)
    assert not first.folder.exists()


@pytest.mark.parametrize("name", ["devices", "nodes"])
def test_runs_on_several_devices_are_refused_before_any_is_trained(planned, name):
    runs = planned(0, 1, options=[(f"trainer.{name}", "2")])
    with pytest.raises(UsageError, match=rf"trainer\.{name}: got 2, .* `tssd train digits/vanil"):
        train_all(runs)
    assert not runs[0].folder.exists()


def test_two_runs_never_share_a_folder(tmp_path):
    runs = [PlannedRun(recipe, 0, tmp_path) for recipe in ("digits/tssd", "digits/vanilla_ts")]
    with pytest.raises(UsageError, match="digits/tssd, seed 0 and digits/vanilla_ts, seed 0 would"):
        train_all(runs)
