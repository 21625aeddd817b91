"""Images on a device are those of the CPU, byte by byte; placing is done once and in order."""

import numpy as np
import pytest
import torch

from tssd.data.crop_flip import CropFlip
from tssd.data.on_device import crop_and_mirror, place


def images(count, height=9, width=7):
    draw = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, height, width), generator=draw).byte()


@pytest.mark.parametrize(("padding", "flip"), [(0, True), (2, False), (3, True)])
def test_crops_made_by_numbers_alone_are_those_of_slices(monkeypatch, padding, flip):
    seen = []
    monkeypatch.setattr(
        "tssd.data.crop_flip.numbers_on", lambda device, *draws: seen.append(draws) or draws
    )
    monkeypatch.setattr(
        "tssd.data.crop_flip.crop_and_mirror", lambda images, *draws, padding: images
    )
    x, crop = images(50), CropFlip(padding, flip=flip, seed=3)
    epochs, index = np.arange(50) % 4, np.arange(50)
    crop(x.to("meta"), epochs, index)  # notes the draws that a device is sent
    draws = [torch.from_numpy(numbers) for numbers in seen[0]]
    assert flip == bool(draws[2].any())
    expected = crop(x, epochs, index)
    assert torch.equal(crop_and_mirror(x, *draws, padding=padding), expected)


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
