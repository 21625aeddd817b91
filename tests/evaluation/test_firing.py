import pytest
import snntorch
import torch
from spikingjelly.activation_based import layer, neuron, surrogate
from torch import nn

from tssd.evaluation import CostCounter
from tssd.evaluation.firing import is_spiking
from tssd.neurons import IF, LIF, Neuron
from tssd.time import repeat_in_time


class MyNeuron(neuron.LIFNode):
    pass


@pytest.mark.parametrize(
    "module", [LIF(), IF(), neuron.IFNode(), MyNeuron(), neuron.PSN(4), snntorch.Leaky(beta=0.5)]
)
def test_neurons_are_told_by_their_class(module):
    assert is_spiking(module)


@pytest.mark.parametrize(
    "module",
    [nn.ReLU(), layer.Conv2d(1, 1, 1), surrogate.ATan(), neuron.NonSpikingLIFNode()],
)
def test_other_modules_are_not(module):
    assert not is_spiking(module)


class Pattern(Neuron):
    """Fires at given steps, whatever it is fed: so many of 4 neurons a timestep."""

    def __init__(self, counts):
        super().__init__()
        self.counts = counts

    def scan(self, x, state=None):
        fire = torch.arange(4) < torch.tensor(self.counts)[: len(x), None]
        return fire.float().unsqueeze(1).expand(-1, x.shape[1], -1), None


def test_rates_are_spikes_per_neuron_and_timestep():
    net = nn.Sequential(Pattern([1, 2, 0]), Pattern([4, 4, 4]))
    counter = CostCounter(net, timesteps=3)
    with counter.watching():
        for samples in (5, 2):
            x = torch.zeros(3, samples, 4)
            with counter.counting(x):
                net(x)
    rates = counter.firing_rates()
    assert rates.layers == {"0": (1 / 4, 3 / 8, 3 / 12), "1": (1.0, 1.0, 1.0)}
    assert rates.mean == (5 / 8, 11 / 16, 15 / 24)
    assert rates.uncounted == ()


def test_the_mean_weighs_layers_by_their_neurons():
    net = nn.Sequential(IF(v_threshold=2.0), nn.Flatten(0, 1), nn.Unflatten(0, (2, 3)))
    net.append(nn.Sequential(nn.ConstantPad1d((0, 6), 0.0), IF()))
    counter = CostCounter(net, timesteps=2)
    x = repeat_in_time(torch.ones(3, 2), 2)
    with counter.watching(), counter.counting(x):
        net(x)
    # 2 neurons fire at t = 2; of the 8 behind them, the first 2 fire with them.
    assert counter.firing_rates().layers == {"0": (0.0, 2 / 4), "3.1": (0.0, 2 / 16)}
    assert counter.firing_rates().mean == (0.0, 4 / 20)


def test_a_module_that_is_called_too_seldom_is_named():
    class OnceNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.node = neuron.IFNode()

        def forward(self, x):
            self.node.reset()
            return [self.node(x[t]) for t in range(2)]

    net, x = OnceNet(), torch.ones(3, 2, 4)
    counter = CostCounter(net, timesteps=3)
    with counter.watching(), counter.counting(x):
        net(x)
    assert counter.firing_rates().uncounted == ("node",)
    assert counter.firing_rates().layers == {}
