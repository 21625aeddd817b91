"""MS-ResNet-18: SpikingJelly's by its numbers, and what its taps show."""

from functools import partial

import torch
from spikingjelly.activation_based.model.ms_resnet import MSResNet
from torch import nn

from tssd.models import msresnet18
from tssd.neurons import LIF
from tssd.norms import TdBN
from tssd.testing import check_network

from .jelly import OURS, THEIRS, K, expect_the_same


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_it_equals_spikingjellys():
    torch.manual_seed(0)
    net = msresnet18(3, K, 33, width=1 / 8, large_stem=True, neuron=OURS)
    theirs = partial(MSResNet, num_classes=K, base_channels=8, **THEIRS)
    expect_the_same(net, theirs, 33, means=True)


def test_parameters_by_hand():
    stem = 49 * 3 * 64 + 2 * 64
    # The first stage halves, too, so that its first block has a convolution 1x1 as its shortcut.
    stage_1 = 4 * 9 * 64 * 64 + 64 * 64 + 2 * 5 * 64
    stage_2 = 9 * (64 * 128 + 3 * 128 * 128) + 64 * 128 + 2 * 5 * 128
    stage_3 = 9 * (128 * 256 + 3 * 256 * 256) + 128 * 256 + 2 * 5 * 256
    stage_4 = 9 * (256 * 512 + 3 * 512 * 512) + 256 * 512 + 2 * 5 * 512
    expected = stem + stage_1 + stage_2 + stage_3 + stage_4 + 512 * 1000 + 1000
    small = expected + (9 - 49) * 3 * 64 - 64 * 64 - 2 * 64 - 990 * 513
    with torch.device("meta"):
        net = msresnet18()
        assert count(net) == expected == 11_693_736
        assert [height for _, height, _ in net.shapes] == [112, 56, 28, 14, 7]
        net = msresnet18(num_classes=10, image_size=32)
        assert count(net) == small == 11_173_962  # as many as the paper's ResNet-18
        assert [height for _, height, _ in net.shapes] == [32, 32, 16, 8, 4]


def test_convolutions_behind_the_stem_see_spikes_and_shortcuts_see_currents():
    torch.manual_seed(0)
    net, seen = msresnet18(2, 5, 8, width=1 / 8), {}
    for name, part in net.named_modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            part.register_forward_hook(
                lambda _, args, __, name=name: seen.update({name: set(args[0].unique().tolist())})
            )
    out = net(torch.randn(2, 4, 2, 8, 8), taps=range(5))
    of_spikes = {name for name, values in seen.items() if values <= {0, 1}}
    assert {name for name in seen if ".branch." in name} <= of_spikes
    assert not [name for name in of_spikes if ".shortcut." in name]
    assert all(len(tap.unique()) > 10 for tap in out.taps.values())


def test_tdbn_knows_the_threshold_inside_of_a_branch():
    net = msresnet18(2, 5, 4, width=1 / 16, neuron=partial(LIF, v_threshold=0.5), norm=TdBN)
    scales = {name: part.scale for name, part in net.named_modules() if isinstance(part, TdBN)}
    inside = {name for name in scales if name.endswith(".branch.2")}
    assert {name for name, scale in scales.items() if scale == 0.5} == inside
    assert len(inside) == 8
    given = msresnet18(2, 5, 4, width=1 / 16, norm=partial(TdBN, v_threshold=0.5))
    assert {part.scale for part in given.modules() if isinstance(part, TdBN)} == {0.5}


def test_it_is_a_network_that_trains_and_steps():
    make = partial(msresnet18, 2, 5, (9, 20), width=1 / 16, large_stem=True)
    check_network(make, (2, 9, 20), timesteps=2)
