"""What stands in for a network's convolutions."""

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import Weights, vgg9
from tssd.models.weights import as_kind


class Doubled(nn.Conv2d):
    def forward(self, input):
        return 2 * super().forward(input)


class Doubling(Weights):
    def layer(self, conv):
        return as_kind(conv, Doubled)


class OfOthers(Doubling):
    skips_first = True


def kinds(net):
    return [type(part) for part in net.modules() if isinstance(part, nn.Conv2d)]


def test_all_convolutions_or_all_but_the_first_with_their_own_parameters():
    net = vgg9(image_size=16, width=1 / 32)
    before = dict(net.named_parameters())
    draws = torch.get_rng_state()
    OfOthers().put_into(net)
    assert kinds(net) == [nn.Conv2d, *[Doubled] * 7]
    Doubling().put_into(net)  # the one that is left
    assert kinds(net) == [Doubled] * 8
    after = dict(net.named_parameters())
    assert list(after) == list(before)
    assert all(after[name] is before[name] for name in before)
    assert torch.equal(torch.get_rng_state(), draws)


def test_a_kind_is_another_layer_with_the_same_parameters():
    conv = nn.Conv2d(2, 3, 3)
    made = as_kind(conv, Doubled)
    x = torch.rand(1, 2, 4, 4)
    assert torch.equal(made(x), 2 * conv(x))
    del made._parameters["bias"]
    assert conv.bias is not None


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (nn.Sequential(nn.Linear(2, 3)), "OfOthers finds no torch.nn.Conv2d in Sequential; leave"),
        (nn.Sequential(nn.Conv2d(2, 3, 3)), "in Sequential behind its first one; leave it out"),
    ],
)
def test_a_network_without_any_is_refused(net, message):
    with pytest.raises(UsageError, match=message):
        OfOthers().put_into(net)
