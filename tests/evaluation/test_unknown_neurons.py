import pytest
import snntorch
import torch
from spikingjelly.activation_based import neuron, surrogate
from torch import nn

from tssd.evaluation import evaluate
from tssd.evaluation.unknown_neurons import UnknownNeurons
from tssd.models import NetOutput
from tssd.neurons import LIF


class Mine(nn.Module):
    """A neuron of the user's own, or of a library that we do not know."""

    def __init__(self):
        super().__init__()
        self.spike = surrogate.ATan()

    def forward(self, x):
        return self.spike(x - 1)


class WithState(Mine):
    def forward(self, x, state=None):
        return super().forward(x), x


class Recurrent(nn.Module):
    """Has a layer inside and is a neuron all the same."""

    def __init__(self):
        super().__init__()
        self.back = nn.Linear(6, 6)

    def forward(self, x):
        return (x + 0 * self.back(x) > 1).float()


class Block(nn.Module):
    def __init__(self, node):
        super().__init__()
        self.layer, self.node = nn.Linear(6, 6), node

    def forward(self, x):
        y = self.node(self.layer(x))
        return y[0] if isinstance(y, tuple) else y


class Rectified(nn.Module):
    def forward(self, x):
        return x.relu()


class Turned(nn.Module):
    def forward(self, x):
        return x.transpose(-1, -2).transpose(-1, -2)


def found(net, *batches):
    watched = UnknownNeurons(net)
    handles = [module.register_forward_hook(hook) for module, hook in watched.hooks()]
    torch.manual_seed(0)
    for x in batches or (torch.randn(4, 3, 6),):
        net(x)
    for handle in handles:
        handle.remove()
    return watched.found()


@pytest.mark.parametrize("node", [Mine, WithState, Recurrent, lambda: snntorch.LeakyParallel(6, 6)])
def test_a_neuron_that_we_do_not_know_is_found_by_its_spikes(node):
    assert found(Block(node())) == ("node",)
    assert found(nn.Sequential(Block(node()), Block(node()))) == ("0.node", "1.node")


def test_a_neuron_alone_has_the_name_of_its_class():
    assert found(Mine()) == ("Mine",)


@pytest.mark.parametrize("node", [LIF(), neuron.IFNode(), Rectified(), Turned(), nn.ReLU()])
def test_known_neurons_and_other_layers_are_not(node):
    assert found(Block(node)) == ()


def test_what_only_passes_spikes_on_is_no_neuron():
    assert found(nn.Sequential(Mine(), Turned(), nn.Linear(6, 2))) == ("0",)


def test_a_layer_that_gave_zeros_once_is_taken_back():
    assert found(Rectified(), -torch.rand(4, 6), torch.rand(4, 6)) == ()


class Net(nn.Module):
    num_classes = 2

    def __init__(self, *nodes):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(*map(Block, nodes))
        self.head = nn.Linear(6, 2)

    def forward(self, x, taps=()):
        return NetOutput(self.head(self.body(x)))


def rates(*nodes):
    x = 3 * torch.rand(5, 6, generator=torch.Generator().manual_seed(0))
    result = evaluate(Net(*nodes), [(x, torch.arange(5) % 2)], 3)
    return result.firing_rates, result.mean_firing_rate, result.uncounted


def test_a_network_of_unknown_neurons_has_no_rate_rather_than_0():
    assert rates(Mine(), WithState()) == ({}, None, ("body.0.node", "body.1.node"))
    assert rates(nn.ReLU()) == ({}, None, ())


def test_next_to_known_ones_they_are_named():
    layers, mean, uncounted = rates(LIF(), Mine())
    assert list(layers) == ["body.0.node"]
    assert mean == layers["body.0.node"]
    assert uncounted == ("body.1.node",)
