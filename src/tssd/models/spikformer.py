"""Spikformer: spikes attend to spikes, without softmax."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from torch import Tensor, nn

from tssd.image_size import ImageSize
from tssd.models.attention import Residual, SpikeProduct, at_half_threshold, by_head, linear_norm
from tssd.models.base import MakeNeuron, MakeNorm, StagedNet
from tssd.models.blocks import build_neuron, conv_norm, conv_norm_neuron, global_pool_head
from tssd.models.flow import Block, Run
from tssd.models.transformer import HIDDEN, overlapping_pool, transformer
from tssd.neurons import LIF
from tssd.norms import pooled_batch_norm


def spikformer(
    in_channels: int = 3,
    num_classes: int = 10,
    image_size: ImageSize = 32,
    *,
    depth: int = 4,
    channels: int = 384,
    heads: int = 12,
    pools: int = 2,
    scale: float = 0.125,
    pool_currents: bool = False,
    width: float = 1.0,
    neuron: MakeNeuron = LIF,
    norm: MakeNorm = pooled_batch_norm,
) -> StagedNet:
    """Spikformer-4-384 for small images; by its options all others of the family.

    Stage 0 is the stem (SPS), each block a stage. What goes from one to the next are whole numbers
    of spikes: residuals add them up.

    Args:
        in_channels: channels of the input.
        num_classes: classes K.
        image_size: side of the input in pixels, or (height, width), at least 1; pools round up.
        depth: blocks.
        channels: of a token.
        heads: of the attention, a divisor of `channels`.
        pools: how many of the stem's four convolutions, the last ones, are pooled: 2 for 32 pixels,
            4 for ImageNet and for events of 128.
        scale: factor on what attention sums up.
        pool_currents: whether the stem pools in front of a neuron and not behind it, as
            SpikingJelly's Spikformer does.
        width: factor on the channels of all layers; heads stay, and each gets wider.
        neuron: builds one spiking layer; that behind attention gets half of its threshold.
        norm: builds one norm from its channels.
    Raises: UsageError: no block, heads that don't divide the channels, pools not 0 to 4,
        image_size < 1, width <= 0.
    Source: Zhou et al. 2023, arXiv 2209.15425; https://github.com/ZK-Zhou/spikformer, whose
        ImageNet and event files have biases where these are (its CIFAR file has three more in each
        block). Differs: no layer norms and position embeddings, which its files hold and don't use;
        weights start from PyTorch's defaults. Uncertain: heads of 4-256 (8 or 16).
    """
    return transformer(
        partial(_stem, pool_currents=pool_currents),
        partial(_block, scale=scale),
        global_pool_head,
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


class SpikingSelfAttention(Block):
    """Queries, keys and values are spikes; what they sum up fires through one more layer.

        A(t) = LIF(scale (q(t) k(t)^T) v(t)),   out(t) = LIF(norm(linear(A(t))))

    Of the two orders in which three matrices are multiplied the cheaper one is taken: the sums are
    whole numbers, and the same.

    Args:
        channels: C.
        heads: a divisor of C.
        neuron: builds one spiking layer.
        norm: builds one norm from its channels.
        scale: factor on the sums.
    Shapes: [T, N, C, H, W] -> spikes alike; tokens are the pixels of the map.
    Source: Zhou et al. 2023, arXiv 2209.15425.
    """

    def __init__(
        self, channels: int, heads: int, neuron: MakeNeuron, norm: MakeNorm, *, scale: float
    ) -> None:
        super().__init__()
        self.heads = heads
        # One layer for all three: each channel has its own weights, norm and membrane.
        self.qkv = conv_norm_neuron(channels, 3 * channels, neuron, norm, kernel=1)
        self.first, self.second = SpikeProduct(), SpikeProduct()
        self.neuron, gain = at_half_threshold(neuron, channels)
        self.scale = scale * gain
        self.project = _linear_norm_neuron(channels, channels, neuron, norm)

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Spikes of x [T, N, C, H, W] after attention."""
        parts = run(self.qkv, x).chunk(3, dim=2)
        q, k, v = (by_head(part, self.heads) for part in parts)  # [T, N, heads, d, L]
        if q.shape[-1] < q.shape[-2]:  # fewer tokens than channels of a head
            sums = self.second(v, self.first(k.mT, q))
        else:
            sums = self.second(self.first(v, k.mT), q)
        sums = sums.flatten(2, 3).unflatten(3, x.shape[3:])
        return run(self.project, run(self.neuron, self.scale * sums))


def _stem(
    channels: Sequence[int],
    pooled: Sequence[bool],
    neuron: MakeNeuron,
    norm: MakeNorm,
    *,
    pool_currents: bool,
) -> nn.Module:
    """Four convolutions, and one more that tells positions apart and adds its spikes."""
    layers: list[nn.Module] = []
    for (c_in, c_out), halves in zip(pairwise(channels), pooled, strict=True):
        currents = conv_norm(c_in, c_out, norm)
        behind = [build_neuron(neuron, c_out, currents)]
        if halves:
            behind.insert(0 if pool_currents else 1, overlapping_pool())
        layers.append(nn.Sequential(*currents, *behind))
    return nn.Sequential(
        *layers, Residual(conv_norm_neuron(channels[-1], channels[-1], neuron, norm))
    )


def _block(
    channels: int, heads: int, neuron: MakeNeuron, norm: MakeNorm, *, scale: float
) -> nn.Module:
    """Attention between tokens, then two linear layers on each, both added to what came in."""
    hidden = HIDDEN * channels
    return nn.Sequential(
        Residual(SpikingSelfAttention(channels, heads, neuron, norm, scale=scale)),
        Residual(
            nn.Sequential(
                _linear_norm_neuron(channels, hidden, neuron, norm),
                _linear_norm_neuron(hidden, channels, neuron, norm),
            )
        ),
    )


def _linear_norm_neuron(c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm) -> nn.Sequential:
    currents = linear_norm(c_in, c_out, norm)
    return nn.Sequential(*currents, build_neuron(neuron, c_out, currents))
