"""ResNet-19: its sizes, where its neurons stand, and its head."""

from functools import partial

import pytest
import torch

from tssd.errors import UsageError
from tssd.models import resnet19
from tssd.neurons import LIF
from tssd.norms import TdBN
from tssd.testing import check_network

small = {"in_channels": 2, "num_classes": 5, "image_size": 8, "width": 1 / 16}


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_parameters_by_hand():
    # With the stem of TET's code the first block has a convolution 1x1 as its shortcut.
    stems = {
        128: 9 * 3 * 128 + 2 * 128 + 9 * 128 * 128,
        64: 9 * 3 * 64 + 2 * 64 + 9 * 64 * 128 + 64 * 128 + 2 * 128,
    }
    stage_1 = 9 * 5 * 128 * 128 + 2 * 6 * 128  # without the first convolution
    stage_2 = 9 * (128 * 256 + 5 * 256 * 256) + 128 * 256 + 2 * 7 * 256
    stage_3 = 9 * (256 * 512 + 3 * 512 * 512) + 256 * 512 + 2 * 5 * 512
    stages, linear = stage_1 + stage_2 + stage_3, 512 * 256 + 256 * 10 + 10
    with torch.device("meta"):
        for channels, stem in stems.items():
            net = resnet19(stem_channels=channels, head_norm=False)
            assert count(net) == stem + stages + linear + 256
            net = resnet19(stem_channels=channels)
            assert count(net) == stem + stages + linear + 2 * 256
        # Published: 12.63 M, which is the stem of 64.
        assert stems[64] + stages + linear + 256 == 12_630_858
        assert stems[128] + stages + linear + 256 == 12_697_994
        single = resnet19(hidden=None, num_classes=100)
        assert count(single) == stems[128] + stages + 512 * 100 + 100
        assert net.shapes == ((64, 32, 32), (128, 32, 32), (256, 16, 16), (512, 8, 8))


@pytest.mark.parametrize(
    "options", [{}, {"stem_channels": 64, "hidden": None, "image_size": (5, 9)}]
)
def test_it_is_a_network_that_trains_and_steps(options):
    make = partial(resnet19, **small | options)
    check_network(make, (2, *options.get("image_size", (8, 8))), timesteps=2)


def test_all_stages_end_in_spikes():
    torch.manual_seed(0)
    out = resnet19(**small)(torch.randn(3, 4, 2, 8, 8), taps=range(4))
    assert all(set(tap.unique().tolist()) == {0, 1} for tap in out.taps.values())


def test_without_a_norm_the_paper_s_neuron_gets_no_gradient_in_the_head_at_one_timestep():
    x = torch.randn(1, 8, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    learns = {}
    for head_norm in (False, True):
        torch.manual_seed(0)
        net = resnet19(**small | {"width": 1 / 8}, head_norm=head_norm)
        net(x).logits.square().sum().backward()
        learns[head_norm] = bool(net.stages[0][0][0].weight.grad.any())
    assert learns == {False: False, True: True}


def test_tdbn_has_the_factor_of_its_paper():
    neuron = partial(LIF, v_threshold=0.5)
    net = resnet19(width=1 / 64, image_size=8, norm=TdBN, neuron=neuron, head_norm=False)
    found = {n: m.scale for n, m in net.named_modules() if isinstance(m, TdBN)}
    halved = 0.5**0.5 / 2
    for name, scale in found.items():
        added_up = ".branch.1." in name or ".shortcut." in name
        assert scale == pytest.approx(halved if added_up else 0.5), name
    assert len(found) == 19  # a stem, eight blocks of two, two shortcuts


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"hidden": 0}, "^hidden: got 0, expected neurons >= 1, or null"),
        ({"stem_channels": 0}, "^stem_channels: got 0, expected >= 1, or null for .* 128"),
        ({"width": 0.0}, "^width: got 0.0"),
        ({"image_size": 0}, "^image_size: got 0"),
    ],
)
def test_mistakes(options, said):
    with pytest.raises(UsageError, match=said):
        resnet19(**options)
