"""A layer as the engine runs it: weights as a matrix, neurons as four numbers each."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tssd.engine.quantisation import quantised
from tssd.graph import Node

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Weights:
    """A convolution; a linear layer is one of a single pixel.

    An output is scale * (sum of rows) + bias. A row is what one input pixel's channel adds to all
    outputs; rows are ordered (kernel row, kernel column, channel).

    Args:
        matrix: rows [G, K, O / G] of G groups; whole numbers if `bits` are given.
        scale: of each output [O].
        bias: of each output [O].
        bits: of a weight; 0 = float32.
        kernel: rows, columns.
        stride: rows, columns.
        padding: rows, columns.
        dilation: rows, columns.
    """

    matrix: Floats
    scale: Floats
    bias: Floats
    bits: int = 0
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)

    @property
    def outputs(self) -> int:
        """Outputs O."""
        return len(self.bias)

    def in_front_of(self, gain: Floats, offset: Floats) -> "Weights":
        """What gives gain * output + offset."""
        return replace(self, scale=self.scale * gain, bias=self.bias * gain + offset)


def weights_of(node: Node, bits: int) -> Weights:
    """Of a conv or linear node, as whole numbers if bits are given."""
    weight, bias = node.arrays["weight"], node.arrays["bias"]
    if node.op == "linear":
        matrix, geometry = weight.T[np.newaxis], {}
    else:
        groups = node.options["groups"]
        outputs, channels, *kernel = weight.shape
        split = weight.reshape(groups, outputs // groups, channels, *kernel)
        matrix = split.transpose(0, 3, 4, 2, 1).reshape(groups, -1, outputs // groups)
        names = ("stride", "padding", "dilation")
        geometry = {name: tuple(node.options[name]) for name in names} | {"kernel": tuple(kernel)}
    scale = np.ones(len(bias), np.float32)
    if bits:
        groups = [quantised(group, bits) for group in matrix]
        matrix = np.stack([whole for whole, _ in groups])
        scale = np.concatenate([scales for _, scales in groups])
    return Weights(np.ascontiguousarray(matrix), scale, bias.copy(), bits, **geometry)


@dataclass(frozen=True, eq=False)
class Neurons:
    """Leaky integrate-and-fire neurons, one entry a channel.

        h = decay * v + gain * x + offset
        s = h >= threshold
        v = keep * h + after where s is 1, h elsewhere

    The soft reset keeps h and adds -subtract; the hard one keeps nothing and adds reset_value.

    Args:
        decay, gain, offset, threshold, keep, after, initial: each [C].
    """

    decay: Floats
    gain: Floats
    offset: Floats
    threshold: Floats
    keep: Floats
    after: Floats
    initial: Floats

    @property
    def uniform(self) -> bool:
        """Whether all channels have the same neurons, but for gain, offset and initial."""
        parts = (self.decay, self.threshold, self.keep, self.after)
        return all((part == part[0]).all() for part in parts)

    @property
    def adapts_input(self) -> bool:
        """Whether what comes in is scaled or shifted."""
        return bool((self.gain != 1).any() or (self.offset != 0).any())

    def without_input(self) -> "Neurons":
        """The same for an input that is scaled and shifted already."""
        return replace(self, gain=np.ones_like(self.gain), offset=np.zeros_like(self.offset))


def neurons_of(node: Node) -> Neurons:
    """Of a lif node."""

    def each(name: str) -> Floats:
        values = np.asarray(node.number(name), np.float32).reshape(-1)
        return np.array(np.broadcast_to(values, node.shape[0]), order="C")

    soft = node.options["reset"] == "soft"
    threshold = each("threshold")
    if node.options["fires"] == "above":
        # Above a number is at the next one.
        threshold = np.nextafter(threshold, np.float32(np.inf))
    return Neurons(
        decay=each("decay"),
        gain=each("input_scale"),
        offset=each("offset"),
        threshold=threshold,
        keep=np.full(node.shape[0], soft, np.float32),
        after=-each("subtract") if soft else each("reset_value"),
        initial=each("initial"),
    )
