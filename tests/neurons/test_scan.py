import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tssd.neurons import IF, LIF, LIFState, scan
from tssd.surrogates import ATan, Rectangular, Sigmoid, Triangular

from .kinds import neurons

T, N, F = 6, 5, 7

SURROGATES = [Rectangular(0.8), Triangular(1.2), Sigmoid(3.0), ATan(2.0)]
# The same four derivatives, written down a second time and with their numbers put in.
DERIVATIVES = [
    lambda s: (s.abs() < 0.4) / 0.8,
    lambda s: torch.relu(1.2 - s.abs()) / 1.44,
    lambda s: 3 / (torch.exp(1.5 * s) + torch.exp(-1.5 * s)) ** 2,
    lambda s: 1 / (1 + (math.pi * s) ** 2),
]
RESETS = [None, 0.0, -0.3]


def spike_with(derivative):
    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, s):
            ctx.save_for_backward(s)
            return (s >= 0).to(s.dtype)

        @staticmethod
        def backward(ctx, *grads):
            return grads[0] * derivative(*ctx.saved_tensors)

    return Spike.apply


def plain_loop(x, v, spike, *, tau, v_reset, decay_input, detach):
    """The textbook loop, one autograd node an operation; threshold 1."""
    spikes = []
    for x_t in x:
        drive = x_t / tau if decay_input else x_t
        h = v - (v - (v_reset or 0.0)) / tau + drive
        s = spike(h - 1)
        r = s.detach() if detach else s
        v = h - r if v_reset is None else (1 - r) * h + r * v_reset
        spikes.append(s)
    return torch.stack(spikes), v


