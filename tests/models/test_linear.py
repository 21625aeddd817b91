from functools import partial

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models.dropout import SharedDropout
from tssd.models.linear import check_layers, linear_neurons
from tssd.neurons import IF, LIF
from tssd.norms import TdBN, pooled_batch_norm


def test_weights_neurons_and_dropout_follow_each_other():
    layers = linear_neurons(6, (4, 3), IF, None, dropout=0.5)
    kinds = [type(part[0] if isinstance(part, nn.Sequential) else part) for part in layers]
    assert kinds == [nn.Linear, IF, SharedDropout] * 2
    assert [tuple(layers[i][0].weight.shape) for i in (0, 3)] == [(4, 6), (3, 4)]
    assert nn.Sequential(*layers)(torch.randn(2, 5, 6)).shape == (2, 5, 3)


def test_without_biases_dropout_or_layers():
    weights, neuron = linear_neurons(6, (4,), IF, None, bias=False)
    assert weights[0].bias is None and isinstance(neuron, IF)
    assert linear_neurons(6, (), IF, None) == []


def test_a_norm_stands_in_place_of_the_bias_and_knows_its_neuron():
    weights, neuron = linear_neurons(6, (4,), partial(LIF, v_threshold=0.5), pooled_batch_norm)
    assert weights[0].bias is None and isinstance(weights[1], nn.BatchNorm1d)
    assert neuron(weights(torch.randn(2, 5, 6))).shape == (2, 5, 4)
    scaled, _ = linear_neurons(6, (4,), partial(LIF, v_threshold=0.5), TdBN)
    assert [m.scale for m in scaled.modules() if isinstance(m, TdBN)] == [0.5]


def test_a_layer_of_no_neurons_is_refused():
    check_layers("hidden", ())
    with pytest.raises(UsageError, match=r"^hidden: got \[4, 0\], expected a number >= 1"):
        check_layers("hidden", (4, 0))
