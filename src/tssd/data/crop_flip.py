"""Random crop after padding, which shifts an image, and horizontal flip."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tssd.data.counter_random import AUGMENT_STREAM, FLIP_STREAM, below, random_bits
from tssd.data.loading import numbers_on
from tssd.data.on_device import crop_and_mirror


@dataclass(frozen=True)
class CropFlip:
    """Pad, crop back to the old size at a random place, flip half of the images.

    What happens to an image is a pure function of (seed, epoch, index). torchvision's transforms
    draw once a call, hence once a batch, and calling them image by image costs several times more.

    Args:
        padding: Pixels added on each side before cropping; 0 leaves the crop out.
        flip: Whether to mirror left and right: one half of the images.
        seed: Seed of the draws.
        reflect: Whether the border mirrors the image, without its edge; else it is black.
        alternating: Whether a flipped image is one that was not in the epoch before, and the other
            way round, so that two epochs show both; else each epoch draws anew.

    Source: the paper pads with black and draws anew. Reflection and alternating flips: Jordan 2024,
        arXiv:2404.00498.
    """

    padding: int
    flip: bool
    seed: int
    reflect: bool = False
    alternating: bool = False

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
        mirrored = self._mirrored(bits, epochs, index)
        if images.device.type != "cpu":
            draws = numbers_on(images.device, tops, lefts, mirrored.astype(np.int64))
            return crop_and_mirror(images, *draws, padding=self.padding, reflect=self.reflect)
        # In numpy, where taking a slice costs a fraction of what it costs in torch.
        padded = self._padded(images.numpy())
        out = np.empty(images.shape, dtype=np.uint8)
        draws = zip(tops.tolist(), lefts.tolist(), mirrored.tolist(), strict=True)
        for n, (top, left, mirror) in enumerate(draws):
            crop = padded[n, :, top : top + height, left : left + width]
            out[n] = crop[..., ::-1] if mirror else crop
        return torch.from_numpy(out)

    def _mirrored(
        self, bits: NDArray[np.uint64], epochs: NDArray[np.int64], index: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        if not self.flip:
            return np.zeros(len(index), dtype=np.bool_)
        if not self.alternating:
            return below(bits, 2, shift=32) == 1
        first = below(random_bits(self.seed, FLIP_STREAM, index), 2, shift=0)
        return (first + epochs) % 2 == 1

    def _padded(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The images with their border, several times faster than by np.pad."""
        pad = self.padding
        if pad == 0:
            return images
        count, channels, height, width = images.shape
        padded = np.zeros((count, channels, height + 2 * pad, width + 2 * pad), dtype=np.uint8)
        padded[..., pad:-pad, pad:-pad] = images
        if self.reflect:
            padded[..., pad:-pad, :pad] = images[..., pad:0:-1]
            padded[..., pad:-pad, -pad:] = images[..., -2 : -2 - pad : -1]
            # The rows with their sides, which fills the corners.
            padded[..., :pad, :] = padded[..., 2 * pad : pad : -1, :]
            padded[..., -pad:, :] = padded[..., -pad - 2 : -2 * pad - 2 : -1, :]
        return padded
