"""What a network multiplies without a layer is named, never taken for nothing."""

import torch
import torch.nn.functional as F
from torch import nn

from tssd.evaluation import CostCounter
from tssd.evaluation.products import OtherProducts
from tssd.neurons import IF
from tssd.time import TimeFold


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))

    def forward(self, x):
        spikes = self.project(x)
        return spikes @ spikes.transpose(-1, -2) @ spikes


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 4))

    def forward(self, x):
        return F.linear(x, self.weight)


def uncounted(net, x):
    counter = CostCounter(net, len(x))
    with counter.watching(), counter.counting(x), torch.no_grad():
        net(x)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    return counter.operations().uncounted


def test_products_outside_of_layers_are_named_and_layers_are_not():
    net = nn.Sequential(IF(), Attention(), Functional(), nn.Linear(4, 2))
    assert uncounted(net, torch.ones(2, 3, 5, 4)) == ("1", "2")


def test_a_product_of_the_network_itself_bears_its_kind():
    class Root(nn.Sequential):
        def forward(self, x):
            return torch.einsum("tnf,fk->tnk", super().forward(x), torch.ones(4, 2))

    assert uncounted(Root(TimeFold(nn.Linear(4, 4))), torch.ones(2, 3, 4)) == ("Root",)


def test_what_is_named_as_uncounted_anyway_is_named_once():
    net = nn.MultiheadAttention(4, 2)
    counter = CostCounter(net, 2)
    x = torch.ones(2, 3, 4)
    with counter.watching(), counter.counting(x), torch.no_grad():
        net(x, x, x)
    assert len(counter.operations().uncounted) == 1


def test_networks_with_compiled_parts_are_left_alone():
    net = nn.Sequential(IF(), Functional())
    net[1].compile(backend="eager")
    assert OtherProducts(net).compiled
    assert not list(OtherProducts(net).hooks())
    assert not OtherProducts(nn.Sequential(IF(), Functional())).compiled
