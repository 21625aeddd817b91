"""What networks are built of: layers that end in a neuron, residual blocks, heads."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import MakeNeuron, MakeNorm
from tssd.models.flow import Block, Run
from tssd.models.pool import MaxPool2x2
from tssd.norms import pooled_batch_norm
from tssd.time import TimeFold, each_step

# (C, H, W) of one sample.
Shape = tuple[int, int, int]
# Makes a layer or block of a stage: (c_in, c_out, neuron, norm, stride).
MakeBlock = Callable[[int, int, MakeNeuron, MakeNorm, int], nn.Module]
# Makes a head, [T, N, C, H, W] -> logits [T, N, K]: (shape of the last stage, K).
MakeHead = Callable[[Shape, int], nn.Module]

# Norms of torch that take axis 1 for the channels, which in sequences is N.
OF_BATCHES = (nn.modules.batchnorm._NormBase, nn.GroupNorm)


def scaled(channels: int, width: float) -> int:
    """Channels of a layer in a net of another width, at least one."""
    if not 0 < width < math.inf:
        raise UsageError(f"width: got {width}, expected a factor > 0 (1 = the paper's channels)")
    return max(1, round(channels * width))


def build_neuron(neuron: MakeNeuron, channels: int, *currents: nn.Module) -> nn.Module:
    """A layer of neurons, told its channels if it wants to know them (torch.nn.ReLU does not).

    Args:
        neuron: builds it.
        channels: C.
        currents: the layers in front of it, whose outputs are added up. Norms at their ends are
            told of the neuron if they want to know (`feeds`, see `tssd.norms`); where one feeds
            several neurons, the last one that is built counts.
    Raises: UsageError: a layer of neurons in the place of what builds one.
    """
    _check_builds("neuron", neuron, "such as tssd.LIF or functools.partial(tssd.LIF, v_reset=0.0)")
    layer = neuron()
    if hasattr(layer, "connect"):
        layer.connect(channels)  # pyright: ignore[reportCallIssue]
    for norm in map(_norm_of, currents):
        if hasattr(norm, "feeds"):
            norm.feeds(layer, len(currents))  # pyright: ignore[reportCallIssue]
    return layer


def build_norm(norm: MakeNorm, channels: int) -> nn.Module:
    """A norm of sequences [T, N, C, H, W].

    Args:
        norm: builds it.
        channels: C.
    Raises: UsageError: a norm in the place of what builds one, or one of torch's own, which take
        [N, C, ...].
    """
    _check_builds("norm", norm, "from its channels, such as tssd.norms.TdBN")
    built = norm(channels)
    # A class that derives from one may take sequences.
    if isinstance(built, OF_BATCHES) and type(built).__module__.startswith("torch.nn."):
        raise UsageError(
            f"norm: got {type(built).__name__}, which takes [N, C, ...], expected a norm of "
            "sequences [T, N, C, H, W]; batch norm is tssd.norms.pooled_batch_norm, and "
            "tssd.TimeFold(torch.nn.GroupNorm(4, C)) makes one of another"
        )
    return built


def _check_builds(option: str, make: object, such_as: str) -> None:
    if isinstance(make, nn.Module):
        raise UsageError(
            f"{option}: got a {type(make).__name__} that is built already, expected what builds "
            f"one for each layer, {such_as}"
        )


def _norm_of(layer: nn.Module) -> nn.Module:
    """The norm that a layer such as `conv_norm` or `with_norm` ends in."""
    while isinstance(layer, nn.Sequential):
        layer = layer[-1]
    return layer.norm if isinstance(layer, _OfMaps) else layer


def conv_norm_neuron(
    c_in: int,
    c_out: int,
    neuron: MakeNeuron,
    norm: MakeNorm,
    stride: int = 1,
    *,
    kernel: int = 3,
) -> nn.Sequential:
    """Convolution, norm, neuron: [T, N, c_in, H, W] -> spikes [T, N, c_out, H/stride, W/stride]."""
    currents = conv_norm(c_in, c_out, norm, stride, kernel=kernel)
    return nn.Sequential(*currents, build_neuron(neuron, c_out, currents))


def conv_norm(
    c_in: int, c_out: int, norm: MakeNorm, stride: int = 1, *, kernel: int = 3
) -> nn.Sequential:
    """Convolution without bias and norm: [T, N, c_in, H, W] -> [T, N, c_out, H/stride, W/stride].

    Sizes are rounded up.
    """
    conv = nn.Conv2d(c_in, c_out, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(TimeFold(conv), build_norm(norm, c_out))


def conv_pool_norm_neuron(
    c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm, stride: int = 1
) -> nn.Sequential:
    """`conv_pool_norm` and a neuron: spikes [T, N, c_out, H/stride, W/stride], rounded up."""
    currents = conv_pool_norm(c_in, c_out, norm, stride)
    return nn.Sequential(*currents, build_neuron(neuron, c_out, currents))


def conv_pool_norm(c_in: int, c_out: int, norm: MakeNorm, stride: int = 1) -> nn.Sequential:
    """Convolution, max pool if stride is 2, norm: a pool of currents instead of spikes.

    Norm and neuron then work on a quarter of the values, and which of four currents is the largest
    says more than which of four neurons spiked.

    Shapes: [T, N, c_in, H, W] -> [T, N, c_out, H/stride, W/stride], rounded up.
    Raises: UsageError: stride is neither 1 nor 2.
    """
    if stride not in (1, 2):
        raise UsageError(f"stride: got {stride}, expected 1, or 2 for a pool that halves the image")
    conv = nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)
    pooled = (conv, MaxPool2x2()) if stride == 2 else (conv,)
    return nn.Sequential(TimeFold(*pooled), build_norm(norm, c_out))


def with_norm(weights: nn.Module, norm: MakeNorm, channels: int, axes: int) -> nn.Module:
    """Weights and the norm of what they give, on sequences [T, N, ...].

    Args:
        weights: a stateless layer, such as a convolution.
        norm: builds the norm of maps [T, N, C, H, W].
        channels: what the weights give, C.
        axes: of one sample: 3 for maps (C, H, W), 2 for (C, L), 1 for (F,).
    """
    if norm is pooled_batch_norm and axes < 3:  # in its own dimension
        return TimeFold(weights, nn.BatchNorm1d(channels))
    built = build_norm(norm, channels)
    if axes == 3 and type(built) is TimeFold:  # one fold for both
        return TimeFold(weights, *built)
    return nn.Sequential(TimeFold(weights), built if axes == 3 else _OfMaps(built, axes))


class _OfMaps(Block):
    """A norm of maps [T, N, C, H, W] on sequences with fewer axes."""

    def __init__(self, norm: nn.Module, axes: int) -> None:
        super().__init__()
        self.norm = norm
        self.axes = axes

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Norm x [T, N, C, L] or [T, N, F]."""
        missing = 3 - self.axes
        return run(self.norm, x[(..., *[None] * missing)]).flatten(-missing - 1)


