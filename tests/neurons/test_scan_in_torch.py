"""The scan inside PyTorch's machinery: memory, low precision, checkpointing, compilation."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from tssd.neurons import LIF, LIFState
from tssd.surrogates import ATan
from tssd.time import TimeFold, repeat_in_time

from .kinds import bytes_kept, neurons

T, N, F = 6, 5, 7


@pytest.mark.parametrize(
    ("neuron", "bytes_each"),
    [
        (LIF(), 1),
        (LIF(detach_reset=True), 1),
        (LIF(v_reset=0.0, detach_reset=True), 1 + 1),
        (LIF(v_reset=0.0), 1 + 4),
        (LIF(surrogate=ATan()), 4),
        (LIF(v_reset=0.0, detach_reset=True, surrogate=ATan()), 4 + 1),
    ],
)
def test_bytes_kept_for_the_backward_pass(neuron, bytes_each):
    x = torch.randn(T, N, F, requires_grad=True)
    assert bytes_kept(neuron, x) == bytes_each * x.numel()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@neurons
def test_half_precision_input_gives_the_spikes_and_gradients_of_float32(neuron, dtype):
    x = torch.randn(T, N, F, generator=torch.Generator().manual_seed(0)).to(dtype)
    low, full = x.clone().requires_grad_(), x.float().requires_grad_()
    spikes, state = neuron.scan(low)
    expected, full_state = neuron.scan(full)
    assert state.v.dtype == torch.float32
    assert torch.equal(spikes.float(), expected)
    assert torch.equal(state.v, full_state.v)
    (g,) = torch.autograd.grad(spikes.sum(), low)
    (h,) = torch.autograd.grad(expected.sum(), full)
    assert g.dtype == dtype
    torch.testing.assert_close(g.float(), h, rtol=2**-7, atol=1e-3)


def dyadic_net(neuron):
    """Weights with few bits, so that bfloat16 represents all sums and no spike flips."""
    net = nn.Sequential(TimeFold(nn.Linear(4, 6)), neuron, TimeFold(nn.Linear(6, 3)))
    generator = torch.Generator().manual_seed(0)
    for p in net.parameters():
        p.data = torch.randint(-4, 5, p.shape, generator=generator) / 8
    return net


@neurons
def test_autocast_keeps_the_membrane_and_the_gradients_of_float32(neuron):
    net = dyadic_net(neuron)
    x = torch.randint(-4, 5, (T, N, 4), generator=torch.Generator().manual_seed(1)) / 2
    expected = net(x)
    full = torch.autograd.grad(expected.square().sum(), list(net.parameters()))
    with torch.autocast("cpu", torch.bfloat16):
        _, state = neuron.scan(net[0](x))
        logits = net(x)
    low = torch.autograd.grad(logits.float().square().sum(), list(net.parameters()))
    assert (logits.dtype, state.v.dtype) == (torch.bfloat16, torch.float32)
    torch.testing.assert_close(logits.float(), expected)
    for g, h in zip(low, full, strict=True):
        assert g.dtype == torch.float32
        torch.testing.assert_close(g, h, rtol=2**-6, atol=2**-6 * h.abs().max().item())


@neurons
def test_checkpointing_gives_bit_equal_gradients(neuron):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(T, N, F, generator=generator).requires_grad_()
    v = torch.rand(N, F, generator=generator).requires_grad_()
    spikes, state = neuron.scan(x, LIFState(v))
    again, again_state = checkpoint(neuron.scan, x, LIFState(v), use_reentrant=False)
    g = torch.autograd.grad(spikes.sum() + state.v.square().sum(), [x, v])
    h = torch.autograd.grad(again.sum() + again_state.v.square().sum(), [x, v])
    assert torch.equal(g[0], h[0])
    assert torch.equal(g[1], h[1])


@pytest.mark.parametrize(
    "neuron",
    [LIF(), LIF(v_reset=-0.3, decay_input=True, surrogate=ATan())],
    ids=["rectangular-soft", "atan-hard"],
)
@pytest.mark.parametrize("view", [False, True], ids=["sequence", "view"])
def test_a_small_net_compiles_to_one_graph_with_the_same_gradients(neuron, view):
    torch.manual_seed(0)
    torch.compiler.reset()
    conv = TimeFold(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4))
    plain = nn.Sequential(conv, neuron, TimeFold(nn.Flatten(), nn.Linear(64, 3))).double()
    compiled = copy.deepcopy(plain)
    run = torch.compile(compiled, fullgraph=True, backend="aot_eager")
    x = torch.randn(3, 2, 4, 4, dtype=torch.double)
    x = repeat_in_time(x, T) if view else x + torch.randn(T, 3, 2, 4, 4, dtype=torch.double)

    expected, y = plain(x), run(x)
    expected.square().sum().backward()
    y.square().sum().backward()

    torch.testing.assert_close(y, expected)
    for p, q in zip(plain.parameters(), compiled.parameters(), strict=True):
        assert p.grad is not None and p.grad.count_nonzero() > 0
        torch.testing.assert_close(q.grad, p.grad)
