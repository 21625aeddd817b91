"""Layers without memory as operations of a graph."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.graph.ops import Shape, windows
from tssd.lowering.draft import Wide
from tssd.lowering.traced import Traced
from tssd.models.dropout import SharedDropout
from tssd.models.pool import AvgPool2x2, MaxPool2x2
from tssd.norms import TEBN, TdBN


def wide(tensor: Tensor) -> Wide:
    """A tensor as an array of float64."""
    return tensor.detach().cpu().to(torch.float64).numpy()


def pair(value: Any) -> list[int]:
    """Two numbers, rows and columns, of one or two."""
    return [int(n) for n in value] if isinstance(value, tuple | list) else [int(value)] * 2


def convolution(x: Traced, layer: nn.Conv2d) -> Traced:
    """Weights and bias, which is 0 where the layer has none."""
    if layer.padding_mode != "zeros" and any(layer._reversed_padding_repeated_twice):
        raise x.refusal(layer, f"it pads by {layer.padding_mode}; train with padding_mode zeros")
    kernel, dilation = pair(layer.kernel_size), pair(layer.dilation)
    if layer.padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        if any(n % 2 for n in total):
            raise x.refusal(layer, "its padding differs from side to side; use odd kernels")
        padding = [n // 2 for n in total]
    else:
        padding = [0, 0] if layer.padding == "valid" else pair(layer.padding)
    return x.then(
        "conv",
        arrays={"weight": wide(layer.weight), "bias": _bias(layer)},
        options={
            "stride": pair(layer.stride),
            "padding": padding,
            "dilation": dilation,
            "groups": int(layer.groups),
        },
    )


def linear(x: Traced, layer: nn.Linear) -> Traced:
    """Weights and bias, on features."""
    if len(x.shape) != 1:
        raise x.refusal(layer, f"it gets {list(x.shape)}, expected features; flatten maps first")
    return x.then("linear", arrays={"weight": wide(layer.weight), "bias": _bias(layer)})


def batch_norm(x: Traced, norm: nn.modules.batchnorm._BatchNorm, factor: float = 1.0) -> Traced:
    """A scale and a shift for each channel, of the running statistics.

    Args:
        x: what it gets.
        norm: the norm.
        factor: by which its scale is multiplied.
    """
    if norm.running_mean is None or norm.running_var is None:
        raise x.refusal(norm, "it keeps no statistics; train with track_running_stats")
    mean, variance = wide(norm.running_mean), wide(norm.running_var)
    scale = factor / np.sqrt(variance + norm.eps)
    scale = scale if norm.weight is None else scale * wide(norm.weight)
    shift = -mean * scale if norm.bias is None else wide(norm.bias) - mean * scale
    return x.then("affine", arrays={"scale": scale, "shift": shift})


def tdbn(x: Traced, norm: TdBN) -> Traced:
    """Batch norm whose scale is multiplied by alpha V."""
    return batch_norm(x, norm.norm, norm.scale)


def tebn(x: Traced, norm: TEBN) -> Traced:
    """Batch norm and the factor of all timesteps, if it is one."""
    factors = wide(norm.scale)
    if (factors != factors[0]).any():
        raise x.refusal(
            norm,
            f"its factor differs between the {len(factors)} timesteps it was trained for, and the "
            "weights of a graph do not change in time; train with another norm, such as tdbn",
        )
    x = x.run(norm.norm, x)
    factor = np.full(x.shape[0], factors[0])
    return x.then("affine", arrays={"scale": factor, "shift": 0 * factor}, at="scale")


def average_pool(x: Traced, pool: nn.AvgPool2d) -> Traced:
    """The mean of each window."""
    if any(pair(pool.padding)) or pool.divisor_override is not None:
        raise x.refusal(pool, "it pads or divides by a number of its own; pool without either")
    return _average(x, pair(pool.kernel_size), pair(pool.stride), ceil=pool.ceil_mode)


def max_pool(x: Traced, pool: nn.MaxPool2d) -> Traced:
    """The largest of each window."""
    if pair(pool.dilation) != [1, 1] or pool.return_indices:
        raise x.refusal(pool, "it is dilated or returns places; pool without either")
    kernel, stride, padding = (pair(n) for n in (pool.kernel_size, pool.stride, pool.padding))
    ceil = pool.ceil_mode and _overhangs(x.shape, kernel, stride, padding)
    options = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": ceil}
    return x.then("max_pool", options=options)


def adaptive_average_pool(x: Traced, pool: nn.AdaptiveAvgPool2d) -> Traced:
    """The mean of each window, where all are alike; otherwise what folds into a linear layer."""
    size = [old if n is None else int(n) for n, old in zip(_sides(pool), x.shape[1:], strict=True)]
    if size == list(x.shape[1:]):
        return x
    if all(old % n == 0 for old, n in zip(x.shape[1:], size, strict=True)):
        kernel = [old // n for old, n in zip(x.shape[1:], size, strict=True)]
        return _average(x, kernel, kernel, ceil=False)
    return x.then("adaptive", shape=(x.shape[0], *size))


def average_pool_1d(x: Traced, pool: nn.AvgPool1d) -> Traced:
    """Means of neighbours in one row (1, F), such as votes, as a linear layer."""
    kernel, stride, padding = (pair(n)[0] for n in (pool.kernel_size, pool.stride, pool.padding))
    if len(x.shape) != 2 or x.shape[0] != 1 or padding or pool.ceil_mode:
        raise x.refusal(pool, f"it gets {list(x.shape)}, expected one row of features, not padded")
    count = (x.shape[1] - kernel) // stride + 1
    weight = np.zeros((count, x.shape[1]))
    for row in range(count):
        weight[row, row * stride : row * stride + kernel] = 1 / kernel
    votes = x.seen_as((x.shape[1],)).then(
        "linear", arrays={"weight": weight, "bias": np.zeros(count)}
    )
    return votes.seen_as((1, count))


def flatten(x: Traced, layer: nn.Flatten) -> Traced:
    """All axes of a sample in one; features stay as they are."""
    return x if len(x.shape) == 1 else x.flatten(layer.start_dim, layer.end_dim)


def unflatten(x: Traced, layer: nn.Unflatten) -> Traced:
    """One row of features, as pools along one axis want it."""
    sizes = layer.unflattened_size
    if len(x.shape) != 1 or layer.dim not in (x.lead, -1) or tuple(sizes) != (1, -1):
        raise x.refusal(layer, "it makes other axes than one row of features (1, -1)")
    return x.seen_as((1, *x.shape))


def nothing(x: Traced, layer: nn.Module) -> Traced:
    """What does nothing in eval mode."""
    return x


def _bias(layer: nn.Conv2d | nn.Linear) -> Wide:
    return np.zeros(len(layer.weight)) if layer.bias is None else wide(layer.bias)


def _average(x: Traced, kernel: list[int], stride: list[int], *, ceil: bool) -> Traced:
    ceil = ceil and _overhangs(x.shape, kernel, stride, [0, 0])
    return x.then("avg_pool", options={"kernel": kernel, "stride": stride, "ceil": ceil})


def _overhangs(shape: Shape, kernel: list[int], stride: list[int], padding: list[int]) -> bool:
    """Whether rounding up gives more windows: pixels that are left over and reach into one."""
    along = zip(shape[1:], kernel, stride, padding, strict=True)
    return any(
        n + 2 * p < k or windows(n, k, s, p, ceil=True) > windows(n, k, s, p)
        for n, k, s, p in along
    )


def _sides(pool: nn.AdaptiveAvgPool2d) -> tuple[int | None, ...]:
    size = pool.output_size
    return tuple(size) if isinstance(size, tuple | list) else (size, size)


# By what a layer's class computes: a subclass that computes something else is not known.
LAYERS: dict[Callable[..., Any], Callable[[Traced, Any], Traced]] = {
    nn.Conv2d.forward: convolution,
    nn.Linear.forward: linear,
    nn.modules.batchnorm._BatchNorm.forward: batch_norm,
    nn.SyncBatchNorm.forward: batch_norm,
    TdBN.forward: tdbn,
    TEBN.forward: tebn,
    nn.AvgPool2d.forward: average_pool,
    AvgPool2x2.forward: average_pool,
    nn.MaxPool2d.forward: max_pool,
    MaxPool2x2.forward: max_pool,
    nn.AdaptiveAvgPool2d.forward: adaptive_average_pool,
    nn.AvgPool1d.forward: average_pool_1d,
    nn.Flatten.forward: flatten,
    nn.Unflatten.forward: unflatten,
    nn.Identity.forward: nothing,
    nn.Dropout.forward: nothing,
    nn.Dropout2d.forward: nothing,
    SharedDropout.forward: nothing,
}


_CONV_FORWARD = nn.Conv2d._conv_forward
# A batch norm whose weight begins elsewhere.
_THEIR_TDBN = "ThresholdDependentBatchNorm"


def known_layer(layer: nn.Module) -> Callable[[Traced, Any], Traced] | None:
    """What lowers a layer; None = it is not known."""
    kind = type(layer)
    wrapped = _wrapped(kind)
    lowered = LAYERS.get((wrapped or kind).forward)
    # Which weights it takes is decided here as well as in forward.
    if lowered is convolution and getattr(kind, "_conv_forward", None) is not _CONV_FORWARD:
        return None
    return partial(_folded, lowered) if wrapped and lowered else lowered


def _wrapped(kind: type[nn.Module]) -> type[nn.Module] | None:
    """The class of torch that a layer is, told whether it gets one timestep or a fold of several.

    Not all of SpikingJelly's layers are: WSConv2d has other weights than those it trains.
    """
    if not kind.__module__.startswith("spikingjelly.activation_based.layer"):
        return None
    if kind.__name__.startswith(_THEIR_TDBN):
        return nn.modules.batchnorm._BatchNorm
    parent = kind.__mro__[1]
    plain = parent.__module__.startswith("torch.nn") and parent.__name__ == kind.__name__
    return parent if plain else None


def _folded(lowered: Callable[[Traced, Any], Traced], x: Traced, layer: nn.Module) -> Traced:
    """As in a fold of time and batch."""
    with x.reader.leading(1):
        return lowered(x, layer)


def check_weights(x: Traced, layer: nn.Module) -> None:
    """Refuse weights that the layer makes before it runs, from others that are not seen here."""
    if layer._forward_pre_hooks:
        raise x.refusal(
            layer,
            "a hook in front of it may make its weights, as torch.nn.utils.weight_norm and "
            "spectral_norm do; use those of torch.nn.utils.parametrizations, or take it off, e.g. "
            "by torch.nn.utils.remove_weight_norm",
        )


def check_call(x: Traced, part: nn.Module) -> None:
    """Refuse a part whose call is another than its class's forward pass: a graph has only that."""
    weighted = known_layer(part) is not None  # which is told of weights, see `check_weights`
    hooks = part._forward_hooks or (part._forward_pre_hooks and not weighted)
    if hooks or "forward" in vars(part):
        what = "a hook of it" if hooks else "a forward of its own, set on this object,"
        remedy = "handle.remove()" if hooks else "del net.part.forward"
        raise x.refusal(
            part,
            f"{what} may change what it takes or gives, and is not followed; take it off "
            f"({remedy}), or make it a layer",
        )


def check_numbers(name: str, layer: nn.Module) -> None:
    """Refuse weights that no graph can hold. Raises: UsageError: some are not finite."""
    for own, value in [*layer.named_parameters(), *layer.named_buffers()]:
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise UsageError(
                f"{name}.{own}: got NaN or infinity, expected finite numbers; the training "
                "diverged, or the file is damaged"
            )
