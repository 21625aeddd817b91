"""A small network with everything in it that formats have to say."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from lowering.alike import trained as as_trained
from tssd.exporting.request import Request
from tssd.lowering import lower
from tssd.models import StagedNet
from tssd.models.blocks import SpikeAddBlock, conv_norm_neuron, conv_pool_norm_neuron
from tssd.neurons import LIF, MPBNLIF, PLIF
from tssd.norms import pooled_batch_norm
from tssd.objectives.exits import Exit
from tssd.time import TimeFold

FACTS = {"input": "frames", "class_names": ["a", "b", "c"]}
TIMESTEPS = 3


def network():
    """Currents pooled, hard resets of channels, a sum of spikes, all pools, an odd map."""
    hard = partial(LIF, 1.5, v_reset=0.1, v_threshold=0.4, decay_input=True, strict=True)
    stages = [
        conv_pool_norm_neuron(2, 4, partial(MPBNLIF, v_reset=0.1), pooled_batch_norm, 2),
        SpikeAddBlock(4, 4, hard, pooled_batch_norm),
        nn.Sequential(
            TimeFold(nn.AvgPool2d(2, ceil_mode=True)),
            conv_norm_neuron(4, 6, partial(PLIF, v_threshold=0.3), pooled_batch_norm),
            TimeFold(nn.MaxPool2d(3, 2, 1)),
        ),
    ]
    head = TimeFold(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3))
    shapes = [(4, 5, 5), (4, 5, 5), (6, 2, 2)]
    net = StagedNet(stages, head, shapes=shapes, num_classes=3, sample_shape=(2, 9, 9))
    return as_trained(net)


@pytest.fixture(scope="session")
def net():
    return network()


@pytest.fixture(scope="session")
def heads(net):
    return {1: as_trained(Exit(net.tap_shape(1), 3, channels=4))}


@pytest.fixture(scope="session")
def graph(net, heads):
    return lower(net, exits=heads)


@pytest.fixture(scope="session")
def x():
    return torch.randn(TIMESTEPS, 5, 2, 9, 9, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="session")
def request_():
    nothing = np.zeros((TIMESTEPS, 0, 2, 9, 9), np.float32)
    return Request(timesteps=TIMESTEPS, weights="float32", samples=nothing)
