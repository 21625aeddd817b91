"""Blocks that add currents, against the arithmetic of their parts."""

import pytest
import torch
from torch import nn

from tssd.models.residual import CurrentAddBlock, MembraneShortcutBlock, pool_shortcut
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.testing.streaming import check_streaming

T, N = 3, 2


def normed(convolution, x):
    """A convolution of x [T, N, ...] and a norm as it begins: 1 / sqrt(1 + eps)."""
    return (convolution(x.flatten(0, 1)) / (1 + 1e-5) ** 0.5).unflatten(0, (T, N))


def convolutions(block):
    return [part for part in block.modules() if isinstance(part, nn.Conv2d)]


def spikes(c, size=7):
    torch.manual_seed(0)
    return torch.randint(0, 2, (T, N, c, size, size)).double()


@pytest.mark.parametrize(("c_out", "stride"), [(4, 1), (4, 2), (6, 1)])
def test_the_neuron_behind_the_addition_gets_both_currents(c_out, stride):
    x = spikes(4)
    block = CurrentAddBlock(4, c_out, LIF, pooled_batch_norm, stride).double().eval()
    first, second, *projection = convolutions(block)
    branch = normed(second, LIF()(normed(first, x)))
    shortcut = normed(projection[0], x) if projection else x
    assert len(projection) == (c_out != 4 or stride != 1)
    torch.testing.assert_close(block(x), LIF()(branch + shortcut))
    check_streaming("CurrentAddBlock", block, x)


@pytest.mark.parametrize(("c_out", "stride"), [(4, 1), (4, 2), (6, 1)])
def test_a_block_of_currents_has_no_neuron_behind_the_addition(c_out, stride):
    x = torch.randn(T, N, 4, 7, 7, dtype=torch.double)
    block = MembraneShortcutBlock(4, c_out, LIF, pooled_batch_norm, stride).double().eval()
    first, second, *projection = convolutions(block)
    branch = normed(second, LIF()(normed(first, LIF()(x))))
    shortcut = normed(projection[0], x) if projection else x
    assert len(projection) == (c_out != 4 or stride != 1)
    torch.testing.assert_close(block(x), branch + shortcut)
    check_streaming("MembraneShortcutBlock", block, x)


def test_a_pooling_shortcut_sees_all_pixels_and_rounds_up():
    shortcut = pool_shortcut(1, 1, pooled_batch_norm, 2).eval()
    nn.init.constant_(shortcut[1][0].weight, (1 + 1e-5) ** 0.5)
    image = torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
    # Pixels at the edge are pooled by themselves.
    expected = torch.tensor([[3.0, 4.5], [7.5, 9]])
    torch.testing.assert_close(shortcut(image.view(1, 1, 1, 3, 3)), expected.view(1, 1, 1, 2, 2))
    block = CurrentAddBlock(4, 6, LIF, pooled_batch_norm, 2, shortcut=pool_shortcut)
    assert block(spikes(4).float()).shape == (T, N, 6, 4, 4)
