"""What attention between spikes is made of: products that can be counted, heads, shortcuts."""

import torch
from torch import Tensor, nn

from tssd.models.base import MakeNeuron, MakeNorm
from tssd.models.blocks import build_neuron, build_norm
from tssd.models.flow import Block, Run
from tssd.neurons.lif import check_threshold
from tssd.time import TimeFold, each_step


class SpikeProduct(nn.Module):
    """Matrix product of spikes with spikes, or with sums of them.

    It holds nothing. It is a module so that evaluation can watch it: a product that a block
    computes by itself has no place where its operations could be counted, see docs/energy.md.

    Shapes: [T, N, ..., m, k] and [T, N, ..., k, n] -> [T, N, ..., m, n].
    """

    def forward(self, first: Tensor, second: Tensor, /) -> Tensor:
        """Multiply, at each timestep by itself."""
        return first @ second


class TokenSum(nn.Module):
    """How many tokens spike, for each channel; a module for the same reason as `SpikeProduct`.

    Shapes: [T, N, ..., L] -> [T, N, ..., 1].
    """

    def forward(self, spikes: Tensor, /) -> Tensor:
        """Sum over the tokens."""
        return spikes.sum(-1, keepdim=True)


class Residual(Block):
    """An input and what a branch makes of it, added.

    Args:
        branch: module that keeps the shape.
    Shapes: [T, N, C, H, W] -> alike.
    """

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Add the branch to x."""
        return each_step(torch.add, x, run(self.branch, x))


def by_head(maps: Tensor, heads: int) -> Tensor:
    """Maps [T, N, C, H, W] as tokens of each head, [T, N, heads, C / heads, H W]."""
    return maps.flatten(3).unflatten(2, (heads, -1))


def linear_norm(c_in: int, c_out: int, norm: MakeNorm) -> nn.Sequential:
    """One linear layer for all tokens, with bias, and norm: [T, N, c_in, H, W] -> c_out channels.

    The norm takes the bias out again. It is there because published weights have it.
    """
    return nn.Sequential(TimeFold(nn.Conv2d(c_in, c_out, 1)), build_norm(norm, c_out))


def at_half_threshold(neuron: MakeNeuron, channels: int) -> tuple[nn.Module, float]:
    """Neurons that fire at half of the threshold of a network's others, as behind attention.

    A threshold that is a plain number is halved. One that is trained, or that nobody knows, stays,
    and the currents are doubled: the same where the membrane rests at 0.

    Args:
        neuron: builds the others.
        channels: C.
    Returns: the layer, and the factor for its currents.
    Raises: UsageError: it resets to half of its threshold or above.
    """
    layer = build_neuron(neuron, channels)
    threshold = getattr(layer, "v_threshold", None)
    if not isinstance(threshold, int | float):
        return layer, 2.0
    check_threshold(threshold / 2, getattr(layer, "v_reset", None))
    layer.v_threshold = threshold / 2  # pyright: ignore[reportArgumentType]
    return layer, 1.0
