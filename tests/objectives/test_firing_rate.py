import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.neurons import LIF
from tssd.neurons.membranes import recording
from tssd.objectives import FiringRate, Timesteps

from .membranes import of_layers


@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        # One of four membranes is at its threshold or above; none of the second layer's.
        ({"target": 0.0}, 0.25**2, 0.0),
        ({"target": 0.05}, 0.2**2, 0.0),
        ({"target": 0.25}, 0.0, 0.0),
        # In units of another potential three of four: 1 / 0.5, 1.5 / 0.5 and 3 / 0.5.
        ({"target": 0.25, "threshold": 0.5}, 0.5**2, 0.0),
    ],
)
def test_literal_values(options, first, second):
    assert of_layers(FiringRate(**options)) == pytest.approx((first + second) / 2)


def test_the_gradient_is_that_of_spikes_near_the_threshold():
    h = torch.tensor([[[-1.0, 1.2]], [[1.5, 3.0]]], requires_grad=True)
    net = nn.ModuleDict({"a": LIF(v_threshold=2.0)})
    term = FiringRate(target=0.0).connect(net, Timesteps(1, 2))
    term(NetOutput(torch.zeros(2, 1, 3), membranes={"a": h}), torch.tensor([0])).backward()
    # r = 1/4; of 2 r dr/dh what is less than half a threshold from it: 2 * 0.25 * 1/4 * 1/2.
    assert h.grad.tolist() == [[[0, 0.0625]], [[0.0625, 0]]]


def test_the_rate_is_that_of_the_spikes_that_the_network_fires():
    torch.manual_seed(0)
    net = vgg9(in_channels=3, num_classes=4, image_size=16, width=0.0625)
    spikes = {}
    for name, part in net.named_modules():
        if isinstance(part, LIF):
            part.register_forward_hook(lambda _, __, y, name=name: spikes.update({name: y}))
    with recording(net) as membranes:
        net(torch.randn(3, 2, 3, 16, 16))
    out = NetOutput(torch.zeros(3, 2, 4), membranes=membranes)
    rates = [y.mean().item() for y in spikes.values()]
    assert len(rates) == 8 and max(rates) > 0.05
    term = FiringRate(target=0.05).connect(net, Timesteps(1, 3))
    expected = sum(max(0.0, rate - 0.05) ** 2 for rate in rates) / 8
    assert term(out, torch.zeros(2).long()).item() == pytest.approx(expected)


def test_layers_below_the_target_feel_nothing():
    h = torch.full((2, 1, 3), 0.9, requires_grad=True)
    net = nn.ModuleDict({"a": LIF()})
    term = FiringRate().connect(net, Timesteps(1, 2))
    term(NetOutput(torch.zeros(2, 1, 3), membranes={"a": h}), torch.tensor([0])).backward()
    assert h.grad.abs().sum() == 0


@pytest.mark.parametrize("target", [-0.1, 1.0, float("nan")])
def test_refused(target):
    with pytest.raises(UsageError, match="^target: got .*, expected spikes per neuron and"):
        FiringRate(target=target)
