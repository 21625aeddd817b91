import math

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from tssd.errors import DataError, UsageError
from tssd.models import NetOutput
from tssd.objectives import DivergedError, Loss
from tssd.objectives.batch import labels
from tssd.objectives.checks import (
    check_learns,
    checked_sequence,
    in_full_precision,
    parameters_of,
    settled,
)
from tssd.objectives.later import LaterChecks

T, N, K = 3, 2, 4
TARGET = torch.tensor([0, 3])


class Net(nn.Linear):
    num_classes = K

    def __init__(self):
        super().__init__(5, K)


def sequence(net, x, target=TARGET, **options):
    return checked_sequence(net, x, target, timesteps=T, num_classes=K, **options)


def test_a_sound_batch_becomes_a_sequence():
    assert sequence(Net(), torch.ones(N, 5)).shape == (T, N, 5)
    assert sequence(Net().double(), torch.ones(N, 5, dtype=torch.uint8)).dtype == torch.double


def test_what_is_wrong_is_told_at_once_or_later():
    net, x = Net(), torch.ones(N, 5)
    with pytest.raises(DataError, match="^labels: got float32"):
        sequence(net, x, torch.ones(N))
    with pytest.raises(UsageError, match="^net: got Linear, which has no num_classes"):
        sequence(nn.Linear(5, K), x)
    x[1, 2] = math.nan
    with pytest.raises(DataError, match="^input: sample 1"):
        sequence(net, x)
    later = LaterChecks()
    sequence(net, x, later=later)
    later.end_step(7)
    assert later.look().what == ("the input",)
    net.weight.data[0] = math.inf
    with pytest.raises(DivergedError, match=r"^weights: net\.weight"):
        sequence(net, torch.ones(N, 5))
    with torch.no_grad():  # which learns nothing
        assert sequence(net, torch.ones(N, 5)).shape == (T, N, 5)


def settle(total, logits, target=TARGET, **options):
    loss = Loss(torch.tensor(total), {"task": torch.tensor(total)})
    return settled(loss, logits, target, labels(target, K), num_classes=K, **options)


def test_a_loss_is_settled_once_it_is_sound():
    logits = torch.randn(T, N, K)
    assert settle(1.5, logits).total == 1.5
    with pytest.raises(DivergedError, match="^loss: task became nan"):
        settle(math.nan, logits)
    with pytest.raises(DataError, match="^labels: got class 9"):
        settle(1.5, logits, torch.tensor([0, 9]))
    with pytest.raises(UsageError, match="^net: returned probabilities"):
        settle(1.5, logits.softmax(-1))
    later = LaterChecks()
    settle(math.nan, logits, later=later)
    later.end_step(1)
    assert later.look().what == ("task", "the weighted sum")


def test_terms_see_full_precision():
    half = torch.ones(T, N, K, dtype=torch.bfloat16)
    out = in_full_precision(NetOutput(half, {}, {0: half.double()}))
    assert (out.logits.dtype, out.exits[0].dtype) == (torch.float32, torch.float64)


def test_a_network_that_its_logits_do_not_train_is_refused():
    net, x = Net(), torch.ones(N, 5)
    check_learns(net, net(x))
    assert list(parameters_of(net)) == ["net.weight", "net.bias"]
    with pytest.raises(UsageError, match="^net: no gradient reaches its weights"):
        check_learns(net, net(x).detach())
    with torch.no_grad():
        check_learns(net, net(x))
    check_learns(net.requires_grad_(False), net(x))


def test_a_network_of_which_devices_would_get_some_timesteps_each_is_refused():
    parallel = nn.DataParallel(Net())
    assert sequence(parallel, torch.ones(N, 5)).shape == (T, N, 5)
    parallel.device_ids = [0, 1]
    with pytest.raises(UsageError, match=r"DataParallel over 2 devices.*its \.module"):
        sequence(parallel, torch.ones(N, 5))


@pytest.mark.parametrize("wrap", [lambda net: net, nn.DataParallel, AveragedModel])
def test_what_wraps_a_network_does_not_hide_how_many_axes_a_sample_has(wrap):
    net = nn.Linear(3, K)
    net.num_classes, net.sample_dims = K, 2
    assert sequence(wrap(net), torch.ones(N, 3, 9)).shape == (T, N, 3, 9)
    assert sequence(wrap(net), torch.ones(T, N, 3, 9)).shape == (T, N, 3, 9)
    # A network of one's own that has a part called module is asked itself.
    net.module = nn.Identity()
    net.module.num_classes = net.module.sample_dims = 1
    assert sequence(wrap(net), torch.ones(N, 3, 9)).shape == (T, N, 3, 9)
