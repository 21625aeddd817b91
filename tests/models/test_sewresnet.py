"""SEW-ResNets: SpikingJelly's by their numbers, and ours under another name by their parts."""

from functools import partial

import pytest
import torch
from spikingjelly.activation_based.model import sew_resnet

from tssd.models import resnet18, resnet34, sewresnet18, sewresnet34
from tssd.testing import check_network

from .jelly import OURS, THEIRS, K, expect_the_same, shapes


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_it_equals_spikingjellys():
    torch.manual_seed(0)
    net = sewresnet18(3, K, 19, large_stem=True, neuron=OURS)
    theirs = partial(sew_resnet.sew_resnet18, cnf="ADD", num_classes=K, **THEIRS)
    expect_the_same(net, theirs, 19)
    # The other one has more of the same blocks.
    assert shapes(sewresnet34) == shapes(partial(sew_resnet.sew_resnet34, cnf="ADD", **THEIRS))


def test_parameters_of_both_by_hand():
    stem = 49 * 3 * 64 + 2 * 64
    # Blocks of two convolutions; the first of a stage has another number of inputs and, from the
    # second stage on, a convolution 1x1 as its shortcut. Two numbers a channel for each norm.
    stage_1 = 4 * 9 * 64 * 64 + 2 * 4 * 64
    stage_2 = 9 * (64 * 128 + 3 * 128 * 128) + 64 * 128 + 2 * 5 * 128
    stage_3 = 9 * (128 * 256 + 3 * 256 * 256) + 128 * 256 + 2 * 5 * 256
    stage_4 = 9 * (256 * 512 + 3 * 512 * 512) + 256 * 512 + 2 * 5 * 512
    linear = 512 * 1000 + 1000
    of_18 = stem + stage_1 + stage_2 + stage_3 + stage_4 + linear
    # 34 layers: one, two, four and one block more.
    block = [2 * 9 * c * c + 2 * 2 * c for c in (64, 128, 256, 512)]
    of_34 = of_18 + block[0] + 2 * block[1] + 4 * block[2] + block[3]
    with torch.device("meta"):
        assert count(sewresnet18()) == of_18 == 11_689_512  # published: 11.69 M
        assert count(sewresnet34()) == of_34 == 21_797_672  # published: 21.79 M


@pytest.mark.parametrize(
    ("sew", "papers", "size"), [(sewresnet18, resnet18, 32), (sewresnet34, resnet34, (224, 230))]
)
def test_the_paper_s_network_is_the_same_with_the_stem_that_it_has(sew, papers, size):
    with torch.device("meta"):
        ours, other = sew(3, 10, size), papers(3, 10, size)
    assert repr(ours) == repr(other)
    assert ours.shapes == other.shapes


def test_the_stem_is_that_for_the_size_unless_it_is_said():
    with torch.device("meta"):
        assert sewresnet18(image_size=223).shapes[0] == (64, 223, 223)
        assert sewresnet18(image_size=224).shapes[0] == (64, 56, 56)
        assert sewresnet18(image_size=(96, 300)).shapes[0] == (64, 96, 300)
        assert sewresnet18(image_size=64, large_stem=True).shapes[0] == (64, 16, 16)
        assert sewresnet34(image_size=224, large_stem=False).shapes[4] == (512, 28, 28)


def test_it_is_a_network_that_trains_and_steps():
    make = partial(sewresnet18, 2, 5, (9, 20), width=1 / 16, large_stem=True)
    check_network(make, (2, 9, 20), timesteps=2)
