"""Pools and sums, against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tssd.engine.pools import apply, range_of
from tssd.engine.values import REAL, Range, Signal
from tssd.graph import Node

COUNTS = np.random.default_rng(0).integers(0, 4, (2, 3, 7, 5, 4)).astype(np.uint8)
SIGNALS = {
    "counts": Signal(COUNTS, 0.5, 3),
    "values": Signal(COUNTS.astype(np.float32) - 1.5),
}


def torch_of(signal):
    return torch.from_numpy(signal.values()).flatten(0, 1).permute(0, 3, 1, 2)


def check(found, expected):
    values = found.values().reshape(-1, *found.array.shape[2:]).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(values, expected.numpy(), atol=1e-6)


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize(("kernel", "stride"), [((2, 2), (2, 2)), ((3, 2), (2, 1))])
def test_pools_are_those_of_torch(signal, ceil, kernel, stride):
    x = torch_of(signal)
    expected = F.avg_pool2d(x, kernel, stride, ceil_mode=ceil)
    options = {"kernel": kernel, "stride": stride, "ceil": ceil}
    shape = tuple(expected.shape[1:])
    found = apply(Node("p", "avg_pool", ("x",), shape, {}, options), [signal])
    check(found, expected)
    assert found.counts == (signal.counts and not ceil)
    padding = [1, 0]
    expected = F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil)
    node = Node(
        "p", "max_pool", ("x",), tuple(expected.shape[1:]), {}, options | {"padding": padding}
    )
    check(apply(node, [signal]), expected)


def test_a_pool_whose_counts_do_not_fit_into_a_byte_is_real():
    x = Signal(np.full((1, 1, 4, 4, 1), 20, np.uint8), 1.0, 20)
    options = {"kernel": (4, 4), "stride": (4, 4), "ceil": False}
    found = apply(Node("p", "avg_pool", ("x",), (1, 1, 1), {}, options), [x])
    assert not found.counts
    assert found.array.item() == 20


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
def test_mean_and_flatten_are_those_of_torch(signal):
    x = torch_of(signal)
    mean = apply(Node("m", "mean", ("x",), (4,)), [signal])
    np.testing.assert_allclose(mean.array.reshape(6, 4), x.mean((2, 3)).numpy(), atol=1e-6)
    flat = apply(Node("f", "flatten", ("x",), (140,)), [signal])
    assert np.array_equal(flat.values().reshape(6, 140), x.flatten(1).numpy())


def test_a_map_of_one_pixel_is_copied_when_it_is_flattened():
    x = Signal(np.ones((1, 2, 1, 1, 4), np.uint8), top=1)
    assert not np.shares_memory(apply(Node("f", "flatten", ("x",), (4,)), [x]).array, x.array)


def test_sums_of_counts_are_counts_if_their_scales_agree():
    a, b = SIGNALS["counts"], SIGNALS["values"]
    add = Node("a", "add", ("x", "y"), (4, 7, 5))
    found = apply(add, [a, a])
    assert (found.top, found.scale) == (6, 0.5)
    assert np.array_equal(apply(add, [a, b]).array, a.values() + b.array)
    other = Signal(a.array, 0.25, 3)
    found = apply(add, [a, other])
    assert not found.counts
    assert np.array_equal(found.array, a.values() + other.values())


@pytest.mark.parametrize(
    ("op", "options", "inputs", "expected"),
    [
        ("max_pool", {}, [Range(0.5, 3)], Range(0.5, 3)),
        ("flatten", {}, [REAL], REAL),
        ("avg_pool", {"kernel": (2, 2), "ceil": False}, [Range(0.5, 3)], Range(0.125, 12)),
        ("avg_pool", {"kernel": (2, 2), "ceil": True}, [Range(0.5, 3)], REAL),
        ("avg_pool", {"kernel": (2, 2), "ceil": False}, [Range(1.0, 64)], REAL),
        ("avg_pool", {"kernel": (2, 2), "ceil": False}, [REAL], REAL),
        ("add", {}, [Range(0.5, 3), Range(0.5, 1)], Range(0.5, 4)),
        ("add", {}, [Range(0.5, 3), Range(1.0, 1)], REAL),
        ("add", {}, [Range(1.0, 3), REAL], REAL),
        ("add", {}, [Range(1.0, 200), Range(1.0, 56)], REAL),
        ("mean", {}, [Range(1.0, 1)], REAL),
    ],
)
def test_what_can_come_out_follows_from_what_can_go_in(op, options, inputs, expected):
    names = tuple("xy"[: len(inputs)])
    assert range_of(Node("n", op, names, (1,), {}, options), inputs) == expected


def test_channels_are_scaled():
    arrays = {n: np.arange(4, dtype=np.float32) + k for k, n in enumerate(("scale", "shift"))}
    found = apply(Node("n", "affine", ("x",), (4, 7, 5), arrays), [SIGNALS["counts"]])
    expected = SIGNALS["counts"].values() * arrays["scale"] + arrays["shift"]
    assert np.array_equal(found.array, expected)
