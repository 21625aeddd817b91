"""Spikformer: its sizes, its attention, and SpikingJelly's network with the same weights."""

import re
from functools import partial

import pytest
import torch
from spikingjelly.activation_based import functional
from spikingjelly.activation_based.model import spikformer as theirs
from torch import nn

from tssd.models import spikformer
from tssd.models.attention import SpikeProduct
from tssd.models.spikformer import SpikingSelfAttention
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.surrogates import Sigmoid
from tssd.testing import check_network

# SpikingJelly's defaults for this network, spelt out.
JELLY_LIF = partial(LIF, v_reset=0.0, decay_input=True, detach_reset=True, surrogate=Sigmoid(4.0))


def count(net):
    return sum(p.numel() for p in net.parameters())


def settle(net):
    """Let norms take the statistics of all batches that they see, and currents be large."""
    for norm in (m for m in net.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)):
        norm.momentum = None
        nn.init.uniform_(norm.weight, 1, 3)
        nn.init.uniform_(norm.bias, 0.5, 2)


def by_hand(channels, depth, in_channels, classes):
    """Parameters layer by layer: weights, then norms, then biases."""
    c = channels
    stem = 9 * (in_channels * c // 8 + c * c // 32 + c * c // 8 + c * c // 2 + c * c)
    stem += 2 * (c // 8 + c // 4 + c // 2 + c + c)
    attention = 3 * c * c + 2 * 3 * c + c * c + 2 * c + c
    mlp = c * 4 * c + 2 * 4 * c + 4 * c + 4 * c * c + 2 * c + c
    return stem + depth * (attention + mlp) + c * classes + classes


# What its files hold beside, and never use: two layer norms a block, and in that for events a
# position embedding of 64 tokens and one more norm.
def unused(channels, depth, *, events=False):
    return depth * 2 * 2 * channels + events * (64 * channels + 2 * channels)


@pytest.mark.parametrize(
    ("options", "data", "parameters", "published"),
    [
        ({}, (3, 10), 9_320_122, "9.32"),  # 4-384
        ({"channels": 256, "heads": 8}, (3, 10), 4_152_106, "4.15"),
        ({"channels": 256, "heads": 16, "depth": 2, "pools": 4}, (2, 10), 2_566_666, ""),
        ({"channels": 512, "heads": 8, "depth": 8, "pools": 4}, (3, 1000), 29_689_384, ""),
    ],
)
def test_parameters_by_hand(options, data, parameters, published):
    with torch.device("meta"):
        net = spikformer(*data, **options)
    hand = by_hand(options.get("channels", 384), options.get("depth", 4), *data)
    assert count(net) == hand == parameters
    assert not published or f"{parameters / 1e6:.2f}" == published


def test_published_counts_have_what_is_never_used():
    assert 29_689_384 + unused(512, 8) == 29_705_768  # of Spikformer-8-512 and its family's log
    assert f"{(2_566_666 + unused(256, 2, events=True)) / 1e6:.2f}" == "2.59"


def attention_as_written(module, x):
    """As in the paper: for each sample, timestep and head (q k^T) v."""
    steps, batch, channels = x.shape[:3]
    d, sums = channels // module.heads, torch.zeros_like(x).flatten(3)
    q, k, v = module.qkv(x).flatten(3).split(channels, 2)
    for t in range(steps):
        for n in range(batch):
            for h in range(module.heads):
                of = slice(h * d, (h + 1) * d)
                a, b, c = (part[t, n, of].T for part in (q, k, v))  # [L, d]
                sums[t, n, of] = ((a @ b.T) @ c).T
    spikes = LIF(v_threshold=0.5)(module.scale * sums.view_as(x))
    return module.project(spikes)


@pytest.mark.parametrize("size", [(1, 2), (3, 4)])  # tokens: fewer than a head's channels, and more
def test_attention_is_as_written_in_either_order(size):
    torch.manual_seed(0)
    module = SpikingSelfAttention(8, 2, LIF, pooled_batch_norm, scale=0.125).double()
    settle(module)
    x = torch.randint(0, 3, (3, 2, 8, *size)).double()
    module(x)
    found = module.eval()(x)
    torch.testing.assert_close(found, attention_as_written(module, x))
    assert 0 < found.mean() < 1


def test_products_are_layers_of_their_own():
    net = spikformer(depth=1, width=0.1)
    names = [name for name, part in net.named_modules() if type(part) is SpikeProduct]
    assert names == ["stages.1.0.branch.first", "stages.1.0.branch.second"]


@pytest.mark.parametrize("options", [{}, {"pools": 3, "pool_currents": True, "scale": 0.25}])
def test_it_is_a_network_that_trains_and_steps(options):
    build = partial(
        spikformer, in_channels=2, num_classes=5, image_size=(8, 6), depth=1, heads=2, channels=16
    )
    neuron = partial(LIF, v_threshold=0.5)
    check_network(partial(build, neuron=neuron, **options), (2, 8, 6), timesteps=2)


# SpikingJelly's names, and ours.
NAMES = (
    (r"patch_embed\.stages\.(\d+)\.conv_bn\.block", r"stages.0.\1"),
    (r"patch_embed\.positional_encoding\.conv_bn\.block", "stages.0.4.branch"),
    (r"\.attn\.qkv_conv_bn", ".0.branch.qkv"),
    (r"\.attn\.proj_conv_bn", ".0.branch.project"),
    (r"\.mlp\.fc1", ".1.branch.0"),
    (r"\.mlp\.fc2", ".1.branch.1"),
    (r"^head\.", "head.2."),
)


def carried(tensors):
    """SpikingJelly's weights, or gradients, by our names."""
    found = {}
    for name, value in tensors.items():
        name = re.sub(r"^blocks\.(\d+)", lambda match: f"stages.{int(match[1]) + 1}", name)
        for pattern, ours in NAMES:
            name = re.sub(pattern, ours, name)
        if name.startswith("stages"):  # a layer stands in a fold of its own
            name = re.sub(r"\.(\w+)$", r".0.\1", name)
        found[name] = value.unsqueeze(-1) if value.dim() == 3 else value
    return found


@pytest.mark.parametrize(
    ("patch_size", "pools", "size"), [(4, 2, (32, 16)), (16, 4, (48, 32))]
)  # 32 tokens, and 6, which are fewer than the channels of a head
def test_spikingjellys_with_the_same_weights_has_the_same_logits_and_gradients(
    patch_size, pools, size
):
    torch.manual_seed(0)
    shape = {"embed_dims": 32, "num_heads": 4, "depths": 2, "patch_size": patch_size}
    jelly = theirs.Spikformer(
        in_channels=3, img_size_h=size[0], img_size_w=size[1], num_classes=7, **shape
    ).double()
    settle(jelly)
    ours = spikformer(
        3, 7, size, depth=2, channels=32, heads=4, pools=pools, pool_currents=True,
        neuron=JELLY_LIF,
    ).double()  # fmt: skip
    missing, unexpected = ours.load_state_dict(carried(jelly.state_dict()), strict=False)
    of_biases = re.compile(r"stages\.[12]\.\d\.branch\.(project|\d)\.0\.0\.bias")
    biases = {name for name, _ in ours.named_parameters() if of_biases.fullmatch(name)}
    assert (set(missing), unexpected) == (biases, [])
    for name in biases:  # theirs has none, and a norm takes them out
        nn.init.zeros_(ours.get_parameter(name))
    for norm in (m for m in ours.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.momentum = None

    x = torch.rand(3, 4, 3, *size, dtype=torch.double)
    weights = torch.randn(3, 4, 7, dtype=torch.double)
    for training in (True, False):
        expected = jelly.train(training)(x)
        found = ours.train(training)(x).logits
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
        functional.reset_net(jelly)
    assert not torch.allclose(found[0], found[-1])
    assert ours(x, taps=[2]).taps[2].mean() > 0.1
    for logits in (jelly.train()(x), ours.train()(x).logits):
        (logits * weights).sum().backward()
    gradients = carried({n: p.grad for n, p in jelly.named_parameters()})
    assert [n for n, g in gradients.items() if not g.any()] == []
    own = {n: p.grad for n, p in ours.named_parameters() if n not in biases}
    torch.testing.assert_close(own, gradients, rtol=1e-7, atol=1e-9)
    state = {name: value for name, value in ours.state_dict().items() if name not in biases}
    torch.testing.assert_close(state, carried(jelly.state_dict()))
