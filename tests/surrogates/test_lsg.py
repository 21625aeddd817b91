import math

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.neurons import IF, LIF, PLIF
from tssd.surrogates import LSG, Rectangular
from tssd.testing import check_neuron, check_surrogate
from tssd.time import TimeFold

OPTIONS = {"v_threshold": 0.5, "v_reset": 0.0, "decay_input": False, "detach_reset": False}


def neuron(tau=1.25):
    return PLIF(tau, surrogate=LSG(), **OPTIONS)


def inputs():
    generator = torch.Generator().manual_seed(0)
    return 0.5 * torch.randn(5, 20, 30, generator=generator, dtype=torch.double)


def test_it_keeps_the_contract():
    check_surrogate(lambda: LSG().following(torch.tensor(0.2, dtype=torch.double), 0.5))
    check_neuron(neuron)


@pytest.mark.parametrize("decay", [0.0, 0.2, 0.9])
def test_its_width_is_two_deviations_of_the_membrane(decay):
    window = LSG().following(torch.tensor(decay, dtype=torch.double), 0.5)
    width = 2 * 0.5 * math.sqrt(1 + decay**2)  # 1.02 for the decay to begin with, 0.2
    s = torch.tensor([0.0, 0.499 * width, 0.501 * width], dtype=torch.double)
    inside = [1 / width, 1 / width, 0]
    assert window.derivative(s).tolist() == pytest.approx(inside)
    edge, kept = window.width / 2, torch.tensor(True)
    window.compress(edge.clone(), kept)
    assert window.derivative(edge) == 0 and not kept  # it is open


class Spike(torch.autograd.Function):
    """https://github.com/jqjiang1999/MPD-AGL with the gamma of its norm at 1, written anew."""

    @staticmethod
    def forward(ctx, s, width):
        ctx.save_for_backward(s, width)
        return (s >= 0).to(s.dtype)

    @staticmethod
    def backward(ctx, *grads):
        s, width = ctx.saved_tensors
        return grads[0] * (s.abs() < width / 2) / width, None


@pytest.mark.parametrize("tau", [1.25, 3.0])
def test_values_and_gradients_are_those_of_the_equations(tau):
    ours, x = neuron(tau).double(), inputs().requires_grad_()
    weights = torch.arange(x.numel(), dtype=x.dtype).cos().view(x.shape)
    spikes = ours(x)
    g_x, g_w = torch.autograd.grad((spikes * weights).sum(), [x, ours.w])

    raw = torch.tensor(math.log(tau - 1), dtype=torch.double, requires_grad=True)
    v, expected = torch.zeros_like(x[0]), []
    for x_t in x:
        decay = torch.sigmoid(raw)
        u = decay * v + x_t
        o = Spike.apply(u - 0.5, 2 * 0.5 * torch.sqrt(1 + decay.detach() ** 2))
        v = u * (1 - o)
        expected.append(o)
    h_x, h_raw = torch.autograd.grad((torch.stack(expected) * weights).sum(), [x, raw])
    assert torch.equal(spikes, torch.stack(expected)) and 0.05 < spikes.mean() < 0.95
    torch.testing.assert_close(g_x, h_x)
    torch.testing.assert_close(g_w, -h_raw)  # PLIF trains the other share, sigmoid(w) = 1 - decay


def test_the_width_follows_the_decay_that_is_trained():
    ours, x = neuron(1.25).double(), inputs()[:1].requires_grad_()
    (g,) = torch.autograd.grad(ours(x).sum(), x)
    ours.w.data.fill_(-10.0)  # decay near 1
    (h,) = torch.autograd.grad(ours(x).sum(), x)
    assert g.max().item() == pytest.approx(1 / math.sqrt(1.04))
    assert h.max().item() == pytest.approx(1 / math.sqrt(2), rel=1e-3)
    assert h.count_nonzero() > g.count_nonzero()


@pytest.mark.parametrize("low", [False, True])
def test_weights_and_decay_get_gradients_in_float32_and_under_autocast(low):
    torch.manual_seed(0)
    net = nn.Sequential(TimeFold(nn.Linear(6, 8)), neuron(), TimeFold(nn.Linear(8, 3)))
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        y = net(torch.randn(5, 10, 6))
    y.float().square().sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all() and p.grad.any(), name


@pytest.mark.parametrize("kind", [LIF, IF])
def test_a_neuron_that_trains_no_decay_refuses_it(kind):
    with pytest.raises(UsageError, match="^surrogate: LSG follows a decay .* take tssd.neurons.P"):
        kind(surrogate=LSG())


def test_other_surrogates_follow_nothing():
    fixed = Rectangular()
    assert fixed.following(torch.tensor(0.2), 0.5) is fixed
