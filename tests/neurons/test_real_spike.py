import inspect

import torch

from tssd.neurons import LIF, RealSpike
from tssd.surrogates import Sigmoid
from tssd.testing import check_neuron

T, N, C = 4, 5, 3


def test_real_spike_keeps_the_contract_of_neurons():
    check_neuron(RealSpike)


def test_it_is_a_lif_whose_channels_have_heights():
    options = {"tau": 4 / 3, "v_threshold": 0.5, "v_reset": 0.0, "surrogate": Sigmoid()}
    neuron, lif = RealSpike(**options).connect(C), LIF(**options)
    x = torch.randn(T, N, C, 2, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(neuron(x), lif(x))
    scale = torch.tensor([2.0, -0.5, 0.1])
    neuron.scale.data.copy_(scale)
    y = neuron(x)
    assert torch.equal(y, lif(x) * scale.view(C, 1, 1))
    y.sum().backward()
    # The gradient of a height is how many spikes had it.
    assert torch.equal(neuron.scale.grad, lif(x).sum((0, 1, 3, 4)))


def test_it_has_the_options_of_a_lif_and_no_weight_decay():
    assert inspect.signature(RealSpike) == inspect.signature(LIF)
    assert RealSpike().parameter_options() == {"scale": {"weight_decay": 0.0}}
