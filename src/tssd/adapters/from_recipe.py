"""A network of one's own as the `net` of a recipe or of a run: adapted without a batch of data."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tssd.adapters import adapt
from tssd.adapters.net import AdaptedNet, Layout
from tssd.image_size import ImageSize, height_width

# Samples of the dry run's example.
SAMPLES = 4


def adapted(
    module: nn.Module,
    *,
    in_channels: int,
    image_size: ImageSize,
    taps: Sequence[str] = (),
    layout: Layout = "time_first",
    timesteps: int | None = None,
) -> AdaptedNet:
    """A network adapted to images or frames of a given shape.

    Args:
        module: the network.
        in_channels: channels of its input.
        image_size: side of its input in pixels, or height and width.
        taps: names of the modules where exits may stand.
        layout: what the network takes and returns; see tssd.adapt.
        timesteps: of the dry run; null = 4.
    Raises: UsageError: see `adapt`.
    """
    example = random_images(in_channels, image_size)
    return adapt(module, taps, example=example, layout=layout, timesteps=timesteps)


def random_images(channels: int, size: ImageSize) -> Tensor:
    """Always the same ones, [N, C, H, W], and no other random number is drawn."""
    shape = SAMPLES, channels, *height_width(size)
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))
