from functools import partial

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import widenet7b_glif, widenet7b_sew
from tssd.models.blocks import SpikeAddBlock
from tssd.neurons import LIF, PLIF
from tssd.testing import check_network

builders = pytest.mark.parametrize("build", [widenet7b_sew, widenet7b_glif])


def count(net):
    return sum(p.numel() for p in net.parameters())


def blocks_by_hand():
    """Convolutions 1x1 where channels change, two of 3x3 in a block; a scale and a shift each."""
    widened = (2 * 64 + 2 * 64) + (64 * 128 + 2 * 128)
    narrow = 2 * (9 * 64 * 64 + 2 * 64)
    wide = 2 * (9 * 128 * 128 + 2 * 128)
    return widened + 4 * narrow + 3 * wide


def test_parameters_by_hand():
    assert blocks_by_hand() == 1_190_912
    with torch.device("meta"):
        sew, glif = widenet7b_sew(), widenet7b_glif()
        # One time constant in each of 2 + 14 layers of neurons.
        assert count(widenet7b_sew(neuron=PLIF)) == count(sew) + 16
    assert count(sew) == blocks_by_hand() + 128 * 10 + 10 == 1_192_202
    assert count(glif) == blocks_by_hand() + 128 * 9 * 10 + 10 == 1_202_442


def test_pools_stand_behind_all_blocks_or_the_last_four():
    with torch.device("meta"):
        sew, glif = widenet7b_sew(), widenet7b_glif()
    assert [shape[1] for shape in sew.shapes] == [128, 64, 32, 16, 8, 4, 2]
    assert glif.shapes == ((64, 48, 48), (128, 24, 24), (128, 12, 12), (128, 6, 6))
    for net, pool, pools in ((sew, nn.MaxPool2d, 7), (glif, nn.AvgPool2d, 4)):
        assert sum(isinstance(m, SpikeAddBlock) for m in net.modules()) == 7
        assert sum(isinstance(m, pool) for m in net.modules()) == pools


@builders
def test_images_of_any_size_work(build):
    net = build(image_size=(9, 20), width=1 / 16)
    out = net(torch.rand(1, 2, 2, 9, 20), taps=range(len(net.stages)))
    assert [tuple(tap.shape[2:]) for tap in out.taps.values()] == [*net.shapes]
    with pytest.raises(UsageError, match="^image_size: got 0 x 4, expected >= 1 pixel"):
        build(image_size=(0, 4))


@builders
def test_it_keeps_the_contract_of_a_network(build):
    made = partial(build, 3, 5, 9, width=1 / 16, neuron=partial(LIF, v_threshold=0.5))
    check_network(made, (3, 9, 9), timesteps=2)