def inputs(seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(T, N, F, generator=generator, dtype=torch.double) * 1.5 + 0.8
    v = torch.randn(N, F, generator=generator, dtype=torch.double) / 2
    return x.requires_grad_(), v.requires_grad_()


def gradients(spikes, v_last, x, v):
    weights = torch.arange(spikes.numel(), dtype=torch.double).cos().view(spikes.shape)
    loss = (spikes * weights).sum() + (v_last * weights[0].sin()).sum()
    return torch.autograd.grad(loss, [x, v])


@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize("v_reset", RESETS)
@pytest.mark.parametrize("index", range(4), ids=["rectangular", "triangular", "sigmoid", "atan"])
@pytest.mark.parametrize("decay_input", [False, True])
def test_scan_equals_plain_autograd(index, v_reset, detach, decay_input):
    x, v = inputs()
    options = {"v_reset": v_reset, "decay_input": decay_input}
    neuron = LIF(1.6, surrogate=SURROGATES[index], detach_reset=detach, **options)
    spike = spike_with(DERIVATIVES[index])

    spikes, state = neuron.scan(x, LIFState(v))
    expected, v_last = plain_loop(x, v, spike, tau=1.6, detach=detach, **options)

    assert 0.1 < expected.mean() < 0.9  # or the test would say little
    assert torch.equal(spikes, expected)
    torch.testing.assert_close(state.v, v_last)
    torch.testing.assert_close(
        gradients(spikes, state.v, x, v), gradients(expected, v_last, x, v), rtol=1e-10, atol=1e-12
    )


def test_backward_equals_finite_differences_below_the_threshold():
    # Without spikes, and outside the window, the last membrane is a smooth function of the input.
    neuron = LIF(surrogate=Rectangular(0.01), v_reset=-0.3)
    x, v = inputs()
    x, v = x.detach().clamp(-1, 0.4).requires_grad_(), v.detach().clamp(max=0.5).requires_grad_()
    assert neuron.scan(x, LIFState(v))[0].sum() == 0
    assert torch.autograd.gradcheck(lambda x, v: neuron.scan(x, LIFState(v))[1].v, (x, v))


@neurons
def test_scan_equals_the_loop_over_steps(neuron):
    x, v = inputs()
    state, steps = LIFState(v), []
    for x_t in x:
        s, state = neuron.step(x_t, state)
        steps.append(s)
    whole, last = neuron.scan(x, LIFState(v))
    assert torch.equal(torch.stack(steps), whole)
    assert torch.equal(state.v, last.v)
    stepwise = gradients(torch.stack(steps), state.v, x, v)
    torch.testing.assert_close(stepwise, gradients(whole, last.v, x, v))


@neurons
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(cuts=st.sets(st.integers(1, T - 1), min_size=1), seed=st.integers(0, 1000))
def test_cut_anywhere_and_carry_the_state_equals_the_whole(neuron, cuts, seed):
    x, v = inputs(seed)
    whole, last = neuron.scan(x, LIFState(v))
    pieces, state = [], LIFState(v)
    for start, end in itertools.pairwise([0, *sorted(cuts), T]):
        spikes, state = neuron.scan(x[start:end], state)
        pieces.append(spikes)
    assert torch.equal(torch.cat(pieces), whole)
    assert torch.equal(state.v, last.v)
    # The gradient travels through the carried state into the pieces before.
    in_pieces = gradients(torch.cat(pieces), state.v, x, v)
    torch.testing.assert_close(in_pieces, gradients(whole, last.v, x, v))


@neurons
def test_values_do_not_depend_on_whether_a_gradient_is_wanted(neuron):
    x, v = inputs()
    spikes, state = neuron.scan(x, LIFState(v))
    with torch.no_grad():
        quiet, quiet_state = neuron.scan(x, LIFState(v))
    assert spikes.requires_grad and not quiet.requires_grad
    assert torch.equal(spikes, quiet)
    assert torch.equal(state.v, quiet_state.v)


@pytest.mark.parametrize("make", [LIF, IF])
def test_a_sequence_of_one_number_a_step_is_one_neuron(make):
    x = torch.tensor([0.6, 0.9, 0.1, 1.2, 0.3])
    found, expected = x.clone().requires_grad_(), x.clone().requires_grad_()
    own, other = make()(found), make()(expected.view(5, 1, 1))
    assert torch.equal(own, other.flatten()) and own.any()
    own.sum().backward(), other.sum().backward()
    assert torch.equal(found.grad, expected.grad)


@neurons
def test_input_and_state_are_left_as_they_were(neuron):
    x, v = inputs()
    x_before, v_before = x.detach().clone(), v.detach().clone()
    spikes, state = neuron.scan(x, LIFState(v))
    (spikes.sum() + state.v.sum()).backward()
    assert torch.equal(x.detach(), x_before)
    assert torch.equal(v.detach(), v_before)


@pytest.mark.parametrize("wanted", [0, 1], ids=["input", "state"])
def test_a_gradient_by_only_one_of_them_is_the_same(wanted):
    both = inputs()
    spikes, state = LIF().scan(both[0], LIFState(both[1]))
    one = [y if i == wanted else y.detach() for i, y in enumerate(both)]
    alone, alone_state = LIF().scan(one[0], LIFState(one[1]))
    (g,) = torch.autograd.grad(alone.sum() + alone_state.v.sum(), one[wanted])
    (h,) = torch.autograd.grad(spikes.sum() + state.v.sum(), both[wanted])
    assert torch.equal(g, h)


@pytest.mark.parametrize("layout", ["transposed", "sliced", "channels_last"])
def test_any_memory_layout_gives_the_same(layout):
    torch.manual_seed(0)
    plain = torch.randn(T, N, 4, 3, 2, dtype=torch.double)
    if layout == "transposed":
        x = plain.transpose(0, 1).contiguous().transpose(0, 1)
    elif layout == "sliced":
        x = torch.stack([plain, plain], -1)[..., 0]
    else:
        x = plain.flatten(0, 1).contiguous(memory_format=torch.channels_last).unflatten(0, (T, N))
    assert not x.is_contiguous()
    x.requires_grad_(), plain.requires_grad_()
    neuron = LIF(v_reset=0.0, surrogate=ATan())
    spikes, expected = neuron(x), neuron(plain)
    assert torch.equal(spikes, expected)
    weights = torch.randn_like(plain)
    (g,) = torch.autograd.grad((spikes * weights).sum(), x)
    (h,) = torch.autograd.grad((expected * weights).sum(), plain)
    assert torch.equal(g, h)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "neuron", [LIF(), LIF(v_reset=-0.3, decay_input=True), IF(surrogate=ATan())]
)
def test_pieces_that_fit_the_cache_give_the_bits_of_the_whole(neuron, dtype, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    x = (torch.randn(T, 7, 4, 3, 2, generator=generator) * 2).to(dtype)
    v = torch.randn(7, 4, 3, 2, generator=generator)
    g = torch.randn(T, 7, 4, 3, 2, generator=generator).to(dtype)

    def results():
        a, b = x.clone().requires_grad_(), v.clone().requires_grad_()
        spikes, state = neuron.scan(a, LIFState(b))
        return [
            spikes,
            state.v,
            *torch.autograd.grad([spikes, state.v], [a, b], [g, torch.ones_like(v)]),
        ]

    whole = results()
    for size in (1, 50, 24 * 6):  # one sample, two of 24 values, six and one
        monkeypatch.setattr(scan, "PIECE", size)
        assert all(torch.equal(a, b) for a, b in zip(results(), whole, strict=True))
