import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from tssd.data.counter_random import MIX_STREAM, random_bits
from tssd.data.mixing import Mixing
from tssd.data.shares import Share
from tssd.errors import UsageError
from tssd.testing import check_data_module

from .toy import Toy

BATCH = 16


def epoch_of(data, epoch=2):
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return list(loader)


def toy(**options):
    return Toy(**{"batch_size": BATCH, "translate": 1, "seed": 4} | options)


@pytest.mark.parametrize(
    ("option", "transform"),
    [
        ({"mixup": 0.7}, v2.MixUp(alpha=0.7, num_classes=5)),
        ({"cutmix": 1.5}, v2.CutMix(alpha=1.5, num_classes=5)),
    ],
)
def test_batches_are_mixed_as_torchvision_mixes_them(option, transform):
    plain, mixed = epoch_of(toy()), epoch_of(toy(**option))
    assert len(plain) == len(mixed) == 6  # 90 samples, ten of them in the last batch
    for n, ((x, y), (x_mixed, shares)) in enumerate(zip(plain, mixed, strict=True)):
        torch.manual_seed(random_bits(4, MIX_STREAM, 2, n, np.arange(2)).tolist()[1])
        expected = transform(x, y)
        assert torch.equal(x_mixed, expected[0])
        assert torch.equal(shares, expected[1])
    assert shares.dtype == torch.float32 and shares.shape == (10, 5)


def test_by_hand():
    x, y = torch.tensor([[[[8.0]]], [[[4.0]]]]), torch.eye(2)
    mixed, shares = Mixing(1.0, None, 0)(x, y, (x.flip(0), y.flip(0)), epoch=0, batch=0)
    share = shares[0, 0]
    assert 0 < share < 1
    torch.testing.assert_close(shares, torch.stack([share, 1 - share, 1 - share, share]).view(2, 2))
    torch.testing.assert_close(mixed.flatten(), torch.stack([4 + 4 * share, 8 - 4 * share]))


def test_with_both_each_batch_has_one_of_them():
    mixing, x = Mixing(1.0, 1.0, 0), torch.zeros(2, 1, 8, 8)
    kinds = [mixing._draw(x, 0, batch)[0] for batch in range(200)]
    assert 70 < kinds.count(v2.MixUp) < 130
    with_one = Mixing(None, 1.0, 0)
    assert {with_one._draw(x, 0, batch)[0] for batch in range(9)} == {v2.CutMix}


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_that_share_a_batch_mix_it_as_one_does(processes):
    options = {"mixup": 0.4, "cutmix": 1.0, "transforms": [v2.RandomInvert()]}
    alone = epoch_of(toy(**options))
    parts = []
    for rank in range(processes):
        data = toy(**options)
        with data.shared_out(Share(rank, processes)):
            loader = data.train_dataloader()
            loader.batch_sampler.sampler.set_epoch(2)
            parts.append(list(loader))
    for whole, *shared in zip(alone, *parts, strict=True):
        for of_one, of_all in zip(whole, zip(*shared, strict=True), strict=True):
            assert torch.equal(torch.cat(of_all), of_one)


def test_samples_of_several_epochs_and_batches_are_mixed_each_in_its_own():
    samples = toy(mixup=0.4).training_samples()
    items = [(0, 3), (5, 3), (5, 17), (0, 60), *[(0, 3)] * 5]
    x, y = samples.batch(items)
    for n, item in enumerate(items):
        one = samples.batch([item])
        assert torch.equal(x[n], one[0][0]) and torch.equal(y[n], one[1][0])
    assert torch.equal(samples.batch([3])[0], samples.batch([(0, 3)])[0])


def test_mixed_data_keep_the_contract_of_data_modules():
    listed = [v2.RandAugment(), v2.RandomErasing()]
    check_data_module(lambda **options: Toy(mixup=0.3, cutmix=1.0, transforms=listed, **options))


@pytest.mark.parametrize("alpha", [0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("option", ["mixup", "cutmix"])
def test_an_alpha_that_is_none_is_refused(option, alpha):
    with pytest.raises(UsageError, match=rf"^data\.{option}: got {alpha}, expected a number"):
        Toy(**{option: alpha})


def test_single_samples_are_not_mixed():
    with pytest.raises(UsageError, match=r"^data\.cutmix: .* and data\.batch_size is 1"):
        Toy(cutmix=1.0, batch_size=1)
