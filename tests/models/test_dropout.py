import pytest
import torch

from tssd.errors import UsageError
from tssd.models.dropout import SharedDropout
from tssd.time import is_constant_in_time, repeat_in_time

T, N = 4, 3


def test_the_same_values_are_missing_at_every_timestep():
    torch.manual_seed(0)
    y = SharedDropout(0.25)(torch.ones(T, N, 1000))
    assert torch.equal(y, y[:1].expand_as(y))
    assert y.unique().tolist() == pytest.approx([0, 4 / 3])
    assert (y == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert not torch.equal(y[0, 0], y[0, 1])


def test_a_view_stays_one():
    assert is_constant_in_time(SharedDropout(0.25)(repeat_in_time(torch.ones(N, 10), T)))


def test_it_draws_what_spikingjelly_draws():
    layer = pytest.importorskip("spikingjelly.activation_based.layer")
    x, results = torch.randn(T, N, 5, dtype=torch.double), []
    for dropout in (SharedDropout(0.3), layer.Dropout(0.3, step_mode="m")):
        torch.manual_seed(1)
        results.append(dropout(x))
    assert torch.equal(*results)


def test_in_eval_nothing_is_touched_or_drawn():
    x, before = torch.randn(T, N, 5), torch.get_rng_state()
    dropout = SharedDropout().eval()
    assert dropout(x) is x
    assert torch.equal(dropout.scan(x)[0], x)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_sequence_that_is_cut_keeps_its_mask():
    x, dropout, parts = torch.ones(T, N, 50), SharedDropout(), []
    state = dropout.initial_state(x[0])
    for cut in x.split([1, 2, 1]):
        y, state = dropout.scan(cut, state)
        parts.append(y)
    y = torch.cat(parts)
    assert torch.equal(y, y[:1].expand_as(y)) and not torch.equal(y, x)
    assert state.steps == T
    assert torch.equal(y[0], state.mask)


@pytest.mark.parametrize("p", [1.0, -0.1, float("nan")])
def test_a_share_out_of_range_is_refused(p):
    with pytest.raises(UsageError, match=f"^dropout: got {p}, expected 0 or more and below 1"):
        SharedDropout(p)
