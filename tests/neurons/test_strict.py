"""Neurons that fire above their threshold, and not at it."""

import math

import pytest
import torch
from torch import nn

from tssd.neurons import LIF, LIFState, strictly_above
from tssd.surrogates import Rectangular, Surrogate, Triangular

from .test_scan import gradients, plain_loop, spike_with

T, N, F = 5, 4, 40


def test_only_what_is_above_zero_fires_and_the_gradient_passes():
    tiny = torch.finfo(torch.float32).tiny
    s = torch.tensor([-1.0, -0.0, 0.0, tiny, 1.0, math.inf, math.nan], requires_grad=True)
    spikes = Rectangular().spike(strictly_above(s))
    assert spikes[:-1].tolist() == [0, 0, 0, 1, 1, 1] and spikes[-1].isnan()
    (g,) = torch.autograd.grad(spikes[1:4].sum(), s)
    assert g.tolist() == [0, 1, 1, 1, 0, 0, 0]


class Above(torch.autograd.Function):
    @staticmethod
    def forward(ctx, s):
        ctx.save_for_backward(s)
        return (s > 0).to(s.dtype)

    @staticmethod
    def backward(ctx, *grads):
        return grads[0] * torch.relu(1 - ctx.saved_tensors[0].abs())


class Trained(nn.Module, Surrogate):
    """The triangle of width 1, written so that the scan has to go step by step."""

    def __init__(self):
        super().__init__()
        self.zero = nn.Parameter(torch.zeros(()))

    def derivative(self, s):
        return Triangular().derivative(s)

    def primitive(self, s):
        return Triangular().primitive(s + self.zero)


def quarters():
    """Inputs of few bits, which often lift a membrane to the threshold exactly."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(-2, 7, (T, N, F), generator=generator).double() / 4
    return x.requires_grad_(), torch.zeros(N, F, dtype=torch.double, requires_grad=True)


@pytest.mark.parametrize("surrogate", [Triangular(), Trained()], ids=["fused", "in steps"])
@pytest.mark.parametrize("v_reset", [None, 0.0, -0.5])
@pytest.mark.parametrize("detach", [False, True])
def test_a_strict_lif_is_the_textbook_loop_with_another_comparison(surrogate, v_reset, detach):
    x, v = quarters()
    options = {"v_reset": v_reset, "detach_reset": detach}
    spikes, state = LIF(surrogate=surrogate, strict=True, **options).double().scan(x, LIFState(v))
    loop = {"tau": 2.0, "decay_input": False, "v_reset": v_reset, "detach": detach}
    expected, last = plain_loop(x, v, Above.apply, **loop)
    assert torch.equal(spikes, expected) and torch.equal(state.v, last)
    found = gradients(spikes, state.v, x, v)
    torch.testing.assert_close(found, gradients(expected, last, x, v))
    with torch.no_grad():
        assert torch.equal(LIF(strict=True, **options).scan(x, LIFState(v))[0], expected)
        reaching = LIF(**options).scan(x, LIFState(v))[0]
    assert (reaching > expected).sum() > T  # some are at the threshold, or this says nothing


@pytest.mark.parametrize(
    ("surrogate", "derivative"),
    [
        (Triangular(), lambda s: torch.relu(1 - s.abs())),
        (Rectangular(), lambda s: s.abs() < 0.5),  # whose edges some membranes meet
    ],
)
@pytest.mark.parametrize("v_reset", [None, 0.0, -0.5])
@pytest.mark.parametrize("detach", [False, True])
def test_a_lif_is_the_textbook_loop_at_its_threshold_too(surrogate, derivative, v_reset, detach):
    x, v = quarters()
    neuron = LIF(surrogate=surrogate, v_reset=v_reset, detach_reset=detach)
    spikes, state = neuron.scan(x, LIFState(v))
    loop = {"tau": 2.0, "decay_input": False, "v_reset": v_reset, "detach": detach}
    expected, last = plain_loop(x, v, spike_with(derivative), **loop)
    assert torch.equal(spikes, expected) and torch.equal(state.v, last)
    found = gradients(spikes, state.v, x, v)
    torch.testing.assert_close(found, gradients(expected, last, x, v))


def test_the_neurons_of_before_reach_their_threshold():
    assert not LIF().dynamics.strict
    x = torch.tensor([1.0, 0.5]).view(2, 1, 1)
    assert LIF()(x).flatten().tolist() == [1, 0]
    assert LIF(strict=True)(x).flatten().tolist() == [0, 0]
