from functools import partial

import pytest
import torch
import torchvision
from torch import nn

from tssd.errors import UsageError
from tssd.models import vgg11, vgg16
from tssd.models.dropout import SharedDropout
from tssd.models.pool import max_pool
from tssd.testing import check_network

# 9 weights for each pair of channels, and for each channel a bias, a scale and a shift.
VGG11 = (64, 128, 256, 256, 512, 512, 512, 512)
VGG16 = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)


def count(build, *given, **options):
    with torch.device("meta"):
        return sum(p.numel() for p in build(*given, **options).parameters())


def convolutions(c_in, channels):
    pairs = zip((c_in, *channels), channels, strict=False)
    return sum(9 * a * b for a, b in pairs) + 3 * sum(channels)


def linear(*sizes):
    return sum(a * b + b for a, b in zip(sizes, sizes[1:], strict=False))


def test_parameters_of_vgg11_by_hand():
    # 1,152 + 73,728 + 294,912 + 589,824 + 1,179,648 + 3 * 2,359,296 weights, and 3 * 2,752
    assert convolutions(2, VGG11) == 9_217_152 + 8_256
    assert count(vgg11, 2, 10, 48) == convolutions(2, VGG11) + linear(512 * 49, 10) == 9_476_298
    assert count(vgg11, 2, 10, 64) == count(vgg11, 2, 10, 48)  # the grid is 7x7 for all sizes
    assert count(vgg11, 2, 10, 64, grid=None) == convolutions(2, VGG11) + linear(512 * 4, 10)


def test_parameters_of_vgg16_by_hand():
    own = convolutions(3, VGG16) + linear(512, 10)
    assert count(vgg16) == own == 14_710_464 + 3 * 4_224 + 5_130 == 14_728_266
    mlf = convolutions(3, VGG16) + linear(512, 512, 256, 10)
    assert count(vgg16, hidden=(512, 256), head_norm=False) == mlf == 15_119_690
    # In place of a bias a scale and a shift.
    assert count(vgg16, hidden=(512, 256)) == mlf + 512 + 256


@pytest.mark.parametrize(
    ("build", "theirs", "channels"),
    [(vgg11, torchvision.models.vgg11_bn, VGG11), (vgg16, torchvision.models.vgg16_bn, VGG16)],
)
def test_with_hidden_layers_they_have_torchvisions_parameters(build, theirs, channels):
    ours = count(build, 3, 1000, 224, grid=7, hidden=(4096, 4096), head_norm=False)
    assert ours == count(theirs) == convolutions(3, channels) + linear(25088, 4096, 4096, 1000)


def test_stages_end_before_their_pools_and_images_need_not_be_squares():
    net = vgg11(image_size=(32, 70), width=1 / 64)
    assert net.shapes == ((1, 32, 70), (2, 16, 35), (4, 8, 17), (8, 4, 8), (8, 2, 4))
    assert net(torch.rand(2, 3, 3, 32, 70)).logits.shape == (2, 3, 10)
    with pytest.raises(UsageError, match=r"samples of shape \[3, 32, 32\], .* for \[3, 32, 70\]"):
        net(torch.rand(2, 3, 3, 32, 32))


def test_a_map_that_is_smaller_than_the_grid_is_repeated():
    head = vgg11(width=1 / 64, neuron=nn.ReLU).head
    nn.init.ones_(head[1][0].weight)
    nn.init.zeros_(head[1][0].bias)
    x = torch.zeros(1, 1, 8, 2, 2)
    x[0, 0, 3] = torch.tensor([[1.0, 2], [3, 6]])
    assert head(x)[0, 0].tolist() == [pytest.approx(49 * 3)] * 10


def test_dropout_is_where_it_was_asked_for():
    net = vgg16(width=1 / 64, dropout=0.1, hidden=(64, 64), hidden_dropout=0.25)
    found = [m.p for m in net.modules() if isinstance(m, SharedDropout)]
    assert found == [0.1] * 13 + [0.25] * 2
    assert [m for m in vgg16(width=1 / 64).modules() if isinstance(m, nn.Dropout)] == []


@pytest.mark.parametrize(
    "build",
    [
        partial(vgg11, dropout=0.1, pool=max_pool),
        partial(vgg16, hidden=(512, 256), hidden_dropout=0.25),
    ],
)
def test_they_keep_the_contract_of_a_network(build):
    check_network(partial(build, 2, 5, width=1 / 16), (2, 32, 32), timesteps=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 31}, "^image_size: got 31, .* halves the image 5 times and needs >= 32"),
        ({"dropout": 1.0}, r"^dropout: got 1\.0"),
        ({"hidden_dropout": -1.0}, r"^hidden_dropout: got -1\.0"),
        ({"hidden": (8, 0)}, r"^hidden: got \[8, 0\]"),
        ({"grid": 0}, "^grid: got 0, expected a side >= 1, or null"),
        ({"width": 0}, "^width: got 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    for build in (vgg11, vgg16):
        with pytest.raises(UsageError, match=message):
            build(**options)
