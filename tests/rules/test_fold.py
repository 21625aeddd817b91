import copy
from functools import partial

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import (
    FactoredWeights,
    QuantisedWeights,
    mlp,
    msresnet8,
    msresnet18,
    resnet18,
    vgg9,
)
from tssd.models.vgg import vgg
from tssd.neurons import LIF, RealSpike
from tssd.objectives import tssd
from tssd.rules import fold_real_spikes

from .nets import K, N, T

small = {"in_channels": 2, "num_classes": K, "image_size": 16, "width": 1 / 32}


def trained(make, *, lowest=0.2):
    """A network as training may leave it: heights of all sizes, statistics that are not 0 and 1."""
    torch.manual_seed(0)
    net = make(neuron=RealSpike).double()
    for part in net.modules():
        if isinstance(part, RealSpike):
            part.scale.data.uniform_(lowest, 2)
        elif isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.3, 0.3)
            part.running_var.uniform_(0.05, 0.2)
    return net.eval()


def images(size=16):
    return torch.randn(T, N, 2, size, size, dtype=torch.double)


def binary(net, x):
    """Whether each of a network's neurons gives nothing but 0 and 1, and all of them both."""
    values = []
    hooks = [
        part.register_forward_hook(lambda *args: values.append(args[2].unique().tolist()))
        for part in net.modules()
        if isinstance(part, RealSpike)
    ]
    net(x)
    for hook in hooks:
        hook.remove()
    return [seen == [0, 1] for seen in values]


@pytest.mark.parametrize(
    ("make", "lowest"),
    [
        (partial(vgg9, **small), -2),
        (partial(msresnet8, **small), -2),
        (partial(msresnet18, **small), -2),
        (partial(vgg, ((4,), (6,)), 2, K, 16, pool=partial(nn.MaxPool2d, 2)), 0.2),
    ],
)
def test_logits_stay_and_spikes_are_binary(make, lowest):
    net, x = trained(make, lowest=lowest), images()
    before, names = net(x).logits, list(net.state_dict())
    assert not all(binary(net, x))
    fold_real_spikes(net)
    torch.testing.assert_close(net(x).logits, before, rtol=1e-9, atol=1e-9)
    assert all(binary(net, x))
    assert list(net.state_dict()) == names


def test_layers_of_plain_features_fold_too():
    net = trained(partial(mlp, 2, K, 16, hidden=(8, 8)), lowest=-2)
    x = images()
    before = net(x).logits
    fold_real_spikes(net)
    torch.testing.assert_close(net(x).logits, before, rtol=1e-9, atol=1e-9)


def test_exits_are_folded_with_the_network():
    net, x = trained(partial(vgg9, **small), lowest=-2), images()
    criterion = tssd(1, T).connect(net).eval()
    criterion.exits["1"].neuron.scale.data.uniform_(-1, 2)
    before = criterion.add_exits(net(x, criterion.taps))
    fold_real_spikes(net, criterion)
    after = criterion.add_exits(net(x, criterion.taps))
    torch.testing.assert_close(after.exits, before.exits, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(after.logits, before.logits, rtol=1e-9, atol=1e-9)
    assert torch.equal(
        criterion.exits["1"].neuron.scale, torch.ones_like(net.stages[1][2][2].scale)
    )


SECOND = r"net\.stages\.0\.1\.0\.0"


def with_weights(weights):
    net = trained(partial(vgg9, **small))
    weights.put_into(net)
    return net


@pytest.mark.parametrize(
    ("net", "said"),
    [
        (
            partial(trained, partial(resnet18, **small)),
            r"net\.stages\.1\.0: SpikeAddBlock gets the spikes of net\.stages\.0\.2 \(RealSpike\)",
        ),
        (
            partial(
                trained,
                partial(vgg, ((4,), (6,)), 2, K, 8, pool=partial(nn.MaxPool2d, 2)),
                lowest=-2,
            ),
            r"net\.stages\.1\.0\.0: MaxPool2d .* expected scales that are not negative, found -",
        ),
        (lambda: with_weights(FactoredWeights()), rf"{SECOND}: FactoredConv2d gets the spikes"),
        (lambda: with_weights(QuantisedWeights(8)), rf"{SECOND}: QuantisedConv2d gets the spikes"),
        (lambda: vgg9(**small, neuron=LIF), "net: has no RealSpike neurons"),
        (lambda: nn.Linear(2, 2), "net: got Linear, expected a tssd.StagedNet"),
    ],
)
def test_what_is_not_exact_is_refused_and_nothing_changed(net, said):
    net = net()
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(UsageError, match=f"^{said}"):
        fold_real_spikes(net)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


class Joined(nn.Module):
    """Joins spikes in a way that nobody can see from outside."""

    def __init__(self):
        super().__init__()
        self.neuron = RealSpike()

    def forward(self, x):
        return self.neuron(x) + x


def test_spikes_that_no_weights_take_are_refused():
    net = trained(partial(vgg, ((4,), (6,)), 2, K, 8))
    head = net.head
    net.head = nn.Sequential(head, RealSpike())
    with pytest.raises(UsageError, match=r"^net\.head\.1: no weights behind it take its scales"):
        fold_real_spikes(net)
    net.head = nn.Sequential(head, Joined())
    with pytest.raises(UsageError, match=r"^net\.head\.1: Joined may join spikes of different"):
        fold_real_spikes(net)
    net.head = head
    net.stages[1][1][0][0] = nn.Conv2d(4, 6, 3, padding=1, groups=2).double()
    with pytest.raises(UsageError, match=r"^net\.stages\.1\.1\.0\.0: Conv2d gets .* 4 channels"):
        fold_real_spikes(net)
