"""Products, sums and neurons of attention, by themselves."""

from functools import partial

import pytest
import torch
from spikingjelly.activation_based import neuron
from torch import nn

from tssd.errors import UsageError
from tssd.models.attention import (
    Residual,
    SpikeProduct,
    TokenSum,
    at_half_threshold,
    by_head,
    linear_norm,
)
from tssd.neurons import DSRIF, GLIF, IF, LIF, MPBNLIF, PLIF
from tssd.norms import pooled_batch_norm


def test_a_product_and_a_sum_literal():
    q, k = torch.tensor([[[[1.0, 0], [1, 1]]]]), torch.tensor([[[[0.0, 1], [1, 1]]]])
    assert SpikeProduct()(q, k).tolist() == [[[[0, 1], [1, 2]]]]
    assert TokenSum()(k).tolist() == [[[[1], [2]]]]


def test_heads_have_channels_that_stand_side_by_side():
    maps = torch.arange(2 * 6 * 4.0).view(1, 2, 6, 2, 2)
    tokens = by_head(maps, 3)
    assert tokens.shape == (1, 2, 3, 2, 4)
    assert torch.equal(tokens[0, 1, 2, 1], maps[0, 1, 5].flatten())


def test_a_residual_adds_and_a_linear_layer_sees_tokens_apart():
    torch.manual_seed(0)
    branch = linear_norm(3, 3, pooled_batch_norm).eval()
    x = torch.randn(2, 1, 3, 2, 2)
    conv = branch[0][0]
    by_hand = torch.einsum("tnchw,oc->tnohw", x, conv.weight[..., 0, 0])
    by_hand = (by_hand + conv.bias.view(3, 1, 1)) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(Residual(branch)(x), x + by_hand)


@pytest.mark.parametrize(
    "make",
    [
        LIF,
        lambda: IF(v_reset=0.0),
        lambda: PLIF(v_threshold=3.0),
        MPBNLIF,
        lambda: neuron.LIFNode(v_threshold=2.0, step_mode="m"),
    ],
)
def test_a_threshold_that_is_a_number_is_halved(make):
    layer, gain = at_half_threshold(make, 4)
    assert gain == 1
    assert layer.v_threshold == make().v_threshold / 2
    assert type(layer) is type(make())


@pytest.mark.parametrize("make", [DSRIF, GLIF, nn.ReLU])
def test_another_threshold_stays_and_the_currents_are_doubled(make):
    layer, gain = at_half_threshold(make, 4)
    assert gain == 2
    assert type(layer) is make


@pytest.mark.parametrize("kind", [LIF, PLIF, partial(neuron.LIFNode, step_mode="m")])
def test_a_neuron_that_would_fire_for_ever_at_half_of_its_threshold_is_refused(kind):
    with pytest.raises(UsageError, match=r"^v_reset: got 0.6, expected less than v_thr.* = 0.5 "):
        at_half_threshold(partial(kind, v_reset=0.6), 4)


@pytest.mark.parametrize("v_reset", [None, 0.0])
def test_both_ways_fire_alike(v_reset):
    x = torch.randint(0, 12, (6, 2, 4, 3), generator=torch.Generator().manual_seed(0)) / 8
    halved, _ = at_half_threshold(lambda: LIF(v_reset=v_reset), 4)
    spikes = halved(x)
    assert 0 < spikes.mean() < 1
    assert torch.equal(spikes, LIF(v_reset=v_reset)(2 * x))
