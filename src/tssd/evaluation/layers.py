"""What convolutions, linear layers and attention do with an input, tap by tap."""

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, cast

import torch
from torch import Tensor, nn

from tssd.evaluation.spike_counts import Work
from tssd.models.attention import SpikeProduct, TokenSum

# What multiplies spikes with spikes; the others have weights.
ATTENTION = (SpikeProduct, TokenSum)
LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear, *ATTENTION)
# Layers of torch's own that compute as much, and are not counted.
UNCOUNTED = (
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
    nn.Bilinear,
    nn.MultiheadAttention,
    nn.RNNBase,
    nn.RNNCellBase,
)
# What an input meets that meets the same everywhere.
_ONE = torch.ones(1, dtype=torch.int64)
_GEOMETRY = ("kernel_size", "stride", "padding", "dilation", "padding_mode")
_CONVS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def works(layer: nn.Module, inputs: Sequence[Tensor], output: Tensor) -> list[Work]:
    """A call's work as each input sets it off: a product has two, of which either may.

    Args:
        layer: one of LAYERS.
        inputs: what it was given.
        output: what it made of it.
    """
    if isinstance(layer, SpikeProduct):
        first, second = inputs
        macs = output.numel() * first.shape[-1]
        # A value of the first factor meets a row of the second, one of the second a column.
        return [Work(macs, _ONE, second.shape[-1]), Work(macs, _ONE, first.shape[-2])]
    if isinstance(layer, TokenSum):
        return [Work(inputs[0].numel(), _ONE, 1)]
    return [work(layer, inputs[0], output)]


def work(layer: nn.Module, x: Tensor, output: Tensor) -> Work:
    """A call's work: every output value costs its fan-in, and every input meets its taps.

    Args:
        layer: one of LAYERS with weights.
        x: its input.
        output: what it made of it.
    """
    weight = _weight(layer)
    macs = output.numel() * prod(weight.shape[1:])
    if isinstance(layer, nn.Linear):
        return Work(macs, torch.ones(layer.in_features, dtype=torch.int64), layer.out_features)
    geometry = [getattr(layer, name) for name in _GEOMETRY]
    taps = _taps(tuple(x.shape[2 - weight.dim() :]), *geometry)
    return Work(macs, taps, weight.shape[0] // cast(nn.Conv2d, layer).groups)


def has_time(layer: nn.Module, x: Tensor, lead: tuple[int, int]) -> bool:
    """Whether an input has a time axis of its own; `lead` are the first two axes of a sequence."""
    if isinstance(layer, nn.Linear | SpikeProduct | TokenSum):
        return x.dim() > 2 and tuple(x.shape[:2]) == lead
    return x.dim() == _weight(layer).dim() + 1


@lru_cache(maxsize=256)
def _taps(size: tuple[int, ...], *geometry: Any) -> Tensor:
    """How many weights of one kernel an input meets by its position: 9 inside 3x3, 4 in a corner.

    It is the gradient of a convolution with ones, whatever its stride, dilation and padding.
    """
    options = dict(zip(_GEOMETRY, geometry, strict=True))
    with torch.inference_mode(False), torch.enable_grad():
        # Without drawing weights: evaluation leaves the random state as it was.
        ones = nn.utils.skip_init(_CONVS[len(size)], 1, 1, bias=False, device="cpu", **options)
        nn.init.ones_(_weight(ones))
        x = torch.ones(1, 1, *size, device="cpu", requires_grad=True)
        (taps,) = torch.autograd.grad(ones(x).sum(), x)
    return taps[0, 0].long()


def _weight(layer: nn.Module) -> Tensor:
    return layer.weight  # pyright: ignore[reportReturnType] - every one of LAYERS has it
