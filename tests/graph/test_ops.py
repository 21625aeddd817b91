import numpy as np
import pytest
import torch
import torch.nn.functional as F

from graph.small import LIF, POOL, conv, ones
from tssd.graph import Node
from tssd.graph.ops import OPS, check


def shape(op, before, arrays=None, **options):
    return OPS[op].shape(Node("n", op, ("input",), (), arrays or {}, options), [before])


@pytest.mark.parametrize("size", [(5, 7), (6, 9)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_sizes_are_torchs(size, stride):
    x = torch.zeros(1, 2, *size)
    pairs = {"stride": [stride, 1], "padding": [1, 0], "dilation": [2, 1]}
    expected = F.conv2d(x, torch.zeros(4, 1, 3, 2), None, [stride, 1], [1, 0], [2, 1], 2).shape[1:]
    arrays = {"weight": ones(4, 1, 3, 2), "bias": ones(4)}
    assert shape("conv", (2, *size), arrays, groups=2, **pairs) == tuple(expected)
    for ceil in (False, True):
        for kernel in (2, 3):
            pool = {"kernel": [kernel, 2], "stride": [stride, 2], "ceil": ceil}
            average = F.avg_pool2d(x, (kernel, 2), (stride, 2), ceil_mode=ceil)
            assert shape("avg_pool", (2, *size), **pool) == tuple(average.shape[1:])
            largest = F.max_pool2d(x, (kernel, 2), (stride, 2), (1, 1), ceil_mode=ceil)
            found = shape("max_pool", (2, *size), **pool, padding=[1, 1])
            assert found == tuple(largest.shape[1:])


def node(op="lif", options=LIF, arrays=None, shape=(2, 4, 6)):
    return Node("n", op, ("input",), shape, arrays or {}, options)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (node("gelu", {}), "op is 'gelu', expected one of conv, linear"),
        (node("add", {}), "it has 1 inputs, expected 2"),
        (node(options=LIF | {"tau": 2.0}), r"its options are \["),
        (node(options=LIF | {"reset": "never"}), r"its options are \["),
        (node(options=LIF | {"fires": "below"}), "fires is 'below', expected at or above"),
        (node(options=LIF | {"decay": float("nan")}), "decay is nan, expected a finite number"),
        (node(options=LIF | {"decay": True}), "decay is True, expected a finite number"),
        (node(shape=(2, 4, 5)), r"its shape is \[2, 4, 5\], expected \[2, 4, 6\]"),
        (conv(groups=2), r"weight is \[2, 1, 3, 3\] in 2 groups, but its input has 1"),
        (conv(stride=[0, 1]), r"stride is \[0, 1\], expected two whole numbers >= 1"),
        (conv(padding=[-1, 1]), r"padding is \[-1, 1\], expected two whole numbers >= 0"),
        (node("avg_pool", POOL | {"kernel": [9, 9]}), "a window of 9 does not fit into 4 pixels"),
        (node("max_pool", POOL | {"padding": [2, 0]}), "expected at most half of its kernel"),
    ],
)
def test_what_cannot_run_is_said(wrong, said):
    with pytest.raises(ValueError, match=said):
        check(wrong, [(1 if wrong.op == "conv" else 2, 4, 6)])


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.ones(2), r"scale is float64 \[2\], expected float32 with 1 axes"),
        (ones(2, 1), r"scale is float32 \[2, 1\], expected float32 with 1 axes"),
        (np.float32([1, np.inf]), "scale holds a value that is not finite"),
        (ones(3), r"scale is \[3\], expected \[2\]"),
    ],
)
def test_arrays_are_looked_at(array, said):
    with pytest.raises(ValueError, match=said):
        check(node("affine", {}, {"scale": array, "shift": ones(2)}), [(2, 4, 6)])


def test_a_neurons_constants_are_options_or_arrays_of_channels():
    options = {name: value for name, value in LIF.items() if name != "threshold"}
    check(node(options=options, arrays={"threshold": np.float32([1, 2])}), [(2, 4, 6)])
    with pytest.raises(ValueError, match=r"threshold is \[3\], expected \[2\]"):
        check(node(options=options, arrays={"threshold": ones(3)}), [(2, 4, 6)])


def test_a_linear_layer_wants_features():
    arrays = {"weight": ones(5, 2), "bias": ones(5)}
    with pytest.raises(ValueError, match=r"weight is \[5, 2\], but its input is \[2, 1, 1\]"):
        check(Node("n", "linear", ("input",), (5,), arrays), [(2, 1, 1)])
    with pytest.raises(ValueError, match=r"its input is \[2\], expected \(C, H, W\)"):
        check(Node("n", "mean", ("input",), (2,)), [(2,)])