class SpikeAddBlock(Block):
    """Residual block whose branches both end in neurons, so that it returns 0, 1, 2, ... spikes.

    An identity shortcut carries spikes already and gets no neuron of its own; a projecting one is
    conv 1x1, norm, neuron.

    Shapes: [T, N, c_in, H, W] -> [T, N, c_out, H/stride, W/stride].
    Source: TSSD, arXiv 2406.07862, appendix A.1.3, after MLF's DS-ResNet.
    """

    def __init__(
        self, c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm, stride: int = 1
    ) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm_neuron(c_in, c_out, neuron, norm, stride),
            conv_norm_neuron(c_out, c_out, neuron, norm),
        )
        self.shortcut = (
            nn.Identity()
            if stride == 1 and c_in == c_out
            else conv_norm_neuron(c_in, c_out, neuron, norm, stride, kernel=1)
        )

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Sum the spikes of both branches."""
        return each_step(torch.add, run(self.branch, x), run(self.shortcut, x))


class CurrentShortcutBlock(Block):
    """Two layers, the second of which adds the currents of the first to its own before it fires.

    What a neuron gets is real-valued there and 0 or 1 behind it: a shortcut of currents passes on
    what a shortcut of spikes loses, and all convolutions still see nothing but spikes.

    Shapes: [T, N, c_in, H, W] -> spikes [T, N, c_out, H/stride, W/stride], rounded up.
    Raises: UsageError: stride is neither 1 nor 2.
    Source: MS-ResNet, arXiv 2112.08954 (shortcuts of membranes' inputs); a pool as stride.
    """

    def __init__(
        self, c_in: int, c_out: int, neuron: MakeNeuron, norm: MakeNorm, stride: int = 1
    ) -> None:
        super().__init__()
        self.first = conv_pool_norm(c_in, c_out, norm, stride)
        self.first_neuron = build_neuron(neuron, c_out, self.first)
        self.second = conv_norm(c_out, c_out, norm)
        self.second_neuron = build_neuron(neuron, c_out, self.first, self.second)

    def flow(self, run: Run, x: Tensor) -> Tensor:
        """Spikes of the second layer."""
        currents = run(self.first, x)
        spikes = run(self.first_neuron, currents)
        added = each_step(torch.add, currents, run(self.second, spikes))
        return run(self.second_neuron, added)


def linear_head(shape: Shape, num_classes: int, pool: nn.Module | None = None) -> nn.Module:
    """A pool that halves the last stage's map (None = none), and one linear layer on all of it."""
    channels, height, width = shape
    if pool is None:
        return TimeFold(nn.Flatten(), nn.Linear(channels * height * width, num_classes))
    features = channels * (height // 2) * (width // 2)
    return TimeFold(pool, nn.Flatten(), nn.Linear(features, num_classes))


def global_pool_head(shape: Shape, num_classes: int) -> nn.Module:
    """The mean over the last stage's map, and one linear layer."""
    return TimeFold(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(shape[0], num_classes))
