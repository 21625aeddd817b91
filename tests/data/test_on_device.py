"""Images on a device are those of the CPU, byte by byte; placing is done once and in order."""

import numpy as np
import pytest
import torch

from tssd.data.counter_random import CUTOUT_STREAM, below, random_bits
from tssd.data.crop_flip import CropFlip
from tssd.data.cutout import Cutout
from tssd.data.on_device import crop_and_mirror, hide, place


def images(count, height=9, width=7):
    draw = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, height, width), generator=draw).byte()


@pytest.fixture
def sent(monkeypatch):
    """The draws of a crop that a device is sent."""
    seen = []
    where = "tssd.data.crop_flip"
    monkeypatch.setattr(f"{where}.numbers_on", lambda device, *draws: seen.append(draws) or draws)
    monkeypatch.setattr(f"{where}.crop_and_mirror", lambda images, *draws, **options: images)
    return seen


def tensors(draws):
    return [torch.from_numpy(numbers) for numbers in draws]


@pytest.mark.parametrize(("padding", "flip"), [(0, True), (2, False), (3, True), (6, True)])
@pytest.mark.parametrize("reflect", [False, True])
def test_crops_made_by_numbers_alone_are_those_of_slices(sent, padding, flip, reflect):
    x = images(50)
    crop = CropFlip(padding, flip=flip, seed=3, reflect=reflect, alternating=reflect)
    epochs, index = np.arange(50) % 4, np.arange(50)
    crop(x.to("meta"), epochs, index)
    draws = tensors(sent[0])
    assert flip == bool(draws[2].any())
    expected = crop(x, epochs, index)
    found = crop_and_mirror(x, *draws, padding=padding, reflect=reflect)
    assert found.dtype == torch.uint8
    assert torch.equal(found, expected)


@pytest.mark.parametrize("side", [1, 4, 30])
def test_squares_hidden_by_numbers_alone_are_those_of_slices(side):
    x, cutout = images(50), Cutout(side, colour=(3, 100, 255), seed=5)
    epochs, index = np.arange(50) % 4, np.arange(50)
    expected = cutout(x, epochs, index)
    assert not torch.equal(expected, x)
    bits = random_bits(5, CUTOUT_STREAM, epochs, index)
    tops = below(bits, 9, shift=0, width=32) - side // 2
    lefts = below(bits, 7, shift=32, width=32) - side // 2
    colour = torch.tensor([3, 100, 255], dtype=torch.uint8)
    assert torch.equal(hide(x, *tensors((tops, lefts)), colour, side=side), expected)


class Decoded:
    """Images that are decoded when they are asked for."""

    def __init__(self, images):
        self.images, self.asked = images, []

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        self.asked.append(len(index))
        return self.images[index]


def test_images_keep_their_order_wherever_they_come_from(monkeypatch):
    monkeypatch.setattr("tssd.data.on_device.CHUNK", 4)
    x, device = images(10), torch.device("cpu")
    decoded = Decoded(x)
    assert torch.equal(place(decoded, (3, 9, 7), device), x)
    assert decoded.asked == [4, 4, 2]
    assert place(x, (3, 9, 7), torch.device("meta")).device.type == "meta"


def test_a_device_is_sent_everything_it_takes():
    x, device = images(8).to("meta"), torch.device("meta")
    numbers = np.zeros(8, dtype=np.int64), np.arange(8)
    for augment in (CropFlip(2, flip=True, seed=1), Cutout(3, colour=(1, 2, 3), seed=1)):
        found = augment(x, *numbers)
        assert (found.device, found.dtype, found.shape) == (device, torch.uint8, x.shape)
