"""Spike-driven Transformer: attention of masks and sums, shortcuts of currents."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from torch import Tensor, nn

from tssd.image_size import ImageSize
from tssd.models.attention import Residual, TokenSum, at_half_threshold, by_head, linear_norm
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import Shape, build_neuron, conv_norm, conv_norm_neuron
from tssd.models.flow import Block, Run
from tssd.models.transformer import HIDDEN, overlapping_pool, transformer
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold


def spike_driven_transformer(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    depth: int = 2,
    channels: int = 512,
    heads: int = 8,
    pools: int = 2,
    spread: bool = False,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """Spike-driven Transformer 2-512 for small images; by its options all others of the family.

    Stage 0 is the stem (SPS), each block a stage. What goes from one to the next, and what a tap
    shows, are currents: shortcuts lead around neurons, so that all weights see spikes alone.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; pools round up.
        depth: blocks.
        channels: of a token.
        heads: of the attention, a divisor of `channels`; they matter where `spread` is true alone.
        pools: how many of the stem's four convolutions, the last ones, are pooled ("0011" in the
            authors' settings is 2): 2 for CIFAR and CIFAR10-DVS, 3 for gestures, 4 for ImageNet.
        spread: whether attention spreads spikes by max pools of 3x3, as the authors' CIFAR10-DVS
            network does.
        width: factor on the channels of all layers; heads stay, and each gets wider.
        neuron: builds one spiking layer; that of attention gets half of its threshold.
        norm: builds one norm from its channels.
    Raises: UsageError: no block, heads that don't divide the channels, pools not 0 to 4,
        image_size < 1, width <= 0.
    Source: Yao et al. 2023, arXiv 2307.01694; https://github.com/BICLab/Spike-Driven-Transformer.
        Differs: none of the convolutions between heads that its files hold and don't use; weights
        start from PyTorch's defaults.
    """
    return transformer(
        _stem,
        partial(_block, spread=spread),
        partial(_spiking_head, neuron=neuron),
        depth=depth,
        channels=channels,
        heads=heads,
        pools=pools,
        in_channels=in_channels,
        num_classes=num_classes,
        image_size=image_size,
        width=width,
        neuron=neuron,
        norm=norm,
    )


class SpikeDrivenAttention(Block):
    """Keys mask values, channels in which that leaves enough tokens let queries through.

        m(t) = LIF(sum over tokens of k(t) v(t)),   out(t) = norm(linear(q(t) m(t)))

    Args:
        channels: C.
        heads: a divisor of C.
        neuron: builds one spiking layer.
        norm: builds one norm from its channels.
        spread: whether max pools of 3x3 spread keys and values on their maps, and then both
            products on the grid of tokens, row by row, and a head's channels. That grid is no map;
            it is what the authors' code pools.
    Shapes: currents [T, N, C, H, W] -> alike.
    Source: Yao et al. 2023, arXiv 2307.01694.
    """

    def __init__(
        self, channels: int, heads: int, neuron: MakeNeuron, norm: MakeNorm, *, spread: bool
    ) -> None:
        super().__init__()
        self.heads = heads
        self.neuron = build_neuron(neuron, channels)
        # One layer for all three: each channel has its own weights, norm and membrane.
        self.qkv = conv_norm_neuron(channels, 3 * channels, neuron, norm, kernel=1)
        self.spread = TimeFold(nn.MaxPool2d(3, 1, padding=1)) if spread else nn.Identity()
        self.sums = TokenSum()
        self.mask, self.gain = at_half_threshold(neuron, channels)
        self.project = linear_norm(channels, channels, norm)

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Currents of x [T, N, C, H, W] after attention."""
        q, k, v = run(self.qkv, run(self.neuron, x)).chunk(3, dim=2)
        parts = (q, self.spread(k), self.spread(v))
        q, k, v = (by_head(part, self.heads) for part in parts)  # [T, N, heads, d, L]
        counts = self.sums(self.spread(k * v)).flatten(2, 3)  # [T, N, C, 1]
        mask = run(self.mask, self.gain * counts).unflatten(2, (self.heads, -1))
        passed = self.spread(q * mask).flatten(2, 3).unflatten(3, x.shape[3:])
        return run(self.project, passed)


def _stem(
    channels: Sequence[int], pooled: Sequence[bool], neuron: MakeNeuron, norm: MakeNorm
) -> nn.Module:
    """Four convolutions, the last without a neuron, and one more that tells positions apart."""
    layers: list[nn.Module] = []
    last = len(pooled) - 1
    for index, ((c_in, c_out), halves) in enumerate(zip(pairwise(channels), pooled, strict=True)):
        currents = conv_norm(c_in, c_out, norm)
        spikes = build_neuron(neuron, c_out, currents)
        pool = [overlapping_pool()] if halves else []
        if index < last:
            layers.append(nn.Sequential(*currents, spikes, *pool))
        else:
            layers.append(nn.Sequential(*currents, *pool))
            position = nn.Sequential(spikes, *conv_norm(c_out, c_out, norm))
            layers.append(Residual(position))
    return nn.Sequential(*layers)


def _block(
    channels: int, heads: int, neuron: MakeNeuron, norm: MakeNorm, *, spread: bool
) -> nn.Module:
    """Attention between tokens, then two linear layers on each, both added to what came in."""
    hidden = HIDDEN * channels
    first = linear_norm(channels, hidden, norm)
    return nn.Sequential(
        Residual(SpikeDrivenAttention(channels, heads, neuron, norm, spread=spread)),
        Residual(
            nn.Sequential(
                build_neuron(neuron, channels),
                *first,
                build_neuron(neuron, hidden, first),
                *linear_norm(hidden, channels, norm),
            )
        ),
    )


def _spiking_head(shape: Shape, num_classes: int, *, neuron: MakeNeuron) -> nn.Module:
    """The mean over the last map's currents, neurons, and one linear layer."""
    return nn.Sequential(
        TimeFold(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        build_neuron(neuron, shape[0]),
        TimeFold(nn.Linear(shape[0], num_classes)),
    )
