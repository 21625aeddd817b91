"""Images that live on an accelerator as bytes, and are cropped there as they are on the CPU."""

import torch
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
    images: Tensor,
    tops: Tensor,
    lefts: Tensor,
    mirrored: Tensor,
    *,
    padding: int,
    reflect: bool = False,
) -> Tensor:
    """Pad, crop back to the old size, and mirror: all images at once, by where each pixel is from.

    Args:
        images: [N, C, H, W].
        tops: First row of each crop in the padded image, int64 [N].
        lefts: First column, int64 [N].
        mirrored: Whether to mirror left and right, 0 or 1, int64 [N].
        padding: Pixels added on each side, fewer than the image has.
        reflect: Whether the border mirrors the image, without its edge; else it is black.
    """
    count, channels, height, width = images.shape
    device = images.device
    across = torch.arange(width, device=device)
    turned = torch.where(mirrored.view(-1, 1) == 1, width - 1 - across, across)
    rows = tops.view(-1, 1) + torch.arange(height, device=device) - padding
    columns = lefts.view(-1, 1) + turned - padding
    if reflect:
        rows, columns = _reflected(rows, height), _reflected(columns, width)
    inside = (_is_in(rows, height).unsqueeze(2) & _is_in(columns, width).unsqueeze(1)).unsqueeze(1)
    found = images[
        torch.arange(count, device=device).view(-1, 1, 1, 1),
        torch.arange(channels, device=device).view(1, -1, 1, 1),
        rows.clamp(0, height - 1).view(count, 1, height, 1),
        columns.clamp(0, width - 1).view(count, 1, 1, width),
    ]
    return found if reflect else found.mul_(inside)


def hide(images: Tensor, tops: Tensor, lefts: Tensor, colour: Tensor, *, side: int) -> Tensor:
    """Fill a square of each image with one colour, as far as it lies in the image; a copy.

    Args:
        images: [N, C, H, W].
        tops: First row of each square, may be outside, int64 [N].
        lefts: First column, int64 [N].
        colour: Of the images' type, [C].
        side: Of the square, in pixels.
    """
    height, width = images.shape[-2:]
    rows = torch.arange(height, device=images.device) - tops.view(-1, 1)
    columns = torch.arange(width, device=images.device) - lefts.view(-1, 1)
    hidden = _is_in(rows, side).unsqueeze(2) & _is_in(columns, side).unsqueeze(1)
    return torch.where(hidden.unsqueeze(1), colour.view(1, -1, 1, 1), images)


def _reflected(places: Tensor, size: int) -> Tensor:
    return (size - 1) - ((size - 1) - places.abs()).abs()


def _is_in(places: Tensor, size: int) -> Tensor:
    return (places >= 0) & (places < size)
