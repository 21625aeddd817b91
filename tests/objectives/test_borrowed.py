"""Copies of a loss, alone and with its network, whose terms look at the network's own modules."""

import copy
import pickle

import pytest
import torch
from torch import nn

from tssd.models import FactoredWeights, vgg9
from tssd.objectives import (
    JointANN,
    PerturbedPredictions,
    SelfDistillation,
    TaskCrossEntropy,
    TemporalWeightPenalty,
    Timesteps,
)
from tssd.objectives.borrowed import Borrowed

TERMS = {
    "joint": lambda: {"task": JointANN(imitation=0.5)},
    "trt": lambda: {"task": TaskCrossEntropy(), "trt": TemporalWeightPenalty()},
    "perturbed": lambda: {"task": TaskCrossEntropy(), "perturbed": PerturbedPredictions()},
}
X, Y = torch.rand(6, 1, 16, 16, generator=torch.Generator().manual_seed(1)), torch.arange(6)


@pytest.fixture(params=TERMS)
def connected(request):
    torch.manual_seed(0)
    net = vgg9(in_channels=1, image_size=16, width=1 / 32)
    FactoredWeights().put_into(net)
    return net, SelfDistillation(TERMS[request.param](), Timesteps(1, 3)).connect(net)


def gradients(net, criterion):
    """Of the network and of the loss's own layers, by name."""
    torch.manual_seed(2)
    both = nn.ModuleList([net, criterion])
    both.zero_grad()
    criterion.run(net, X, Y).total.backward()
    return {name: p.grad for name, p in both.named_parameters() if p.grad is not None}


def moved(net):
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(1.5)


def test_a_copy_made_alone_goes_on_to_train_the_network(connected):
    net, criterion = connected
    alone = copy.deepcopy(copy.deepcopy(criterion))
    moved(net)
    expected = gradients(net, criterion)
    torch.testing.assert_close(gradients(net, alone), expected, rtol=0, atol=0)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_a_copy_made_with_the_network_trains_its_copy(connected, order):
    net, criterion = connected
    made = copy.deepcopy([*connected][order])[order]
    moved(made[0])
    found = gradients(*made)
    assert all(p.grad is None for p in net.parameters())
    moved(net)
    torch.testing.assert_close(found, gradients(net, criterion), rtol=0, atol=0)


def test_a_pickle_holds_both(connected):
    net, criterion = pickle.loads(pickle.dumps(connected))
    moved(net)
    found = gradients(net, criterion)
    moved(connected[0])
    torch.testing.assert_close(found, gradients(*connected), rtol=0, atol=0)


def test_of_a_copy_nothing_is_kept_once_it_is_asked():
    part = nn.Linear(1, 1)
    copied = copy.deepcopy(Borrowed([part]))
    assert [*copied] == [part] and copied._copies is None
    assert pickle.loads(pickle.dumps(copy.deepcopy(Borrowed()))) == []
