"""The paper's augmentation: random crop after padding, and horizontal flip."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tssd.data.counter_random import AUGMENT_STREAM, below, random_bits
from tssd.data.loading import numbers_on
from tssd.data.on_device import crop_and_mirror


@dataclass(frozen=True)
class CropFlip:
    """Pad with black, crop back to the old size at a random place, flip half of the images.

    What happens to an image is a pure function of (seed, epoch, index). torchvision's transforms
    draw once a call, hence once a batch, and calling them image by image costs several times more.

    Args:
        padding: Pixels added on each side before cropping; 0 leaves the crop out.
        flip: Whether to mirror left and right with probability 1/2.
        seed: Seed of the draws.
    """

    padding: int
    flip: bool
    seed: int

    def __call__(
        self, images: Tensor, epochs: NDArray[np.int64], index: NDArray[np.int64]
    ) -> Tensor:
        """Augment uint8 images [N, C, H, W], image n being number index[n] in epoch epochs[n].

        Where the images are, and with the same numbers: the same bytes on every device.
        """
        height, width = images.shape[-2:]
        bits = random_bits(self.seed, AUGMENT_STREAM, epochs, index)
        places = 2 * self.padding + 1
        tops, lefts = below(bits, places, shift=0), below(bits, places, shift=16)
        mirrored = below(bits, 2, shift=32) if self.flip else np.zeros_like(tops)
        if images.device.type != "cpu":
            draws = numbers_on(images.device, tops, lefts, mirrored)
            return crop_and_mirror(images, *draws, padding=self.padding)
        # In numpy, where taking a slice costs a fraction of what it costs in torch.
        border = ((0, 0), (0, 0), (self.padding, self.padding), (self.padding, self.padding))
        padded = np.pad(images.numpy(), border)
        out = np.empty(images.shape, dtype=np.uint8)
        draws = zip(tops.tolist(), lefts.tolist(), mirrored.tolist(), strict=True)
        for n, (top, left, mirror) in enumerate(draws):
            crop = padded[n, :, top : top + height, left : left + width]
            out[n] = crop[..., ::-1] if mirror else crop
        return torch.from_numpy(out)
