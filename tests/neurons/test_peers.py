"""Our neurons beside SpikingJelly's and snnTorch's: equal wherever they mean the same."""

import pytest
import snntorch
import torch
from snntorch import surrogate as snn_surrogate
from spikingjelly.activation_based import neuron as sj_neuron
from spikingjelly.activation_based import surrogate as sj_surrogate

from tssd.neurons import IF, LIF
from tssd.surrogates import ATan, Rectangular, Sigmoid, Triangular

T, N, F = 6, 5, 40

SURROGATES = {
    "atan": (ATan(2.0), sj_surrogate.ATan(alpha=2.0)),
    "sigmoid": (Sigmoid(4.0), sj_surrogate.Sigmoid(alpha=4.0)),
    "triangular": (Triangular(1.5), sj_surrogate.PiecewiseQuadratic(alpha=1 / 1.5)),
    "rectangular": (Rectangular(1.25), sj_surrogate.Rect(alpha=1 / 1.25)),
}


def normal(seed, dtype=torch.float32, scale=1.5, shift=0.6):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(T, N, F, generator=generator, dtype=torch.double) * scale + shift
    return x.to(dtype)


def assert_same(ours, theirs, x, *, state=True):
    """Spikes, last membranes, and the input's gradient of a weighted sum of both are equal.

    `ours` and `theirs` map x [T, N, F] to spikes and the last membrane [N, F].
    """
    results = []
    for run in (ours, theirs):
        y = x.clone().requires_grad_()
        spikes, v = run(y)
        weights = torch.arange(spikes.numel(), dtype=x.dtype).cos().view(spikes.shape)
        loss = (spikes * weights).sum() + ((v * weights[0]).sum() if state else 0)
        results.append((spikes.detach(), v.detach(), torch.autograd.grad(loss, y)[0]))
    (spikes, v, g), (their_spikes, their_v, their_g) = results
    assert 0.1 < their_spikes.mean() < 0.9  # or the comparison would say little
    assert torch.equal(spikes, their_spikes)
    if state:
        torch.testing.assert_close(v, their_v, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(g, their_g, rtol=1e-6, atol=2e-6)


def ours(neuron):
    def run(x):
        spikes, state = neuron.scan(x)
        return spikes, state.v

    return run


def spikingjellys(node):
    def run(x):
        node.reset()
        return node(x), node.v

    return run


@pytest.mark.parametrize("name", SURROGATES)
@pytest.mark.parametrize("detach_reset", [False, True])
@pytest.mark.parametrize("v_reset", [None, 0.0, -0.3])
@pytest.mark.parametrize("decay_input", [False, True])
@pytest.mark.parametrize(("tau", "dtype"), [(2.0, torch.float32), (3.7, torch.float64)])
def test_lif_equals_spikingjellys(name, detach_reset, v_reset, decay_input, tau, dtype):
    surrogate, twin = SURROGATES[name]
    options = {"v_reset": v_reset, "detach_reset": detach_reset, "decay_input": decay_input}
    neuron = LIF(tau, 0.9, surrogate=surrogate, **options)
    node = sj_neuron.LIFNode(
        tau=tau, v_threshold=0.9, surrogate_function=twin, step_mode="m", **options
    )
    for seed in range(2):
        x = normal(seed, dtype, scale=1.5 * (tau if decay_input else 1))
        assert_same(ours(neuron), spikingjellys(node), x)


@pytest.mark.parametrize("name", SURROGATES)
@pytest.mark.parametrize("detach_reset", [False, True])
@pytest.mark.parametrize("v_reset", [None, 0.0, -0.3])
def test_if_equals_spikingjellys(name, detach_reset, v_reset):
    surrogate, twin = SURROGATES[name]
    options = {"v_reset": v_reset, "detach_reset": detach_reset}
    neuron = IF(1.1, surrogate=surrogate, **options)
    node = sj_neuron.IFNode(v_threshold=1.1, surrogate_function=twin, step_mode="m", **options)
    for seed in range(2):
        assert_same(ours(neuron), spikingjellys(node), normal(seed, torch.double))


def test_exactly_at_the_threshold_spikingjelly_fires_too():
    x = torch.tensor([0.5, 0.75, 1.0]).view(-1, 1, 1)  # H = 0.5, 1, 1
    node = sj_neuron.LIFNode(tau=2.0, decay_input=False, v_reset=None, step_mode="m")
    assert node(x).flatten().tolist() == LIF()(x).flatten().tolist() == [0, 1, 1]


def snntorchs(leaky):
    def run(x):
        mem, spikes = leaky.reset_mem(), []
        for x_t in x:
            spk, mem = leaky(x_t, mem)
            spikes.append(spk)
        return torch.stack(spikes), mem

    return run


# snnTorch fires above the threshold, we at it, which random numbers do not tell apart. By default
# its reset acts one step later and after the leak, m(t) = beta m(t-1) + x(t) - theta S(t-1), where
# ours is H(t) = beta (H(t-1) - theta S(t-1)) + x(t): the same for beta = 1 alone. With
# reset_delay=False it resets at once as we do, as long as the soft reset leaves no membrane above
# the threshold, and then its reset passes gradient.


@pytest.mark.parametrize("seed", range(4))
def test_if_equals_snntorchs_leaky_without_leak(seed):
    leaky = snntorch.Leaky(beta=1.0, spike_grad=snn_surrogate.atan(alpha=2.0))
    neuron = IF(detach_reset=True, surrogate=ATan(2.0))
    # Its last membrane still waits for the reset, so only spikes and gradients are compared.
    assert_same(ours(neuron), snntorchs(leaky), normal(seed), state=False)


@pytest.mark.parametrize("tau", [2.0, 4.0])
@pytest.mark.parametrize(
    ("mechanism", "v_reset", "highest"), [("subtract", None, 1.2), ("zero", 0.0, 9.0)]
)
def test_lif_equals_snntorchs_leaky_that_resets_at_once(tau, mechanism, v_reset, highest):
    leaky = snntorch.Leaky(
        beta=1 - 1 / tau,
        reset_mechanism=mechanism,
        reset_delay=False,
        spike_grad=snn_surrogate.atan(alpha=2.0),
    )
    neuron = LIF(tau, v_reset=v_reset, surrogate=ATan(2.0))
    for seed in range(4):
        # H = V (1 - 1/tau) + x stays below twice the threshold, so that V stays below it.
        assert_same(ours(neuron), snntorchs(leaky), normal(seed).clamp(max=highest))
