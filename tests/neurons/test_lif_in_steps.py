"""The fused scan against the same neuron written as a step with `Surrogate.spike`."""

import pytest
import torch
from benchmarks.stepped import SteppedLIF
from torch import nn

from tssd.neurons import IF, LIF
from tssd.surrogates import ATan, Rectangular, Sigmoid, Surrogate, Triangular

T, N, F = 6, 5, 7

SURROGATES = [Rectangular(0.8), Triangular(1.2), Sigmoid(3.0), ATan(2.0)]


def inputs(dtype, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(T, N, F, generator=generator, dtype=torch.double) * 1.5 + 0.8
    return x.to(dtype).requires_grad_()


def outcome(neuron, x):
    spikes, state = neuron.scan(x)
    weights = torch.arange(spikes.numel(), dtype=x.dtype).cos().view(spikes.shape)
    loss = (spikes * weights).sum() + (state.v * weights[0].sin()).sum()
    wanted = [x, *(p for p in neuron.parameters() if p.requires_grad)]
    return spikes.detach(), state.v.detach(), *torch.autograd.grad(loss, wanted)


def assert_same(neuron, other, x):
    ours, theirs = outcome(neuron, x), outcome(other, x)
    assert 0.1 < ours[0].mean() < 0.9  # or the comparison would say little
    assert torch.equal(ours[0], theirs[0])
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("surrogate", SURROGATES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("detach_reset", [False, True])
@pytest.mark.parametrize("v_reset", [None, 0.0, -0.3])
@pytest.mark.parametrize("decay_input", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lif_equals_its_step(surrogate, detach_reset, v_reset, decay_input, dtype):
    options = {"v_reset": v_reset, "decay_input": decay_input, "detach_reset": detach_reset}
    neuron = LIF(1.6, 0.9, surrogate=surrogate, **options)
    assert_same(neuron, SteppedLIF(neuron), inputs(dtype))


@pytest.mark.parametrize("v_reset", [None, 0.0])
def test_if_equals_its_step(v_reset):
    neuron = IF(v_reset=v_reset, surrogate=Sigmoid())
    assert_same(neuron, SteppedLIF(neuron), inputs(torch.float64))


class Fixed(nn.Module, Surrogate):
    """A sigmoid as a module that wants no gradient."""

    def __init__(self, trained=False):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(3.0), requires_grad=trained)

    def primitive(self, s):
        return torch.sigmoid(self.slope * s)

    def derivative(self, s):
        q = self.primitive(s)
        return self.slope * q * (1 - q)


class Counted(Fixed):
    """Spikes in a way of its own, and counts how often."""

    calls = 0

    def spike(self, s):
        Counted.calls += 1
        return super().spike(s)


@pytest.mark.parametrize("detach_reset", [False, True])
@pytest.mark.parametrize("v_reset", [None, -0.3])
@pytest.mark.parametrize("decay_input", [False, True])
@pytest.mark.parametrize("trained", [False, True])
def test_a_surrogate_that_is_a_module(trained, decay_input, v_reset, detach_reset):
    options = {"v_reset": v_reset, "decay_input": decay_input, "detach_reset": detach_reset}
    neuron = LIF(1.6, surrogate=Fixed(trained), **options).double()
    neuron.requires_grad_(trained)
    x = inputs(torch.float64)
    plain = LIF(1.6, surrogate=Sigmoid(3.0), **options)
    for a, b in zip(outcome(plain, x), outcome(neuron, x)[:3], strict=True):
        torch.testing.assert_close(a, b)
    if trained:
        assert_same(neuron, SteppedLIF(neuron), x)
        # The spike's gradient by the slope is that of its primitive, s q (1 - q).
        x = inputs(torch.float64)[:1]
        neuron(x).sum().backward()
        s = neuron.dynamics.gain * x + neuron.dynamics.offset - 1
        s = s + neuron.dynamics.decay * (v_reset or 0.0)
        q = torch.sigmoid(3 * s)
        torch.testing.assert_close(neuron.surrogate.slope.grad, (s * q * (1 - q)).sum())


def test_a_trained_surrogate_fires_as_the_fused_scan_does_to_the_last_bit():
    x = inputs(torch.float32)
    neuron = LIF(1.6, v_reset=-0.3, surrogate=Fixed(trained=True))
    with torch.no_grad():
        fused, fused_state = neuron.scan(x)
    spikes, state = neuron.scan(x)
    assert torch.equal(fused, spikes) and torch.equal(fused_state.v, state.v)


def test_a_spike_of_its_own_is_never_passed_over():
    with torch.no_grad():
        LIF(surrogate=Counted())(inputs(torch.float32))
    assert Counted.calls == T


def test_half_precision_goes_through_a_trained_surrogate():
    neuron = LIF(surrogate=Fixed(trained=True))
    spikes, state = neuron.scan(inputs(torch.bfloat16))
    assert (spikes.dtype, state.v.dtype) == (torch.bfloat16, torch.float32)


def test_every_neuron_has_its_own_copy_of_a_module_and_shares_a_plain_surrogate():
    module, plain = Fixed(trained=True), ATan()
    one, other = LIF(surrogate=module), LIF(surrogate=module)
    assert len({*one.parameters(), *other.parameters(), *module.parameters()}) == 3
    assert list(one.state_dict()) == ["surrogate.slope"]
    assert LIF(surrogate=plain).surrogate is plain
    assert "Fixed" in str(one) and "ATan(slope=2.0)" in str(LIF(surrogate=plain))
