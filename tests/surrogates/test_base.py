import copy

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.surrogates import ATan, Rectangular, Sigmoid, Surrogate, Triangular, for_neuron
from tssd.surrogates.base import is_trained

ALL = [Rectangular(0.8), Triangular(1.2), Sigmoid(3.0), ATan(2.0)]
surrogates = pytest.mark.parametrize("surrogate", ALL, ids=lambda s: type(s).__name__)


class Slope(nn.Module, Surrogate):
    """A sigmoid whose slope is trained, and that also may be told where training is."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(3.0, dtype=torch.double))

    def primitive(self, s):
        return torch.sigmoid(self.slope * s)

    def derivative(self, s):
        q = self.primitive(s)
        return self.slope * q * (1 - q)


def points():
    return torch.linspace(-2, 2, 41, dtype=torch.double)


@surrogates
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_spike_is_the_step_with_the_derivative_as_its_gradient(surrogate, dtype):
    s = points().to(dtype).requires_grad_()
    weights = torch.arange(1.0, 42).to(dtype)
    spikes = surrogate.spike(s)
    (g,) = torch.autograd.grad((spikes * weights).sum(), s)
    assert spikes.dtype == dtype
    assert torch.equal(spikes, (s >= 0).to(dtype))
    torch.testing.assert_close(g, weights * surrogate.derivative(s.detach()), rtol=1e-2, atol=0)
    assert torch.equal(s.detach(), points().to(dtype))  # which `compress` may overwrite


@surrogates
def test_the_gradient_that_comes_back_is_left_as_it_was(surrogate):
    s, g = points().requires_grad_(), torch.ones(41, dtype=torch.double)
    surrogate.spike(s).backward(g)
    assert torch.equal(g, torch.ones_like(g))


@surrogates
def test_nothing_is_kept_where_no_gradient_is_wanted(surrogate):
    assert not surrogate.spike(points()).requires_grad
    with torch.no_grad():
        assert not surrogate.spike(points().requires_grad_()).requires_grad


@pytest.mark.parametrize(("surrogate", "size"), [(Rectangular(), 1), (ATan(), 8)])
def test_a_spike_keeps_what_compress_keeps(surrogate, size):
    kept = []
    hooks = torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append(t.untyped_storage().nbytes()), lambda t: t
    )
    with hooks:
        surrogate.spike(points().requires_grad_())
    assert sum(kept) == 41 * size


@pytest.mark.parametrize("surrogate", [ATan(), Slope()], ids=["fixed", "trained"])
def test_a_second_derivative_is_refused(surrogate):
    s = points().requires_grad_()
    with pytest.raises(UsageError, match="^create_graph: got True"):
        torch.autograd.grad(surrogate.spike(s).sum(), s, create_graph=True)


def test_a_parameter_gets_the_gradient_of_the_primitive():
    surrogate, s = Slope(), points().requires_grad_()
    spikes = surrogate.spike(s)
    g_s, g_slope = torch.autograd.grad(spikes.sum(), [s, surrogate.slope])
    q = torch.sigmoid(3 * points())
    assert torch.equal(spikes, (points() >= 0).double())
    torch.testing.assert_close(g_s, 3 * q * (1 - q))
    torch.testing.assert_close(g_slope, (points() * q * (1 - q)).sum())


def test_a_parameter_gets_its_gradient_where_the_input_wants_none():
    surrogate = Slope()
    surrogate.spike(points()).sum().backward()
    assert surrogate.slope.grad is not None and surrogate.slope.grad != 0


def test_a_frozen_parameter_is_none_to_train():
    surrogate = Slope().requires_grad_(False)
    assert not is_trained(surrogate) and is_trained(Slope()) and not is_trained(ATan())
    s = points().requires_grad_()
    (g,) = torch.autograd.grad(surrogate.spike(s).sum(), s)
    torch.testing.assert_close(g, surrogate.derivative(points()))


def test_modules_are_copied_for_a_neuron_and_values_shared():
    module, value = Slope(), ATan()
    mine = for_neuron(module)
    assert mine is not module and mine.slope is not module.slope and mine.slope == module.slope
    assert for_neuron(value) is value
    copy.deepcopy(mine)


@pytest.mark.parametrize("surrogate", [torch.sigmoid, Sigmoid, None])
def test_what_is_no_surrogate_is_refused(surrogate):
    with pytest.raises(UsageError, match="^surrogate: got .*, expected an object"):
        for_neuron(surrogate)


def test_a_surrogate_says_what_it_lacks():
    for name in ("derivative", "primitive"):
        with pytest.raises(NotImplementedError):
            getattr(Surrogate(), name)(points())
