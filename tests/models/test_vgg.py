import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import vgg9, vggsnn
from tssd.models.blocks import global_pool_head
from tssd.models.vgg import biased_layer, vgg
from tssd.neurons import IF, LIF
from tssd.norms import per_step_batch_norm, pooled_batch_norm
from tssd.testing import check_network
from tssd.time import PerStep


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_parameters_of_the_papers_vgg9():
    convolutions = 9 * (
        3 * 64 + 64 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512 + 512 * 512 + 512 * 512
    )
    norms = 2 * (64 + 128 + 256 + 256 + 512 + 512 + 512 + 512)
    linear = (512 * 2 * 2) * 10 + 10
    with torch.device("meta"):
        assert count(vgg9()) == convolutions + norms + linear == 9_243_722


def test_parameters_follow_channels_classes_and_size():
    with torch.device("meta"):
        base = count(vgg9())
        assert count(vgg9(in_channels=2)) == base - 9 * 64
        assert count(vgg9(num_classes=100)) == base + 90 * (512 * 4 + 1)
        assert count(vgg9(image_size=48)) == base + 10 * 512 * (3 * 3 - 2 * 2)


def test_stages_end_before_their_pool():
    with torch.device("meta"):
        net = vgg9()
    assert net.shapes == ((128, 32, 32), (256, 16, 16), (512, 8, 8), (512, 4, 4))


def test_odd_sizes_round_down_in_each_pool():
    with torch.device("meta"):
        net = vgg9(image_size=31)
    assert [h for _, h, _ in net.shapes] == [31, 15, 7, 3]
    assert [m.in_features for m in net.head if isinstance(m, nn.Linear)] == [512]


@pytest.mark.parametrize("size", [15, 8, 0, -32])
def test_images_that_four_pools_would_use_up_are_refused(size):
    with pytest.raises(
        UsageError,
        match=f"^image_size: got {size}, .* 4 times and needs >= 16 pixels; ",
    ):
        vgg9(image_size=size)


def test_the_smallest_image_works():
    assert vgg9(image_size=16, width=1 / 16)(torch.rand(2, 3, 3, 16, 16)).logits.shape == (2, 3, 10)


def test_norm_and_neuron_are_built_as_asked():
    net = vgg9(width=1 / 16, neuron=IF, norm=per_step_batch_norm)
    assert sum(isinstance(m, IF) for m in net.modules()) == 8
    assert sum(isinstance(m, PerStep) for m in net.modules()) == 8


def test_images_need_not_be_squares():
    net = vgg9(image_size=(16, 48), width=1 / 16)
    assert net.shapes[-1] == (32, 2, 6)
    assert net(torch.rand(1, 2, 3, 16, 48)).logits.shape == (1, 2, 10)
    with pytest.raises(UsageError, match="^image_size: got 48 x 15, .* needs >= 16 pixels"):
        vgg9(image_size=(48, 15))


def test_parameters_of_vggsnn_by_hand():
    weights = 9 * (
        2 * 64 + 64 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512 + 512 * 512 + 512 * 512
    )
    # A bias, a scale and a shift for each channel.
    channels = 64 + 128 + 256 + 256 + 512 + 512 + 512 + 512
    linear = (512 * 3 * 3) * 10 + 10
    with torch.device("meta"):
        net = vggsnn()
    assert count(net) == weights + 3 * channels + linear == 9_271_498
    assert net.shapes == ((128, 48, 48), (256, 24, 24), (512, 12, 12), (512, 6, 6))


def test_vggsnn_keeps_the_contract_of_a_network():
    check_network(lambda: vggsnn(2, 5, 16, width=1 / 16), (2, 16, 16), timesteps=2)


def test_a_layer_with_a_bias_begins_as_he_et_al_and_halves_with_a_stride():
    torch.manual_seed(0)
    layer = biased_layer(8, 64, LIF, pooled_batch_norm, 2)
    conv = layer[0][0]
    assert conv.weight.std().item() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.05)
    assert conv.bias.shape == (64,)
    assert layer(torch.randn(2, 3, 8, 7, 7)).shape == (2, 3, 64, 4, 4)


def test_an_image_is_as_small_as_the_pools_of_the_table_allow():
    with torch.device("meta"):
        assert vgg(((4,), (4,)), head=global_pool_head, image_size=2)
