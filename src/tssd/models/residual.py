"""Residual blocks that add currents: a neuron behind the sum, or none in the way of the sum."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tssd.models.base import MakeNeuron, MakeNorm
from tssd.models.blocks import build_neuron, conv_norm, conv_norm_neuron
from tssd.models.flow import Block, Run
from tssd.time import TimeFold, each_step

# Makes a shortcut that changes channels or size, of currents: (c_in, c_out, norm, stride).
MakeShortcut = Callable[[int, int, MakeNorm, int], nn.Module]


def conv_shortcut(c_in: int, c_out: int, norm: MakeNorm, stride: int) -> nn.Module:
    """Convolution 1x1 and norm, which of stride^2 pixels sees one."""
    return conv_norm(c_in, c_out, norm, stride, kernel=1)


def pool_shortcut(c_in: int, c_out: int, norm: MakeNorm, stride: int) -> nn.Module:
    """Mean of stride^2 pixels, convolution 1x1 and norm."""
    pool = TimeFold(nn.AvgPool2d(stride, ceil_mode=True))
    return nn.Sequential(pool, *conv_norm(c_in, c_out, norm, kernel=1))


class CurrentAddBlock(Block):
    """Residual block as He et al. have it: the neuron behind the addition gets both currents.

    An identity shortcut adds the spikes that came in to the branch's current.

    Args:
        c_in: channels of the input.
        c_out: channels of the output.
        neuron: builds one spiking layer.
        norm: builds one norm from its channels.
        stride: by how much the image gets smaller.
        shortcut: builds the shortcut where it can't be an identity.
    Shapes: [T, N, c_in, H, W] -> spikes [T, N, c_out, H/stride, W/stride], rounded up.
    Source: He et al. 2015, arXiv 1512.03385, figure 5, with neurons for ReLU; as in tdBN's
        ResNet-19, arXiv 2011.05280.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        neuron: MakeNeuron,
        norm: MakeNorm,
        stride: int = 1,
        *,
        shortcut: MakeShortcut = conv_shortcut,
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm_neuron(c_in, c_out, neuron, norm, stride),
            conv_norm(c_out, c_out, norm),
        )
        same = stride == 1 and c_in == c_out
        self.shortcut = nn.Identity() if same else shortcut(c_in, c_out, norm, stride)
        self.neuron = build_neuron(neuron, c_out, self.branch, self.shortcut)

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Spikes of the sum of both currents."""
        added = each_step(torch.add, run(self.branch, x), run(self.shortcut, x))
        return run(self.neuron, added)


class MembraneShortcutBlock(Block):
    """Residual block of currents: neurons in front of convolutions, and none behind the sum.

    What goes in and out is real-valued; the branch's convolutions see nothing but spikes. A
    shortcut that changes channels or size is a convolution 1x1 of currents, and norm.

    The norms in front of the sum feed neurons that are built elsewhere: `TdBN` scales them by its
    own `v_threshold`, or not at all.

    Shapes: [T, N, c_in, H, W] -> currents [T, N, c_out, H/stride, W/stride], rounded up.
    Source: MS-ResNet, arXiv 2112.08954, section IV, and its public code.
    """

    def __init__(
        self, c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm, stride: int = 1
    ) -> None:
        super().__init__()
        first = conv_norm(c_in, c_out, norm, stride)
        self.branch = nn.Sequential(
            build_neuron(neuron, c_in),
            *first,
            build_neuron(neuron, c_out, first),
            *conv_norm(c_out, c_out, norm),
        )
        same = stride == 1 and c_in == c_out
        self.shortcut = nn.Identity() if same else conv_shortcut(c_in, c_out, norm, stride)

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Sum of the branch's currents and those that came in."""
        return each_step(torch.add, run(self.branch, x), run(self.shortcut, x))
