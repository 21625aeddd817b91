"""Quantisation-aware training: convolutions compute with weights of a few bits while they learn.

    scale_o = max |W_o| / (2^(bits-1) - 1)          of each output channel o
    Q_o     = round(W_o / scale_o) scale_o          the gradient passes to W unchanged

A scale for each output commutes with all that a norm does behind the convolution: folded into the
weights it multiplies Q_o by one number, and the whole numbers, round(W_o / scale_o), stay what they
were, but for a sign. So what leaves for integer arithmetic is exactly what was trained with.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tssd.models.weights import Weights, as_kind
from tssd.surrogates import straight_through
from tssd.whole import whole


class Quantised(NamedTuple):
    """Whole numbers [O, ...], as floating point, and the scale of each output [O, 1, ...]."""

    whole: Tensor
    scale: Tensor


def quantised(weight: Tensor, bits: int) -> Quantised:
    """The nearest whole numbers to weights [O, ...], symmetric around 0; see the module."""
    largest = 2 ** (bits - 1) - 1
    scale = weight.flatten(1).abs().amax(1).view(-1, *[1] * (weight.dim() - 1)) / largest
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return Quantised((weight / scale).round(), scale)


class QuantisedConv2d(nn.Conv2d):
    """A convolution whose `weight` is trained, and that computes with weights of a few bits."""

    bits: int

    @classmethod
    def of(cls, conv: nn.Conv2d, bits: int) -> "QuantisedConv2d":
        """With the parameters of another one."""
        made = as_kind(conv, cls)
        made.bits = bits
        return made

    def used(self) -> Tensor:
        """The weights it computes with, [O, I, H, W]."""
        whole, scale = quantised(self.weight.detach(), self.bits)
        return straight_through(whole * scale, self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve input [N, C, H, W]."""
        return self._conv_forward(input, self.used(), self.bias)

    def folded(self) -> nn.Conv2d:
        """The plain convolution."""
        made = as_kind(self, nn.Conv2d)
        made.weight = nn.Parameter(self.used().detach())
        return made

    def extra_repr(self) -> str:
        """Show the bits, too."""
        return f"{super().extra_repr()}, bits={self.bits}"


class QuantisedWeights(Weights):
    """Convolutions compute with whole numbers times a scale for each output channel.

    The first convolution, whose input is no spikes, and linear layers, such as the head, stay as
    they are; so do norms and biases, which integer arithmetic folds into thresholds, and exits.

    Args:
        bits: of a weight, 2 to 16; 7 are whole numbers from -63 to 63.
    Raises: UsageError: another number of bits.
    """

    skips_first = True

    def __init__(self, bits: int = 8) -> None:
        self.bits = whole("bits", bits, 2, 16)

    def layer(self, conv: nn.Conv2d) -> QuantisedConv2d:
        """See `Weights.layer`."""
        return QuantisedConv2d.of(conv, self.bits)
