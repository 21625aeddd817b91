"""Layers, residual blocks and heads by themselves."""

from functools import partial

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import mlp, msresnet8, spikformer, vgg9, vggsnn
from tssd.models.blocks import (
    CurrentShortcutBlock,
    SpikeAddBlock,
    build_neuron,
    build_norm,
    conv_norm_neuron,
    conv_pool_norm_neuron,
    global_pool_head,
    linear_head,
    scaled,
)
from tssd.models.pool import AvgPool2x2
from tssd.neurons import IF, LIF
from tssd.norms import per_step_batch_norm, pooled_batch_norm


def test_scaled_channels_round_and_keep_one():
    assert [scaled(64, w) for w in (1.0, 0.5, 0.26, 0.001)] == [64, 32, 17, 1]


@pytest.mark.parametrize(("kernel", "stride", "size"), [(3, 1, 9), (3, 2, 5), (1, 1, 9), (1, 2, 5)])
def test_a_convolution_keeps_the_size_up_to_its_stride(kernel, stride, size):
    layer = conv_norm_neuron(2, 4, IF, per_step_batch_norm, kernel=kernel, stride=stride)
    spikes = layer(torch.randn(3, 2, 2, 9, 9))
    assert spikes.shape == (3, 2, 4, size, size)
    assert set(spikes.unique().tolist()) == {0, 1}


def test_a_pool_of_currents_stands_between_convolution_and_norm():
    torch.manual_seed(0)
    layer = conv_pool_norm_neuron(2, 4, IF, pooled_batch_norm, 2)
    x = torch.randn(3, 2, 2, 8, 8)
    conv, norm = layer[0][0], layer[1][0]
    pooled = nn.functional.max_pool2d(conv(x.flatten(0, 1)), 2)
    expected = layer[2](
        nn.functional.batch_norm(pooled, None, None, training=True).unflatten(0, (3, 2))
    )
    assert torch.equal(layer(x), expected)
    assert norm.num_features == 4
    assert conv_pool_norm_neuron(2, 4, IF, pooled_batch_norm)(x).shape == (3, 2, 4, 8, 8)


def test_a_pool_that_does_not_halve_is_refused():
    with pytest.raises(UsageError, match=r"^stride: got 3, expected 1, or 2"):
        conv_pool_norm_neuron(2, 4, IF, pooled_batch_norm, 3)


def test_an_identity_shortcut_adds_the_spikes_that_came_in():
    torch.manual_seed(0)
    block = SpikeAddBlock(4, 4, LIF, pooled_batch_norm)
    x = torch.randint(0, 2, (3, 2, 4, 6, 6)).float()
    assert isinstance(block.shortcut, nn.Identity)
    difference = block(x) - x
    assert set(difference.unique().tolist()) == {0, 1}


@pytest.mark.parametrize("stride", [1, 2])
def test_a_shortcut_of_currents_goes_round_one_layer(stride):
    torch.manual_seed(0)
    block = CurrentShortcutBlock(2, 4, LIF, pooled_batch_norm, stride).eval()
    x = torch.randint(0, 2, (3, 2, 2, 7, 7)).float()
    conv, second = block.first[0][0], block.second[0][0]

    def currents(convolution, spikes):  # norms as they begin: 1 / sqrt(1 + eps)
        return convolution(spikes.flatten(0, 1)) / (1 + 1e-5) ** 0.5

    first = currents(conv, x)
    if stride == 2:
        first = nn.functional.max_pool2d(first, 2, ceil_mode=True)
    first = first.unflatten(0, (3, 2))
    added = first + currents(second, LIF()(first)).unflatten(0, (3, 2))
    spikes = block(x)
    assert torch.equal(spikes, LIF()(added))
    assert not torch.equal(spikes, LIF()(added - first))


@pytest.mark.parametrize(("c_out", "stride"), [(4, 2), (6, 1), (6, 2)])
def test_a_projecting_shortcut_ends_in_a_neuron(c_out, stride):
    torch.manual_seed(0)
    block = SpikeAddBlock(4, c_out, IF, pooled_batch_norm, stride=stride)
    x = torch.randint(0, 2, (3, 2, 4, 7, 7)).float()
    total = block(x)
    assert total.shape == (3, 2, c_out, 7 if stride == 1 else 4, 7 if stride == 1 else 4)
    assert set(total.unique().tolist()) == {0, 1, 2}
    assert set(block.shortcut(x).unique().tolist()) == {0, 1}
    assert torch.equal(total, block.branch(x) + block.shortcut(x))


class Counting(LIF):
    """A neuron that notes the channels that it is told."""

    def connect(self, channels):
        self.channels = channels
        return self


def test_a_neuron_is_told_its_channels_once_and_a_layer_that_does_not_ask_is_not():
    layer = conv_norm_neuron(2, 5, Counting, pooled_batch_norm)
    assert layer[2].channels == 5
    block = SpikeAddBlock(5, 6, Counting, pooled_batch_norm)
    assert [m.channels for m in block.modules() if isinstance(m, Counting)] == [6, 6, 6]
    assert isinstance(build_neuron(nn.ReLU, 5), nn.ReLU)


def test_heads_literal():
    x = torch.arange(16.0).view(1, 1, 1, 4, 4)
    pooled, flat = linear_head((1, 4, 4), 3, AvgPool2x2()), linear_head((1, 4, 4), 3)
    mean = global_pool_head((1, 4, 4), 3)
    assert (pooled[2].in_features, flat[1].in_features, mean[2].in_features) == (4, 16, 1)
    for head in (pooled, flat, mean):
        nn.init.ones_(head[-1].weight)
        nn.init.zeros_(head[-1].bias)
    assert pooled(x).tolist() == [[[30.0] * 3]]  # 2.5 + 4.5 + 10.5 + 12.5
    assert flat(x).tolist() == [[[120.0] * 3]]
    assert mean(x).tolist() == [[[7.5] * 3]]


@pytest.mark.parametrize("make", [vgg9, vggsnn, msresnet8, spikformer, mlp])
def test_a_layer_in_the_place_of_what_builds_one_is_refused(make):
    with pytest.raises(UsageError, match=r"^neuron: got a LIF that is built already, .* tssd.LIF"):
        make(width=1 / 16, neuron=LIF())
    with pytest.raises(UsageError, match="^norm: got a TimeFold that is built already, expected"):
        make(width=1 / 16, norm=pooled_batch_norm(4))


@pytest.mark.parametrize("make", [vgg9, vggsnn, msresnet8, spikformer, mlp])
@pytest.mark.parametrize("norm", [nn.BatchNorm2d, nn.BatchNorm3d, partial(nn.GroupNorm, 1)])
def test_norms_of_torch_which_take_no_sequences_are_refused(make, norm):
    with pytest.raises(UsageError, match=r"^norm: got \w+Norm\w*, which takes \[N, C, ...\], exp"):
        make(width=1 / 16, norm=norm)


def test_a_norm_that_derives_from_one_of_torchs_may_take_sequences():
    class Folded(nn.BatchNorm2d):
        def forward(self, input):
            return super().forward(input.flatten(0, 1)).view_as(input)

    x = torch.randn(3, 2, 4, 5, 5)
    assert torch.equal(build_norm(Folded, 4)(x), pooled_batch_norm(4)(x))
