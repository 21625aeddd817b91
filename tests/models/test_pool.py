"""The pools against PyTorch's: the same values and gradients; the average keeps nothing."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from tssd.models.pool import AvgPool2x2, MaxPool2x2, max_pool


@pytest.mark.parametrize(
    ("pool", "theirs"),
    [(AvgPool2x2, nn.AvgPool2d), (MaxPool2x2, partial(nn.MaxPool2d, ceil_mode=True))],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("size", [(8, 8), (7, 7), (5, 6), (2, 3)])
def test_values_and_gradients_equal_torch(
    size: tuple[int, int],
    dtype: torch.dtype,
    pool: Callable[..., nn.Module],
    theirs: Callable[..., nn.Module],
) -> None:
    torch.manual_seed(0)
    # Shuffled numbers, no two of them equal, even in bfloat16 (up to 256).
    x = torch.randperm(4 * size[0] * size[1]).view(1, 4, *size).to(dtype) - 100
    a, b = x.clone().requires_grad_(), x.clone().requires_grad_()
    ours, expected = pool()(a), theirs(2)(b)
    weights = torch.randn_like(ours)
    (ours * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.equal(ours, expected)
    assert a.grad is not None and b.grad is not None
    assert torch.equal(a.grad, b.grad)


def test_one_of_equal_values_gets_the_whole_gradient() -> None:
    x = torch.tensor([[[[1.0, 2, 3, 3], [2, 2, 0, 3]]]], requires_grad=True)
    MaxPool2x2()(x).sum().backward()
    assert x.grad is not None
    # Of three threes the upper left one; of 2 and 2 in different rows and columns, the left one.
    assert x.grad.tolist() == [[[[0, 0, 1, 0], [1, 0, 0, 0]]]]


def test_nan_is_not_lost_in_a_maximum() -> None:
    x = torch.zeros(1, 1, 2, 2)
    for place in range(4):
        y = x.flatten().index_fill(0, torch.tensor(place), float("nan")).view_as(x)
        assert MaxPool2x2()(y).isnan().all()


def test_gradient_is_that_of_the_values() -> None:
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(AvgPool2x2(), (x,))


def test_nothing_is_kept_for_the_backward_pass() -> None:
    kept: list[Tensor] = []
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        AvgPool2x2()(x)
    assert not kept


class Called(TorchDispatchMode):
    """Names of the operations that run inside."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **kwargs or {})


@pytest.mark.parametrize("size", [(8, 8), (7, 5)])
def test_a_maximum_without_a_gradient_finds_no_places(size: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size)
    expected = MaxPool2x2()(x.clone().requires_grad_())
    with Called() as without:
        assert torch.equal(MaxPool2x2()(x), expected)
    with Called() as inference, torch.no_grad():
        assert torch.equal(MaxPool2x2()(x.clone().requires_grad_()), expected)
    assert "maximum" in without.names and "gt" not in without.names | inference.names


def test_channels_last_input_gives_the_same() -> None:
    x = torch.randn(2, 3, 8, 8).to(memory_format=torch.channels_last).requires_grad_()
    AvgPool2x2()(x).square().sum().backward()
    y = x.detach().contiguous().requires_grad_()
    nn.AvgPool2d(2)(y).square().sum().backward()
    assert x.grad is not None and y.grad is not None
    torch.testing.assert_close(x.grad, y.grad)


def test_the_max_pool_of_other_libraries_rounds_down_and_takes_the_first_of_equal_values() -> None:
    x = torch.tensor([[[[0.0, 1, 5], [1, 0, 5], [5, 5, 5]]]], requires_grad=True)
    y = max_pool()(x)
    y.sum().backward()
    assert y.tolist() == [[[[1.0]]]]
    assert x.grad is not None
    assert x.grad.tolist() == [[[[0, 1, 0], [0, 0, 0], [0, 0, 0]]]]
