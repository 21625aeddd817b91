import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as reference

from tssd.data.counter_random import AUGMENT_STREAM, below, random_bits
from tssd.data.crop_flip import CropFlip


def images(count=40):
    return torch.randint(
        0, 256, (count, 3, 8, 6), generator=torch.Generator().manual_seed(0)
    ).byte()


def test_crop_flip_equals_torchvision_given_the_same_draws():
    x, index = images(), np.arange(40)
    bits = random_bits(9, AUGMENT_STREAM, 2, index)
    tops, lefts = below(bits, 5, shift=0).tolist(), below(bits, 5, shift=16).tolist()
    flips = below(bits, 2, shift=32).tolist()
    assert set(tops) == set(lefts) == {0, 1, 2, 3, 4}
    assert 10 < sum(flips) < 30
    expected = []
    for image, top, left, flip in zip(x, tops, lefts, flips, strict=True):
        image = reference.crop(reference.pad(image, [2]), top, left, 8, 6)
        expected.append(reference.horizontal_flip(image) if flip else image)
    got = CropFlip(2, flip=True, seed=9)(x, np.full(40, 2), index)
    assert torch.equal(got, torch.stack(expected))


def test_crop_flip_of_an_image_depends_on_seed_epoch_and_index_alone():
    x, index, epochs = images(), np.arange(40), np.full(40, 3)
    crop_flip = CropFlip(4, flip=True, seed=1)
    together = crop_flip(x, epochs, index)
    torch.manual_seed(5)
    backwards = crop_flip(x.flip(0), epochs, index[::-1].copy()).flip(0)
    assert torch.equal(together, backwards)
    assert torch.equal(together[7:8], crop_flip(x[7:8], epochs[:1], index[7:8]))
    assert not torch.equal(together, crop_flip(x, epochs + 1, index))
    assert not torch.equal(together, CropFlip(4, flip=True, seed=2)(x, epochs, index))


def test_crop_flip_when_there_is_nothing_to_do():
    x = images()
    same = CropFlip(0, flip=False, seed=0)(x, np.zeros(40, dtype=np.int64), np.arange(40))
    assert torch.equal(same, x)


@pytest.mark.parametrize("padding", [1, 2, 5])
def test_a_reflected_border_is_torchvisions(padding):
    x, index = images(), np.arange(40)
    got = CropFlip(padding, flip=False, seed=9, reflect=True)(x, np.full(40, 2), index)
    bits = random_bits(9, AUGMENT_STREAM, 2, index)
    tops, lefts = (below(bits, 2 * padding + 1, shift=shift).tolist() for shift in (0, 16))
    expected = [
        reference.crop(reference.pad(image, [padding], padding_mode="reflect"), top, left, 8, 6)
        for image, top, left in zip(x, tops, lefts, strict=True)
    ]
    assert torch.equal(got, torch.stack(expected))


def test_alternating_flips_show_both_sides_in_two_epochs_and_half_in_each():
    x, index = images(200), np.arange(200)
    alternating = CropFlip(0, flip=True, seed=4, alternating=True)
    shown = [alternating(x, np.full(200, epoch), index) for epoch in range(4)]
    assert torch.equal(shown[0], shown[2])
    assert torch.equal(shown[1], shown[3])
    assert torch.equal(shown[1], shown[0].flip(-1))
    flipped = [torch.equal(one, plain.flip(-1)) for one, plain in zip(shown[0], x, strict=True)]
    assert 80 < sum(flipped) < 120
    other = CropFlip(0, flip=True, seed=5, alternating=True)(x, np.full(200, 0), index)
    assert not torch.equal(other, shown[0])


def test_alternating_flips_leave_the_places_of_the_crop_alone():
    x, index, epochs = images(), np.arange(40), np.full(40, 3)
    alternating = CropFlip(2, flip=True, seed=1, alternating=True)(x, epochs, index)
    never = CropFlip(2, flip=False, seed=1)(x, epochs, index)
    for one, place in zip(alternating, never, strict=True):
        assert torch.equal(one, place) or torch.equal(one, place.flip(-1))
