"""Sizes, stages and options of transformers, with stems and blocks that compute nothing."""

from functools import partial

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import spike_driven_transformer, spikformer
from tssd.models.blocks import global_pool_head
from tssd.models.transformer import overlapping_pool, transformer
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.objectives import ExitPlan

OPTIONS = dict(
    depth=3,
    channels=48,
    heads=4,
    pools=2,
    in_channels=2,
    num_classes=5,
    image_size=(9, 20),
    width=1.0,
    neuron=LIF,
    norm=pooled_batch_norm,
)
builders = pytest.mark.parametrize("build", [spikformer, spike_driven_transformer])


def test_the_table_says_what_stem_and_blocks_are_built_of():
    told = []

    def stem(channels, pooled, neuron, norm):
        told.append((channels, pooled))
        return nn.Identity()

    def block(channels, heads, neuron, norm):
        told.append((channels, heads))
        return nn.Identity()

    net = transformer(stem, block, global_pool_head, **OPTIONS)
    chain = [2, 6, 12, 24, 48]
    assert told == [(chain, [False, False, True, True]), *[(48, 4)] * 3]
    assert net.shapes == ((48, 3, 5),) * 4
    assert net.resolve_tap(None) == 1
    assert net.make_neuron is LIF


@builders
@pytest.mark.parametrize(
    ("width", "channels"), [(1.0, 48), (0.5, 24), (0.3, 16), (1e-9, 4), (2.0, 96)]
)
def test_a_width_leaves_the_heads_and_changes_their_channels(build, width, channels):
    with torch.device("meta"):
        net = build(depth=1, channels=48, heads=4, width=width)
    assert net.tap_shape(-1) == (channels, 8, 8)


@builders
@pytest.mark.parametrize(
    ("pools", "sizes"),
    [(0, (9, 20)), (1, (5, 10)), (2, (3, 5)), (3, (2, 3)), (4, (1, 2))],
)
def test_images_of_any_shape_make_maps_as_declared(build, pools, sizes):
    net = build(2, 5, (9, 20), depth=1, channels=8, heads=2, pools=pools)
    out = net(torch.rand(1, 2, 2, 9, 20), taps=(0, 1))
    assert net.shapes == ((8, *sizes),) * 2
    assert all(tuple(tap.shape[2:]) == (8, *sizes) for tap in out.taps.values())
    assert out.logits.shape == (1, 2, 5)


def test_a_pool_looks_at_three_pixels_each_way():
    x = torch.zeros(1, 1, 1, 5, 5)
    x[..., 1, 3] = 1
    assert overlapping_pool()(x)[0, 0, 0].tolist() == [[0, 1, 1], [0, 1, 1], [0, 0, 0]]


@builders
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 0}, "depth: got 0, expected at least one block"),
        ({"heads": 5, "channels": 256}, "heads: got 5, .* = 256; give --net.heads 4 or 8 or 16"),
        ({"heads": 0}, "heads: got 0"),
        ({"channels": 7, "heads": 2}, "heads: got 2, .* channels = 7; give --net.heads 1"),
        ({"pools": 5}, "pools: got 5, expected 0 to 4"),
        ({"pools": -1}, "pools: got -1"),
        ({"image_size": 0}, "image_size: got 0, expected >= 1"),
        ({"image_size": (8, 0)}, "image_size: got 8 x 0"),
        ({"width": 0.0}, "width: got 0.0"),
    ],
)
def test_wrong_options_are_refused(build, options, message):
    with pytest.raises(UsageError, match=f"^{message}"):
        build(**options)


@builders
def test_an_exit_stands_on_tokens_as_on_any_map(build):
    net = build(depth=1, channels=8, heads=2)
    at_exit = ExitPlan([1]).build(net.tap_shape(1), 10, net)
    (tokens,) = net(torch.rand(2, 3, 3, 32, 32), taps=[1]).taps.values()
    assert at_exit(tokens).shape == (2, 3, 10)


@builders
def test_each_block_is_a_stage_of_its_own(build):
    with torch.device("meta"):
        small, large = (partial(build, channels=16, heads=2)(depth=d) for d in (1, 3))
    assert [len(net.stages) for net in (small, large)] == [2, 4]
