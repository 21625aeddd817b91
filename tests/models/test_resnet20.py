"""The ResNet-20 of He et al. and that of MPBN: their sizes, and that they train."""

from functools import partial

import torch

from tssd.models import resnet20, resnet20_modified
from tssd.testing import check_network


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_parameters_of_he_s_by_hand():
    stem = 9 * 3 * 16 + 2 * 16
    stage_1 = 9 * 6 * 16 * 16 + 2 * 6 * 16
    stage_2 = 9 * (16 * 32 + 5 * 32 * 32) + 2 * 6 * 32
    stage_3 = 9 * (32 * 64 + 5 * 64 * 64) + 2 * 6 * 64
    shortcuts = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    linear = 64 * 10 + 10
    plain = stem + stage_1 + stage_2 + stage_3 + linear
    with torch.device("meta"):
        net = resnet20()
    assert plain == 269_722  # published: 0.27 M, with shortcuts without parameters
    assert count(net) == plain + shortcuts == 272_474
    assert net.shapes == ((16, 32, 32), (16, 32, 32), (32, 16, 16), (64, 8, 8))


def test_parameters_of_the_modified_by_hand():
    stem = 9 * (3 * 64 + 2 * 64 * 64) + 2 * 3 * 64
    stage_1 = 4 * 9 * 64 * 64 + 2 * 4 * 64
    stage_2 = 9 * (64 * 128 + 3 * 128 * 128) + 64 * 128 + 2 * 5 * 128
    stage_3 = 9 * (128 * 256 + 3 * 256 * 256) + 128 * 256 + 2 * 5 * 256
    stage_4 = 9 * (256 * 512 + 3 * 512 * 512) + 256 * 512 + 2 * 5 * 512
    with torch.device("meta"):
        net = resnet20_modified()
    assert count(net) == stem + stage_1 + stage_2 + stage_3 + stage_4 + 5130 == 11_247_946
    assert [height for _, height, _ in net.shapes] == [16, 16, 8, 4, 2]


def test_they_are_networks_that_train_and_step():
    check_network(partial(resnet20_modified, 2, 5, (9, 15), width=1 / 16), (2, 9, 15), timesteps=2)
    out = resnet20(2, 5, (5, 9), width=1 / 4)(torch.randn(2, 4, 2, 5, 9), taps=range(4))
    assert out.logits.shape == (2, 4, 5)
    assert all(set(tap.unique().tolist()) <= {0, 1} for tap in out.taps.values())


def test_the_modified_passes_means_of_spikes_behind_its_stem():
    torch.manual_seed(0)
    out = resnet20_modified(2, 5, 8, width=1 / 16)(torch.randn(2, 4, 2, 8, 8), taps=range(5))
    assert {0, 0.25, 0.5} <= set(out.taps[0].unique().tolist()) <= {0, 0.25, 0.5, 0.75, 1}
    assert all(set(out.taps[i].unique().tolist()) <= {0, 1} for i in range(1, 5))
