from functools import partial

import pytest
import torch

from tssd.config.first_step import check_optimizer, check_size
from tssd.errors import UsageError
from tssd.models import vgg9
from tssd.training.given import maker_of


@pytest.mark.parametrize("name", ["SGD", "AdamW", "LBFGS", "Rprop", "RMSprop", "Adadelta"])
def test_an_optimizer_that_can_step_passes_and_draws_nothing(name):
    before = torch.get_rng_state()
    check_optimizer(getattr(torch.optim, name))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            partial(torch.optim.SGD, lr=-1.0),
            r"^optimizer\.lr: got -1\.0, expected a finite number from 0 on \(Invalid l",
        ),
        (
            partial(torch.optim.SGD, lr=float("nan")),
            r"^optimizer\.lr: got nan, expected a finite n",
        ),
        (
            partial(torch.optim.AdamW, eps=-1),
            r"^optimizer\.eps: got -1, expected a value that the ",
        ),
        (partial(torch.optim.SGD, momentum=-1), r"^optimizer\.momentum: got -1, .*; give another$"),
        (partial(torch.optim.SGD, lr=1e308), "optimizer: value cannot be converted to type float"),
        (
            partial(torch.optim.SGD, lr=float("inf")),
            r"^optimizer\.lr: got inf, expected a finite n",
        ),
        (partial(torch.optim.SGD, weight_decay=float("inf")), "ends at -inf"),
        (maker_of(list), "^optimizer: list returned a list, expected a torch"),
        (torch.optim.SparseAdam, "optimizer: SparseAdam does not support dense gradients"),
    ],
)
def test_what_cannot_step_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        check_optimizer(make)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has none of its own")
def test_torch_s_muon_which_takes_matrices_alone_is_refused_with_the_one_that_takes_all():
    told = r"^optimizer: Muon only supports 2D .*; use --optimizer tssd\.training\.muon\.Muon"
    with pytest.raises(UsageError, match=told):
        check_optimizer(partial(torch.optim.Muon, lr=0.02))
    with pytest.raises(UsageError, match=told):
        check_optimizer(partial(torch.optim.Muon, lr=0.02), torch.nn.Linear(2, 2).parameters())


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has none of its own")
def test_torch_s_muon_passes_where_a_network_has_matrices_alone():
    weights = [*torch.nn.Linear(2, 3, bias=False).parameters()]
    check_optimizer(partial(torch.optim.Muon, lr=0.02), weights)
    with pytest.raises(UsageError, match="^optimizer: Learning rate should be >= 0"):
        check_optimizer(partial(torch.optim.Muon, lr=-1.0), weights)


def test_a_network_that_is_too_large_is_refused_before_it_is_built():
    check_size(partial(vgg9, 1))
    with pytest.raises(UsageError, match=r"net: its weights take .* GiB, and .* GiB are free; low"):
        check_size(partial(vgg9, 1, width=5000.0))
    with pytest.raises(UsageError, match=r"^net: its weights are more than can be counted \(Stor"):
        check_size(partial(vgg9, 1, width=1e9))
