"""The smallest sets of images, in memory."""

import numpy as np
import torch

from tssd.data.image_samples import ImageSamples
from tssd.data.images import ImageData
from tssd.data.stored import Facts, MemoryPart, Stored

MEAN, STD = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)


def image_samples(count=33, augment=None):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, 8, 6), generator=generator).byte()
    return ImageSamples(images, torch.arange(count) % 7, mean=MEAN, std=STD, augment=augment)


def part(count, image_size, seed):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 1, 6, 6), generator=generator).byte()
    return MemoryPart(images, np.arange(count) % 5, image_size)


class Toy(ImageData):
    facts = Facts(name="toy", class_names=tuple("abcde"), mean=(0.5,), std=(0.3,))
    reads = 0

    def read(self):
        self.reads += 1
        return Stored(part(100, self.image_size, 0), part(20, self.image_size, 1))
