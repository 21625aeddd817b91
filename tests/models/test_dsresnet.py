"""DS-ResNets: their sizes, and that they train."""

from functools import partial

import torch

from tssd.models import dsresnet14, dsresnet20
from tssd.testing import check_network


def count(net):
    return sum(p.numel() for p in net.parameters())


def by_hand(inputs, a, b, c, blocks, classes):
    """Stem, three stages of blocks with two convolutions, shortcuts 1x1 between them, one linear.

    Two numbers a channel for each norm.
    """
    convolutions = 2 * blocks
    stem = 9 * inputs * a + 2 * a
    stage_1 = 9 * convolutions * a * a + 2 * convolutions * a
    stage_2 = 9 * (a * b + (convolutions - 1) * b * b) + a * b + 2 * (convolutions + 1) * b
    stage_3 = 9 * (b * c + (convolutions - 1) * c * c) + b * c + 2 * (convolutions + 1) * c
    return stem + stage_1 + stage_2 + stage_3 + c * classes + classes


def test_parameters_by_hand():
    with torch.device("meta"):
        images = dsresnet20()
        assert count(images) == by_hand(3, 64, 128, 256, 3, 10) == 4_327_754
        gestures = dsresnet20(2, 11, 32, width=1 / 4)
        assert count(gestures) == by_hand(2, 16, 32, 64, 3, 11)
        events = dsresnet14(2, 10, 42)
        assert count(events) == by_hand(2, 32, 64, 128, 2, 10) == 696_330
    assert images.shapes == ((64, 32, 32), (64, 32, 32), (128, 16, 16), (256, 8, 8))
    assert events.shapes == ((32, 42, 42), (32, 42, 42), (64, 21, 21), (128, 11, 11))


def test_it_is_a_network_that_trains_and_steps():
    check_network(partial(dsresnet14, 2, 5, (5, 9), width=1 / 16), (2, 5, 9), timesteps=2)


def test_sums_grow_by_at_most_one_spike_a_block():
    torch.manual_seed(0)
    out = dsresnet20(2, 5, 8, width=1 / 8)(torch.randn(2, 4, 2, 8, 8), taps=range(4))
    assert set(out.taps[0].unique().tolist()) == {0, 1}
    # A stage begins with the spikes of the stem or of two branches.
    assert all(2 <= out.taps[i].max() <= 4 for i in (1, 2, 3))
    assert all(torch.equal(tap, tap.round()) for tap in out.taps.values())
