"""AvgPool2x2 against PyTorch's average pool: the same values and gradients, nothing kept."""

import pytest
import torch
from torch import Tensor, nn

from tssd.models.pool import AvgPool2x2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("size", [(8, 8), (7, 7), (5, 6), (2, 3)])
def test_values_and_gradients_equal_torch(size: tuple[int, int], dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 4, *size).to(dtype)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    a, b = AvgPool2x2()(ours), nn.AvgPool2d(2)(theirs)
    weights = torch.randn_like(a)
    (a * weights).sum().backward()
    (b * weights).sum().backward()
    assert torch.equal(a, b)
    assert ours.grad is not None and theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)


def test_gradient_is_that_of_the_values() -> None:
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(AvgPool2x2(), (x,))


def test_nothing_is_kept_for_the_backward_pass() -> None:
    kept: list[Tensor] = []
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        AvgPool2x2()(x)
    assert not kept


def test_channels_last_input_gives_the_same() -> None:
    x = torch.randn(2, 3, 8, 8).to(memory_format=torch.channels_last).requires_grad_()
    AvgPool2x2()(x).square().sum().backward()
    y = x.detach().contiguous().requires_grad_()
    nn.AvgPool2d(2)(y).square().sum().backward()
    assert x.grad is not None and y.grad is not None
    torch.testing.assert_close(x.grad, y.grad)
