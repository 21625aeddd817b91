"""Mean and standard deviation of each channel, to normalise images with."""

import torch
from torch import Tensor

from tssd.data.loading import Source

# Images counted at a time: bounds the memory, and does not change the result.
CHUNK = 256


def channel_statistics(
    images: Source, index: Tensor
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and std of each channel, with pixel values in [0, 1], to 4 decimals.

    Counts how often each of the 256 values occurs: exact, whatever the order or the machine. The
    std of a channel that is constant to 4 decimals is given as 1, so that dividing by it stays
    possible.

    Args:
        images: The images, uint8.
        index: Numbers of the images to count, int64 [M].
    """
    counts: Tensor | int = 0
    for chunk in index.split(CHUNK):
        pixels = images[chunk]
        counts = counts + torch.stack(
            [channel.reshape(-1).bincount(minlength=256) for channel in pixels.unbind(1)]
        )
    share = torch.as_tensor(counts, dtype=torch.float64)
    share = share / share.sum(1, keepdim=True)  # [C, 256]
    value = torch.arange(256, dtype=torch.float64) / 255
    mean = (share * value).sum(1)
    std = (share * (value - mean[:, None]) ** 2).sum(1).sqrt()
    return _rounded(mean), tuple(value or 1.0 for value in _rounded(std))


def _rounded(values: Tensor) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in values.tolist())
