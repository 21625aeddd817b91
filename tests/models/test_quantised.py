"""Quantisation-aware training: what is computed with, what learns, and what leaves."""

from contextlib import nullcontext
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tssd.errors import UsageError
from tssd.lowering import lower
from tssd.models import QuantisedWeights, resnet18, vgg9
from tssd.models.quantised import QuantisedConv2d, quantised
from tssd.neurons import folded
from tssd.objectives import tssd
from tssd.time import repeat_in_time


def test_whole_numbers_by_hand():
    # Three bits are -3 to 3: a scale of 0.2 for the first output, none for the second.
    weight = torch.tensor([[0.6, -0.29, 0.31, 0.09], [0.0, 0.0, 0.0, 0.0]]).view(2, 1, 2, 2)
    whole, scale = quantised(weight, 3)
    assert whole.flatten(1).tolist() == [[3, -1, 2, 0], [0, 0, 0, 0]]
    assert scale.flatten().tolist() == pytest.approx([0.2, 1])


@pytest.mark.parametrize("bits", [7, 8])
def test_they_are_as_near_as_they_can_be_and_quantised_again_the_same(bits):
    weight = torch.randn(16, 8, 3, 3, generator=torch.Generator().manual_seed(bits))
    whole, scale = quantised(weight, bits)
    largest = 2 ** (bits - 1) - 1
    assert (whole.abs().amax((1, 2, 3)) == largest).all()
    assert ((whole * scale - weight).abs() <= scale * (0.5 + 1e-4)).all()
    assert torch.equal(quantised(whole * scale, bits).whole, whole)


def test_it_convolves_with_them_and_the_gradient_passes_to_the_weights():
    torch.manual_seed(0)
    conv, x = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False), torch.randn(2, 3, 8, 8)
    layer = QuantisedConv2d.of(conv, 4)
    assert layer.weight is conv.weight
    whole, scale = quantised(conv.weight.detach(), 4)
    expected = F.conv2d(x, (whole * scale).requires_grad_(), stride=2, padding=1)
    assert torch.equal(layer(x), expected)
    assert torch.equal(layer.folded()(x), expected)
    assert type(layer.folded()) is nn.Conv2d
    layer(x).square().sum().backward()
    used = (whole * scale).requires_grad_()
    F.conv2d(x, used, stride=2, padding=1).square().sum().backward()
    torch.testing.assert_close(conv.weight.grad, used.grad)


@pytest.mark.parametrize("bits", [7, 8])
def test_the_whole_numbers_outlive_folding_of_batch_norm(bits):
    torch.manual_seed(bits)
    layer = QuantisedConv2d.of(nn.Conv2d(6, 8, 3, bias=False), bits)
    norm = nn.BatchNorm2d(8).eval()
    for tensor in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(tensor)
    nn.init.uniform_(norm.running_var, 0.1, 3)
    trained = quantised(layer.weight.detach(), bits).whole
    leaving = fuse_conv_bn_eval(layer.folded().eval(), norm)
    found = quantised(leaving.weight.detach(), bits)
    sign = norm.weight.detach().sign().view(-1, 1, 1, 1)
    assert (sign < 0).any()
    assert torch.equal(found.whole, sign * trained)
    x = torch.randint(0, 2, (2, 6, 5, 5)).float()
    exact = F.conv2d(x, found.whole) * found.scale.view(1, -1, 1, 1)
    shifted = exact + leaving.bias.view(1, -1, 1, 1)
    torch.testing.assert_close(norm(layer(x)), shifted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("make", [vgg9, partial(resnet18, num_classes=10)])
def test_a_network_learns_with_them_and_folds(make):
    torch.manual_seed(0)
    net = make(in_channels=2, image_size=16, width=1 / 32)
    names = list(net.state_dict())
    QuantisedWeights(7).put_into(net)
    assert list(net.state_dict()) == names
    layers = [part for part in net.modules() if isinstance(part, nn.Conv2d)]
    assert type(layers[0]) is nn.Conv2d
    assert all(type(part) is QuantisedConv2d for part in layers[1:])
    criterion = tssd(student=1, teacher=2).connect(net)
    for precision in (nullcontext(), torch.autocast("cpu", torch.bfloat16)):
        net.zero_grad()
        with precision:
            criterion.run(net, torch.rand(6, 2, 16, 16), torch.arange(6)).total.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
        assert all(layer.weight.grad.any() for layer in layers)
    plain, x = folded(net.eval()), repeat_in_time(torch.rand(2, 2, 16, 16), 2)
    assert {type(part) for part in plain.modules() if isinstance(part, nn.Conv2d)} == {nn.Conv2d}
    assert torch.equal(plain(x).logits, net(x).logits)
    # A graph has the weights that are computed with, batch norm folded into them.
    graph = lower(net, (2, 16, 16))
    convolutions = [node for node in graph.nodes if node.op == "conv"]
    for layer, node in zip(layers[1:], convolutions[1:], strict=True):
        whole = quantised(layer.weight.detach(), 7).whole
        leaving = quantised(torch.tensor(node.arrays["weight"]), 7).whole
        assert torch.equal(leaving.abs(), whole.abs())


@pytest.mark.parametrize("bits", [1, 7.5, 17])
def test_bits_that_make_no_sense_are_refused(bits):
    told = f"^bits: got {bits}, expected a whole number >= 2 and <= 16$"
    with pytest.raises(UsageError, match=told):
        QuantisedWeights(bits)
