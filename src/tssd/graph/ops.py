"""The operations of a graph: inputs, arrays and options of each, and the shape it gives.

With x and y what its inputs give for one sample at one timestep:

    conv      weight [O, I / groups, kh, kw], bias [O]; stride, padding, dilation, groups;
              padding is of zeros
    linear    weight [O, I], bias [O]
    avg_pool  kernel, stride, ceil; a window that ceil lets over the edge is the mean of what is
              inside
    max_pool  kernel, stride, padding, ceil; what is outside never counts
    mean      over H and W: (C, H, W) -> (C,)
    flatten   (C, H, W) -> (C H W,), channels first
    add       x + y
    affine    scale [C], shift [C]: scale x + shift; a norm that folds into no weights
    lif       v = decay v + input_scale x + offset
              s = 1[v >= threshold] if fires is "at", 1[v > threshold] if it is "above"
              v = v - subtract s if reset is "soft", reset_value where s is 1 if it is "hard"
              v begins as `initial`; gives s. Each constant is an option for the whole layer or an
              array [C] of the same name; all are float32 when it runs.

Pairs are [rows, columns]. `ceil` says whether sizes are rounded up as in torch's pools.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tssd.graph.node import Node

Shape = tuple[int, ...]
# As float32, which all constants are when they run.
LARGEST = float(np.finfo(np.float32).max)
CONSTANTS = ("decay", "input_scale", "offset", "threshold", "initial")


@dataclass(frozen=True)
class Op:
    """What an operation takes.

    Args:
        inputs: how many nodes it gets.
        arrays: axes of each array that it has.
        options: kind of each option that it has: "pair", "padding" (a pair with zeros), "count",
            "flag".
        shape: from its inputs' shapes to its own. Raises ValueError: they do not fit.
    """

    inputs: int
    arrays: Mapping[str, int]
    options: Mapping[str, str]
    shape: Callable[[Node, list[Shape]], Shape]


def check(node: Node, shapes: list[Shape]) -> None:
    """Refuse a node that can't run. Raises: ValueError: in words that begin with what is wrong."""
    if node.op not in OPS:
        raise ValueError(f"op is {node.op!r}, expected one of {', '.join(OPS)}")
    op = OPS[node.op]
    if len(shapes) != op.inputs:
        raise ValueError(f"it has {len(shapes)} inputs, expected {op.inputs}")
    arrays, options = _lif_keys(node) if node.op == "lif" else (op.arrays, op.options)
    _same_keys("arrays", node.arrays, arrays)
    _same_keys("options", node.options, options)
    for name, axes in arrays.items():
        array = node.arrays[name]
        if array.dtype != "float32" or array.ndim != axes or not array.size:
            raise ValueError(
                f"{name} is {array.dtype} {list(array.shape)}, expected float32 with {axes} axes"
            )
        if not math.isfinite(float(abs(array).max())):
            raise ValueError(f"{name} holds a value that is not finite")
    for name, kind in options.items():
        if not _KINDS[kind](node.options[name]):
            raise ValueError(f"{name} is {node.options[name]!r}, expected {_IN_WORDS[kind]}")
    shape = op.shape(node, shapes)
    if tuple(node.shape) != shape:
        raise ValueError(f"its shape is {list(node.shape)}, expected {list(shape)}")


