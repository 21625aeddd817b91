import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models.dropout import SharedDropout
from tssd.models.linear import check_layers, linear_neurons
from tssd.neurons import IF


def test_weights_neurons_and_dropout_follow_each_other():
    layers = linear_neurons(6, (4, 3), IF, dropout=0.5)
    kinds = [type(part[0] if isinstance(part, nn.Sequential) else part) for part in layers]
    assert kinds == [nn.Linear, IF, SharedDropout] * 2
    assert [tuple(layers[i][0].weight.shape) for i in (0, 3)] == [(4, 6), (3, 4)]
    assert nn.Sequential(*layers)(torch.randn(2, 5, 6)).shape == (2, 5, 3)


def test_without_biases_dropout_or_layers():
    weights, neuron = linear_neurons(6, (4,), IF, bias=False)
    assert weights[0].bias is None and isinstance(neuron, IF)
    assert linear_neurons(6, (), IF) == []


def test_a_layer_of_no_neurons_is_refused():
    check_layers("hidden", ())
    with pytest.raises(UsageError, match=r"^hidden: got \[4, 0\], expected a number >= 1"):
        check_layers("hidden", (4, 0))
