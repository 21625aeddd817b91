import pytest
import torch
import torchvision

from tssd.errors import UsageError
from tssd.models import resnet18, resnet34


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_parameters_of_the_papers_resnet18():
    stem = 9 * 3 * 64
    stage_1 = 9 * 4 * 64 * 64
    stage_2 = 9 * (64 * 128 + 3 * 128 * 128) + 64 * 128  # the last: the 1x1 shortcut
    stage_3 = 9 * (128 * 256 + 3 * 256 * 256) + 128 * 256
    stage_4 = 9 * (256 * 512 + 3 * 512 * 512) + 256 * 512
    norms = 2 * (64 + 4 * 64 + 4 * 128 + 4 * 256 + 4 * 512 + (128 + 256 + 512))
    linear = 512 * 10 + 10
    expected = stem + stage_1 + stage_2 + stage_3 + stage_4 + norms + linear
    with torch.device("meta"):
        assert count(resnet18()) == expected == 11_173_962


def test_parameters_follow_channels_and_classes_but_not_the_size():
    with torch.device("meta"):
        base = count(resnet18())
        assert count(resnet18(in_channels=2)) == base - 9 * 64
        assert count(resnet18(num_classes=100)) == base + 90 * (512 + 1)
        assert count(resnet18(image_size=128)) == base


def test_stages_after_the_first_two_halve_the_image():
    with torch.device("meta"):
        net = resnet18()
    assert net.shapes == ((64, 32, 32), (64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4))


def test_a_single_pixel_is_large_enough():
    net = resnet18(image_size=1, width=1 / 16)
    assert net(torch.rand(2, 3, 3, 1, 1)).logits.shape == (2, 3, 10)


@pytest.mark.parametrize("size", [0, -4])
def test_no_pixel_is_refused(size):
    with pytest.raises(UsageError, match=f"^image_size: got {size}, expected >= 1"):
        resnet18(image_size=size)


def test_sums_grow_by_at_most_one_spike_a_block():
    torch.manual_seed(0)
    out = resnet18(image_size=8, width=1 / 8)(torch.randn(3, 4, 3, 8, 8), taps=range(5))
    assert set(out.taps[0].unique().tolist()) == {0, 1}
    # Stage 1 adds to the stem's spikes twice; later stages start from two branches and add once.
    assert out.taps[1].max() <= 3
    assert all(out.taps[i].max() <= 3 for i in (2, 3, 4))
    assert all(torch.equal(tap, tap.round()) for tap in out.taps.values())


def test_resnet34_has_the_parameters_and_maps_of_torchvisions():
    with torch.device("meta"):
        ours, theirs = resnet34(), torchvision.models.resnet34()
    assert count(ours) == count(theirs) == 21_797_672
    assert [shape[1] for shape in ours.shapes] == [56, 56, 28, 14, 7]


def test_resnet34_of_any_size_gives_spikes_behind_its_stem():
    net = resnet34(num_classes=7, image_size=37, width=0.05)
    out = net(torch.rand(2, 3, 3, 37, 37), taps=(0, 4))
    assert out.logits.shape == (2, 3, 7)
    for tap in (0, 4):
        assert out.taps[tap].shape[2:] == net.shapes[tap]
    assert set(out.taps[0].unique().tolist()) <= {0.0, 1.0}


def test_images_need_not_be_squares():
    net = resnet18(image_size=(9, 20), width=1 / 16)
    assert [shape[1:] for shape in net.shapes] == [(9, 20), (9, 20), (5, 10), (3, 5), (2, 3)]
    out = net(torch.rand(1, 2, 3, 9, 20), taps=range(5))
    assert [tuple(tap.shape[2:]) for tap in out.taps.values()] == [*net.shapes]
    with pytest.raises(UsageError, match="^image_size: got 0 x 4, expected >= 1"):
        resnet18(image_size=(0, 4))
