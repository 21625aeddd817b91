"""What `tssd reproduce` says before it trains anything."""

from pathlib import Path

import pytest
from tests.reproduce.test_plan_file import TINY
from tests.reproduce.test_plans import BY_HAND


def test_a_plan_without_the_paper_s_scale_says_which_it_has(tssd):
    outcome = tssd("reproduce", "long", "--dry-run")
    assert outcome.code == 2
    assert "--scale small" in outcome.err


@pytest.mark.parametrize("name", [name for name, (cells, _) in BY_HAND.items() if cells])
def test_a_dry_run_at_the_paper_s_scale_lists_exactly_its_runs(tssd, monkeypatch, name):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    outcome = tssd("reproduce", name, "--dry-run", "--no-probe")
    assert (outcome.code, outcome.err) == (0, "")
    cells, networks = BY_HAND[name]
    head, *lines = outcome.out.splitlines()
    assert f"{cells} cells, {networks} networks x 3 seeds = {3 * networks} runs" in head
    assert sum("  seeds 0,1,2" in line for line in lines) == networks
    assert len({line.split("  seeds")[0] for line in lines if "  seeds" in line}) == networks
    assert not list(Path().iterdir())


def test_a_dry_run_measures(tssd):
    words = [TINY, "--scale=small", "--dry-run", "--net.width=0.02", "--trainer.threads=1"]
    outcome = tssd("reproduce", *words, "--data.batch_size=4")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("s a step of 4), 0.") == 2
    assert "estimate: 6 runs, " in outcome.out
    assert not list(Path().iterdir())


def test_data_sets_given_one_by_one_are_those_of_a_list(tssd, monkeypatch):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    words = ("reproduce", "table1", "--scale=small", "--dry-run", "--no-probe")
    outcome = tssd(*words, "--datasets=N-MNIST", "--datasets=CIFAR10")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == tssd(*words, "--datasets=CIFAR10, N-MNIST").out
    assert "nmnist" in outcome.out and "cifar10_jpeg" in outcome.out


def test_data_that_is_not_here_is_said(tssd, monkeypatch):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    outcome = tssd("reproduce", "table5", "--no-probe")
    assert outcome.code == 1
    assert "table5: none of its data is here: no data root given" in outcome.err
