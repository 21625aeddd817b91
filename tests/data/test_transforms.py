import random

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms import RandAugment as FirstVersion
from torchvision.transforms import v2

from tssd.data.counter_random import TRANSFORM_STREAM, random_bits
from tssd.data.transforms import Transforms
from tssd.errors import UsageError

from .toy import Toy

INDEX = np.arange(6)
EPOCHS = np.full(6, 3)


def images(channels=3, kind=torch.uint8):
    draw = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (6, channels, 8, 10), generator=draw).to(kind)


class Draws(v2.Transform):
    """Of one's own; draws from Python's and NumPy's generators."""

    def transform(self, inpt, params):
        return inpt + random.randrange(9) + np.random.randint(9)


def test_an_image_looks_as_torchvision_makes_it_with_a_seed_of_its_own():
    listed = [v2.RandomCrop((8, 10), padding=2), v2.ColorJitter(0.4, 0.4), v2.RandAugment()]
    made = Transforms(listed, seed=7).on_bytes(images(), EPOCHS, INDEX)
    for n, seed in enumerate(random_bits(7, TRANSFORM_STREAM, EPOCHS, INDEX).tolist()):
        torch.manual_seed(seed)
        assert torch.equal(made[n], v2.Compose(listed)(images()[n]))
    assert type(made) is Tensor and made.dtype == torch.uint8


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "transform",
    [v2.RandAugment(), v2.AutoAugment(), v2.TrivialAugmentWide(), v2.AugMix(), Draws(),
     v2.RandomChoice([v2.RandomInvert(0.5), v2.Compose([v2.ToPILImage(), v2.ToImage()])])],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_it_depends_on_seed_epoch_and_number_alone(transform, channels):
    x, shown = images(channels), Transforms([transform], seed=1).on_bytes
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    together = shown(x, EPOCHS, INDEX)
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    assert torch.equal(before[0], after[0]) and before[1:] == after[1:]
    assert torch.equal(shown(x.flip(0), EPOCHS, INDEX[::-1].copy()).flip(0), together)
    assert torch.equal(shown(x[4:5], EPOCHS[:1], INDEX[4:5]), together[4:5])
    others = [
        shown(x, EPOCHS + 1, INDEX),
        Transforms([transform], seed=2).on_bytes(x, EPOCHS, INDEX),
    ]
    assert not any(torch.equal(other, together) for other in others)
    assert torch.equal(x, images(channels))  # the images themselves stay


def test_erasing_comes_last_and_fills_with_the_mean():
    plain = Toy(augment=False).dataset("train").batch(range(8))[0]
    listed = [v2.RandomInvert(p=1.0), v2.RandomErasing(p=1.0, scale=(0.2, 0.3))]
    toy = Toy(augment=False, transforms=listed)
    shown = toy.dataset("train").batch(range(8))[0]
    inverted = -plain + (1 - 2 * toy.mean[0]) / toy.std[0]
    erased = shown == 0
    assert (erased.flatten(1).sum(1) >= 4).all()
    torch.testing.assert_close(shown[~erased], inverted[~erased])
    assert torch.equal(
        toy.dataset("test").batch(range(8))[0], Toy().dataset("test").batch(range(8))[0]
    )


def test_they_come_after_shift_and_flip_and_before_what_is_hidden():
    options = {"translate": 2, "flip": "alternating", "seed": 5}
    shifted = Toy(**options).dataset("train").batch(range(8))[0]
    shown = Toy(transforms=[v2.RandomInvert(p=1.0)], **options).dataset("train").batch(range(8))[0]
    torch.testing.assert_close(shown, -shifted)  # the toys' mean is one half
    hidden = Toy(cutout=20, transforms=[v2.RandomInvert(p=1.0)], **options).dataset("train")
    assert hidden.batch(range(8))[0].abs().max() < 0.02


@pytest.mark.parametrize(
    ("transforms", "message"),
    [
        ([FirstVersion()], "got RandAugment of torchvision.transforms.autoaugment, expected t"),
        (torch.nn.Flatten(), "got Flatten of torch.nn.modules.flatten, expected transforms of t"),
        ([torch.nn.ReLU()], "got ReLU of torch.nn.modules.activation, expected transforms of t"),
        ([v2.MixUp(alpha=0.2, num_classes=5)], "MixUp mixes the samples .* use --data.mixup 0.2$"),
        ([v2.CutMix(num_classes=5)], "CutMix mixes the samples .* use --data.cutmix 1$"),
        ([v2.PILToTensor()], "PILToTensor leaves tensors as they are"),
        ([v2.RandomErasing(), v2.RandAugment()], "RandAugment comes after RandomErasing"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_when_it_is_built(transforms, message):
    with pytest.raises(UsageError, match=rf"^data\.transforms: {message}"):
        Toy(transforms=transforms)


class OfPictures(v2.Transform):
    def transform(self, inpt, params):
        return inpt.convert("RGB")


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (v2.RandomCrop(4), r"RandomCrop makes a uint8 tensor \[1, 4, 4\] of an image, a uint8"),
        (v2.Grayscale(3), r"Grayscale makes a uint8 tensor \[3, 6, 6\] of .*expected the same"),
        (v2.ToDtype(torch.float32), r"ToDtype makes a float32 tensor .* normalised by themselves"),
        (v2.ToPILImage(), "ToPILImage makes a Image of an image"),
        (v2.Normalize((0.5,), (0.5,)), r"Normalize fails on an image, a uint8 tensor .*TypeError"),
        (OfPictures(), "OfPictures fails on .* goes between ToPILImage and ToImage in a torchvis"),
        (v2.RandomErasing(p=1.0, value=[1.0, 2.0]), "RandomErasing fails on an image, a float32"),
    ],
)  # fmt: skip
def test_what_makes_no_image_is_refused_before_training(transform, message):
    with pytest.raises(UsageError, match=rf"^data\.transforms: {message}"):
        Toy(transforms=[transform]).setup("fit")
    Toy(transforms=[transform]).setup("test")


def test_images_that_are_transformed_stay_on_the_cpu():
    assert Toy(transforms=[v2.RandAugment()]).placeable_bytes is None
    assert Toy(transforms=v2.RandAugment()).placeable_bytes is None
    assert Toy(transforms=[]).placeable_bytes == Toy().placeable_bytes
