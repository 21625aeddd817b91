from functools import partial

import pytest
import torch
from torch import nn

from tssd.testing import check_network


@pytest.fixture
def build(part):
    return partial(part("iand_resnet").iand_resnet, num_classes=7, image_size=12, width=1 / 16)


@pytest.mark.parametrize("neuron", [None, nn.ReLU])
def test_it_keeps_the_contract(build, neuron):
    make = partial(build, neuron=neuron) if neuron else build
    check_network(make, (3, 12, 12))


def test_other_parts_of_ones_own_keep_it_too(build, part):
    neuron, norm = part("integer_lif").IntegerLIF, part("timestep_norm").TimestepNorm
    check_network(partial(build, neuron=neuron, norm=norm), (3, 12, 12))


def test_a_spike_of_the_branch_stops_the_shortcuts(build):
    torch.manual_seed(0)
    net = build()
    x = torch.randint(0, 2, (3, 2, *net.tap_shape(0))).float()
    block = net.stages[1][0]
    stopped = block.branch(x) > 0
    assert stopped.any() and (x > 0).any()
    assert torch.equal(block(x), x.masked_fill(stopped, 0.0))
    assert set(block(x).unique().tolist()) == {0, 1}


def test_it_trains_with_an_exit_in_its_middle(train):
    parts, rows = train("iand_resnet")
    assert type(parts.net.stages[1][0]).__name__ == "IandBlock"
    assert parts.criterion.taps == (1,)
    assert rows
