"""Standard ResNets: SpikingJelly's with neurons, torchvision's with ReLU."""

from functools import partial

import pytest
import torch
import torchvision
from spikingjelly.activation_based.model import spiking_resnet
from torch import nn

from tssd.models import standard_resnet18, standard_resnet34
from tssd.testing import check_network

from .jelly import OURS, THEIRS, K, expect_the_same, shapes


def test_it_equals_spikingjellys():
    torch.manual_seed(0)
    net = standard_resnet18(3, K, 19, large_stem=True, neuron=OURS)
    expect_the_same(net, partial(spiking_resnet.spiking_resnet18, num_classes=K, **THEIRS), 19)
    # The other one has more of the same blocks.
    theirs = partial(spiking_resnet.spiking_resnet34, **THEIRS)
    assert shapes(standard_resnet34) == shapes(theirs)


def test_as_an_ann_it_is_torchvisions():
    with torch.device("meta"):
        theirs = torchvision.models.resnet18(num_classes=K)
    net = standard_resnet18(3, K, 64, large_stem=True, neuron=nn.ReLU)
    weights = dict(zip(theirs.state_dict(), net.state_dict().values(), strict=True))
    theirs.load_state_dict(weights, assign=True)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        found = net.eval()(images[None]).logits[0]
        torch.testing.assert_close(found, theirs.eval()(images), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("ours", "theirs", "parameters"),
    [
        # Summed up by hand in test_sewresnet.py: the same layers.
        (standard_resnet18, torchvision.models.resnet18, 11_689_512),
        (standard_resnet34, torchvision.models.resnet34, 21_797_672),
    ],
)
def test_parameters_and_maps_are_those_of_torchvisions(ours, theirs, parameters):
    with torch.device("meta"):
        found = [sum(p.numel() for p in net.parameters()) for net in (ours(), theirs())]
        assert found == [parameters, parameters]
        assert [height for _, height, _ in ours().shapes] == [56, 56, 28, 14, 7]
        assert ours(image_size=32).shapes[0] == (64, 32, 32)


def test_it_is_a_network_that_trains_and_steps():
    make = partial(standard_resnet18, 2, 5, (5, 9), width=1 / 16)
    check_network(make, (2, 5, 9), timesteps=2)
