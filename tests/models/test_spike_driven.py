"""Spike-driven Transformer: its sizes, its attention, and SpikingJelly's with the same weights."""

from functools import partial

import pytest
import torch
from spikingjelly.activation_based import functional
from spikingjelly.activation_based.model import spike_driven_transformer as theirs
from torch import nn

from tssd.models import spike_driven_transformer
from tssd.models.spike_driven import SpikeDrivenAttention
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.surrogates import Sigmoid
from tssd.testing import check_network

# SpikingJelly's defaults for its attention, spelt out; told to all its other neurons below.
JELLY_LIF = partial(LIF, v_reset=0.0, decay_input=True, detach_reset=True, surrogate=Sigmoid(4.0))


def count(net):
    return sum(p.numel() for p in net.parameters())


def settle(net):
    """Let norms take the statistics of all batches that they see, and currents be large."""
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
        nn.init.uniform_(norm.weight, 1, 3)
    return norms


@pytest.mark.parametrize(
    ("options", "data", "parameters"),
    [
        ({}, (3, 10), 10_233_418),
        ({"channels": 256, "spread": True}, (2, 11), 2_566_923),
    ],
)
def test_parameters_by_hand(options, data, parameters):
    (in_channels, classes), c = data, options.get("channels", 512)
    convolutions = 9 * (
        in_channels * c // 8 + c // 8 * c // 4 + c // 4 * c // 2 + c // 2 * c + c * c
    )
    norms = 2 * (c // 8 + c // 4 + c // 2 + c + c)
    attention = 4 * c * c + c + 4 * 2 * c  # q, k, v and the projection, which has a bias
    mlp = 4 * c * c + 4 * c + 2 * 4 * c + 4 * c * c + c + 2 * c
    head = c * classes + classes
    with torch.device("meta"):
        found = count(spike_driven_transformer(*data, **options))
    assert found == convolutions + norms + 2 * (attention + mlp) + head == parameters


def test_published_counts_are_these():
    # Of CIFAR-100, with the convolutions between heads, 8 x 8 in both blocks, that are not used.
    assert f"{(10_233_418 + 90 * (512 + 1) + 2 * 8 * 8) / 1e6:.2f}" == "10.28"
    assert f"{2_566_923 / 1e6:.2f}" == "2.57"


def attention_of_the_authors(module, x):
    """As in their code: tokens are laid out [T, N, heads, L, d], pooled by MaxPool3d."""
    pool = nn.MaxPool3d((1, 3, 3), 1, (0, 1, 1)) if module.spread_tokens else nn.Identity()
    q, k, v = module.qkv(module.neuron(x)).chunk(3, 2)

    def tokens(maps):
        steps, batch, channels = maps.shape[:3]
        rows = maps.flatten(3).transpose(-1, -2)
        return rows.reshape(steps, batch, -1, module.heads, channels // module.heads).permute(
            0, 1, 3, 2, 4
        )

    q, k, v = tokens(q), tokens(pool(k)), tokens(pool(v))
    mask = LIF(v_threshold=0.5)(pool(k.mul(v)).sum(-2, keepdim=True))
    passed = pool(q.mul(mask))
    return module.project(passed.transpose(3, 4).reshape(x.shape))


@pytest.mark.parametrize("spread", [False, True])
def test_attention_is_the_authors(spread):
    torch.manual_seed(0)
    module = SpikeDrivenAttention(12, 3, LIF, pooled_batch_norm, spread=spread).double()
    settle(module)
    module.spread_tokens = spread
    x = 2 * torch.randn(3, 2, 12, 5, 6, dtype=torch.double)
    module(x)
    torch.testing.assert_close(module.eval()(x), attention_of_the_authors(module, x))
    found = module.mask(module.sums(torch.ones(1, 1, 12, 1)))
    assert found.mean() == 1  # half of the others' threshold, and so one token is enough


def test_heads_matter_where_spikes_spread_alone():
    torch.manual_seed(0)
    x = 2 * torch.randn(2, 2, 12, 5, 6)
    for spread in (False, True):
        one, three = (
            SpikeDrivenAttention(12, heads, LIF, pooled_batch_norm, spread=spread)
            for heads in (1, 3)
        )
        settle(one)
        one(x)
        three.load_state_dict(one.state_dict())
        assert torch.equal(one.eval()(x), three.eval()(x)) == (not spread)


@pytest.mark.parametrize("options", [{}, {"spread": True}])
def test_it_is_a_network_that_trains_and_steps(options):
    build = partial(
        spike_driven_transformer, in_channels=2, num_classes=5, image_size=(8, 6), depth=1,
        channels=16, heads=2,
    )  # fmt: skip
    neuron = partial(LIF, v_threshold=0.25)  # the head's sees a mean over tokens
    check_network(partial(build, neuron=neuron, **options), (2, 8, 6), timesteps=2)


def carried(theirs, depth):
    """SpikingJelly's weights, or gradients, by our names."""
    found = {}

    def take(ours, *names):
        for key in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            parts = [theirs[f"{name}.{key}"] for name in names if f"{name}.{key}" in theirs]
            if parts:
                found[f"{ours}.{key}"] = torch.cat(parts) if parts[0].dim() else parts[0]

    stem = "patch_embed"
    for i, name in enumerate([f"{stem}.stages.{i}" for i in range(3)] + [f"{stem}.final_stage"]):
        take(f"stages.0.{i}.0.0", f"{name}.0")
        take(f"stages.0.{i}.1.0", f"{name}.1")
        # A bias in front of a norm is a shift of its running mean.
        bias, mean = found.pop(f"stages.0.{i}.0.0.bias"), f"stages.0.{i}.1.0.running_mean"
        if mean in found:
            found[mean] = found[mean] - bias
    take("stages.0.4.branch.1.0", f"{stem}.rpe_conv")
    take("stages.0.4.branch.2.0", f"{stem}.rpe_bn")
    for block in range(depth):
        ours, name = f"stages.{block + 1}", f"blocks.{block}"
        take(f"{ours}.0.branch.qkv.0.0", *(f"{name}.attn.{part}_conv" for part in "qkv"))
        take(f"{ours}.0.branch.qkv.1.0", *(f"{name}.attn.{part}_bn" for part in "qkv"))
        take(f"{ours}.0.branch.project.0.0", f"{name}.attn.proj_conv")
        take(f"{ours}.0.branch.project.1.0", f"{name}.attn.proj_bn")
        for layer, place in (("1", 1), ("2", 4)):
            take(f"{ours}.1.branch.{place}.0", f"{name}.mlp.fc{layer}")
            take(f"{ours}.1.branch.{place + 1}.0", f"{name}.mlp.bn{layer}")
    take("head.2.0", "head")
    return found


def test_spikingjellys_with_the_same_weights_has_the_same_logits_and_gradients():
    torch.manual_seed(0)
    jelly = theirs.SpikeDrivenTransformer(
        num_classes=7, embed_dims=32, num_heads=4, depths=2, pooling_stat="0011", detach_reset=True
    ).double()
    for norm in settle(jelly):
        nn.init.uniform_(norm.running_mean, -1, 1)
    ours = spike_driven_transformer(
        3, 7, (16, 8), depth=2, channels=32, heads=4, neuron=JELLY_LIF
    ).double()
    settle(ours)
    ours.load_state_dict(carried(jelly.state_dict(), 2))

    x = torch.rand(3, 4, 3, 16, 8, dtype=torch.double)
    weights = torch.randn(4, 7, dtype=torch.double)
    for training in (False, True):  # statistics of its own first
        logits = {jelly: jelly.train(training)(x), ours: ours.train(training)(x).logits.mean(0)}
        functional.reset_net(jelly)
        torch.testing.assert_close(logits[ours], logits[jelly], rtol=1e-9, atol=1e-9)
    assert logits[ours].std(0).max() > 1e-2
    for found in logits.values():
        (found * weights).sum().backward()
    gradients = carried({n: p.grad for n, p in jelly.named_parameters()}, 2)
    assert all(g.any() for g in gradients.values())
    own = {n: p.grad for n, p in ours.named_parameters()}
    torch.testing.assert_close(own, gradients, rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(dict(ours.state_dict()), carried(jelly.state_dict(), 2))
