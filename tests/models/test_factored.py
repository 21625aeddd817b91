"""Convolutions by singular values."""

import torch
from torch import nn

from tssd.models import FactoredWeights, vgg9
from tssd.models.factored import FactoredConv2d
from tssd.neurons import folded
from tssd.time import repeat_in_time


def test_it_is_the_same_convolution_and_folds_back():
    torch.manual_seed(0)
    conv = nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2)
    layer, x = FactoredConv2d.of(conv), torch.randn(2, 4, 7, 7)
    torch.testing.assert_close(layer.weight, conv.weight)
    torch.testing.assert_close(layer(x), conv(x))
    assert list(layer.state_dict()) == ["bias", "left", "scale", "right"]
    assert layer.bias is conv.bias
    plain = layer.folded()
    assert type(plain) is nn.Conv2d
    assert list(plain.state_dict()) == ["bias", "weight"]
    assert torch.equal(plain(x), layer(x))


def test_values_by_hand_and_other_values_of_the_same_vectors():
    conv = nn.Conv2d(1, 2, (1, 2), bias=False)
    conv.weight.data.copy_(torch.tensor([[3.0, 0.0], [0.0, 1.0]]).view(2, 1, 1, 2))
    layer = FactoredConv2d.of(conv)
    assert layer.scale.tolist() == [3, 1]
    other = layer.scaled(torch.tensor([5.0, 0.5])).view(2, 2)
    assert other.tolist() == [[5, 0], [0, 0.5]]


def test_a_network_of_them_computes_what_it_did():
    torch.manual_seed(0)
    net, x = vgg9(image_size=16, width=1 / 32), repeat_in_time(torch.rand(2, 3, 16, 16), 2)
    before = net.eval()(x).logits
    FactoredWeights().put_into(net)
    assert sum(isinstance(part, FactoredConv2d) for part in net.modules()) == 8
    torch.testing.assert_close(net(x).logits, before)
    torch.testing.assert_close(folded(net)(x).logits, before)
