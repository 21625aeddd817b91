import pytest
import torch
from torch import nn

import tssd
from tssd.adapters.call import Call
from tssd.adapters.trial import Trial
from tssd.adapters.untouched import Buffers

X = torch.rand(4, 3, 6, generator=torch.Generator().manual_seed(0))


def trial(module: nn.Module) -> Trial:
    return Trial(module, Call("time_first"), X, Buffers(module))


def test_runs_draw_the_same_numbers_and_leave_the_generator_alone():
    dropping = trial(nn.Sequential(nn.Linear(6, 50), nn.Dropout(0.5)))
    before = torch.get_rng_state()
    logits = dropping.logits()
    assert torch.equal(logits, dropping.logits())
    assert dropping.is_random(logits)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_network_that_draws_nothing_is_not_random():
    plain = trial(nn.Linear(6, 5))
    assert not plain.is_random(plain.logits())


def test_batch_norms_start_from_the_same_statistics_in_every_run():
    norm = tssd.TimeFold(nn.BatchNorm1d(6))
    once = trial(norm)
    once.logits()
    first = norm[0].running_mean.clone()
    once.logits()
    assert torch.equal(norm[0].running_mean, first)


def test_a_failure_names_the_module_the_input_and_the_remedies():
    with pytest.raises(tssd.UsageError, match=r"Linear failed on an input \[4, 3, 6\] .*layout"):
        trial(nn.Linear(7, 5)).logits()


def test_what_a_network_returns_itself_comes_with_the_means_it_takes():
    class Mean(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean(-1, keepdim=True).expand_as(x).mean(0)

    output, candidates, calls = trial(nn.Sequential(Mean())).returned(["0"])
    assert torch.equal(output, calls["0"][0].value)
    assert [(c.number, c.axis) for c in candidates] == [(1, 0)]
    assert candidates[0].place.endswith("Mean.forward+1")


def test_random_numbers_are_told_where_most_of_them_change_nothing():
    class Rare(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + (torch.rand(1) > 0.6)  # of the seed's first numbers only at the eighth skip

    torch.manual_seed(0)
    rare = trial(Rare())
    logits = rare.logits()
    assert torch.equal(logits, rare.logits(skip=1))
    assert rare.is_random(logits)


def test_a_network_that_draws_nothing_is_not_run_for_every_number():
    calls = []

    class Counted(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            calls.append(len(x))
            return super().forward(x)

    plain = trial(Counted(6, 5))
    assert not plain.is_random(plain.logits())
    assert len(calls) == 2
