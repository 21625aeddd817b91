"""Images that live on an accelerator as bytes, and are cropped there as they are on the CPU."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tssd.data.loading import Source

# Images that are decoded at once on their way to the device.
CHUNK = 1024


def place(images: Source, shape: tuple[int, int, int], device: torch.device) -> Tensor:
    """All images of a source on a device, in their order.

    Args:
        images: uint8, in memory or decoded when they are asked for.
        shape: Channels, height and width of an image.
        device: Where they go.

    Shapes: -> uint8 [M, C, H, W].
    """
    if isinstance(images, Tensor):
        return images.to(device)
    placed = torch.empty(len(images), *shape, dtype=torch.uint8, device=device)
    for numbers in torch.arange(len(images)).split(CHUNK):
        placed[numbers[0] : numbers[-1] + 1] = images[numbers].to(device)
    return placed


def crop_and_mirror(
    images: Tensor, tops: Tensor, lefts: Tensor, mirrored: Tensor, *, padding: int
) -> Tensor:
    """Pad with black, crop back to the old size, and mirror: all images at once, by numbers alone.

    Args:
        images: [N, C, H, W].
        tops: First row of each crop in the padded image, int64 [N].
        lefts: First column, int64 [N].
        mirrored: Whether to mirror left and right, 0 or 1, int64 [N].
        padding: Pixels added on each side.
    """
    count, channels, height, width = images.shape
    device = images.device
    padded = F.pad(images, (padding,) * 4)
    rows = tops.view(-1, 1) + torch.arange(height, device=device)
    across = torch.arange(width, device=device)
    columns = lefts.view(-1, 1) + torch.where(mirrored.view(-1, 1) == 1, width - 1 - across, across)
    return padded[
        torch.arange(count, device=device).view(-1, 1, 1, 1),
        torch.arange(channels, device=device).view(1, -1, 1, 1),
        rows.view(count, 1, height, 1),
        columns.view(count, 1, 1, width),
    ]
