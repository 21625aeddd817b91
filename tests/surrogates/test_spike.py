import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.surrogates import straight_through
from tssd.surrogates.spike import fire, refuse_second_derivative


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_fire_at_and_above_zero_and_nan_stays_nan(dtype):
    s = torch.tensor([-math.inf, -2, -1e-7, -0.0, 0.0, 1e-7, 3, math.inf, math.nan], dtype=dtype)
    s[[2, 5]] = torch.tensor([-1e-7, 1e-7]).to(dtype)
    spikes = fire(s)
    small = bool(torch.tensor(-1e-7).to(dtype) >= 0)  # a half has no number that small
    assert spikes.dtype == dtype
    assert spikes[:-1].tolist() == [0, 0, small, 1, 1, 1, 1, 1]
    assert spikes[-1].isnan()


def test_a_value_takes_the_gradient_of_another():
    x = torch.tensor([0.3, 1.7], requires_grad=True)
    y = straight_through(x.detach().floor(), 3 * x)
    assert y.tolist() == [0, 1]
    y.mul_(2)  # its own memory, which may be written
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [6, 6]


def test_its_second_derivative_is_refused():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(UsageError, match="^create_graph"):
        torch.autograd.grad(straight_through(x, x**2).sum(), x, create_graph=True)
    with torch.no_grad():
        refuse_second_derivative()