def _same_keys(what: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    if found.keys() != expected.keys():
        raise ValueError(f"its {what} are {sorted(found)}, expected {sorted(expected)}")


def _lif_keys(node: Node) -> tuple[dict[str, int], dict[str, str]]:
    """Arrays and options of a lif, each of whose constants is one or the other."""
    reset = node.options.get("reset")
    constants = (*CONSTANTS, "subtract" if reset == "soft" else "reset_value")
    arrays = {name: 1 for name in constants if name in node.arrays}
    numbers = {name: "number" for name in constants if name not in arrays}
    return arrays, numbers | {"reset": "reset", "fires": "fires"}


def _is_number(value: object) -> bool:
    # Whole numbers of JSON have no end.
    return type(value) in (int, float) and abs(value) <= LARGEST  # pyright: ignore[reportArgumentType]


def _is_pair(value: object, least: int) -> bool:
    right = isinstance(value, list | tuple) and len(value) == 2
    return right and all(type(n) is int and n >= least for n in value)  # pyright: ignore[reportGeneralTypeIssues]


_KINDS: dict[str, Callable[[Any], bool]] = {
    "pair": lambda value: _is_pair(value, 1),
    "padding": lambda value: _is_pair(value, 0),
    "count": lambda value: type(value) is int and value >= 1,
    "flag": lambda value: type(value) is bool,
    "number": _is_number,
    "reset": lambda value: value in ("soft", "hard"),
    "fires": lambda value: value in ("at", "above"),
}
_IN_WORDS = {
    "pair": "two whole numbers >= 1",
    "padding": "two whole numbers >= 0",
    "count": "a whole number >= 1",
    "flag": "true or false",
    "number": "a finite number",
    "reset": "soft or hard",
    "fires": "at or above",
}


def _map(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ValueError(f"its input is {list(shape)}, expected (C, H, W)")
    return shape[0], shape[1], shape[2]


def _conv(node: Node, shapes: list[Shape]) -> Shape:
    channels, *size = _map(shapes[0])
    weight, groups = node.arrays["weight"], node.options["groups"]
    if weight.shape[1] * groups != channels or len(weight) % groups:
        raise ValueError(
            f"weight is {list(weight.shape)} in {groups} groups, but its input has {channels} "
            "channels"
        )
    _one_each(node, "bias", len(weight))
    pairs = (node.options[name] for name in ("stride", "padding", "dilation"))
    along = zip(size, weight.shape[2:], *pairs, strict=True)
    return len(weight), *(windows(n, d * (k - 1) + 1, s, p) for n, k, s, p, d in along)


def _linear(node: Node, shapes: list[Shape]) -> Shape:
    weight = node.arrays["weight"]
    if shapes[0] != weight.shape[1:]:
        raise ValueError(f"weight is {list(weight.shape)}, but its input is {list(shapes[0])}")
    _one_each(node, "bias", len(weight))
    return (len(weight),)


def _pool(node: Node, shapes: list[Shape]) -> Shape:
    channels, *size = _map(shapes[0])
    options = node.options
    pairs = options["kernel"], options["stride"], options.get("padding", (0, 0))
    if any(2 * p > k for k, p in zip(options["kernel"], pairs[2], strict=True)):
        raise ValueError(f"padding is {list(pairs[2])}, expected at most half of its kernel")
    along = zip(size, *pairs, strict=True)
    return channels, *(windows(n, k, s, p, ceil=options["ceil"]) for n, k, s, p in along)


def windows(size: int, kernel: int, stride: int, padding: int, *, ceil: bool = False) -> int:
    """How many windows fit along an axis. Raises: ValueError: none does."""
    free = size + 2 * padding - kernel
    if free < 0 and not (ceil and free + stride > 0):
        raise ValueError(f"a window of {kernel} does not fit into {size + 2 * padding} pixels")
    count = (-(-free // stride) if ceil else free // stride) + 1
    # As torch has it: no window begins in the padding behind the map.
    if ceil and (count - 1) * stride >= size + padding:
        count -= 1
    return count


def _mean(node: Node, shapes: list[Shape]) -> Shape:
    return (_map(shapes[0])[0],)


def _flatten(node: Node, shapes: list[Shape]) -> Shape:
    return (math.prod(shapes[0]),)


def _add(node: Node, shapes: list[Shape]) -> Shape:
    if shapes[0] != shapes[1]:
        raise ValueError(f"it adds {list(shapes[0])} and {list(shapes[1])}, expected one shape")
    return shapes[0]


def _each_channel(node: Node, shapes: list[Shape]) -> Shape:
    for name in node.arrays:
        _one_each(node, name, shapes[0][0])
    return shapes[0]


def _one_each(node: Node, name: str, channels: int) -> None:
    if node.arrays[name].shape != (channels,):
        raise ValueError(f"{name} is {list(node.arrays[name].shape)}, expected [{channels}]")


OPS = {
    "conv": Op(
        1,
        {"weight": 4, "bias": 1},
        {"stride": "pair", "padding": "padding", "dilation": "pair", "groups": "count"},
        _conv,
    ),
    "linear": Op(1, {"weight": 2, "bias": 1}, {}, _linear),
    "avg_pool": Op(1, {}, {"kernel": "pair", "stride": "pair", "ceil": "flag"}, _pool),
    "max_pool": Op(
        1,
        {},
        {"kernel": "pair", "stride": "pair", "padding": "padding", "ceil": "flag"},
        _pool,
    ),
    "mean": Op(1, {}, {}, _mean),
    "flatten": Op(1, {}, {}, _flatten),
    "add": Op(2, {}, {}, _add),
    "affine": Op(1, {"scale": 1, "shift": 1}, {}, _each_channel),
    # Its arrays and options are `_lif_keys`.
    "lif": Op(1, {}, {}, _each_channel),
}
