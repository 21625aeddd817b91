import math

import pytest
import torch
from spikingjelly.activation_based import surrogate as spikingjelly
from torch import nn

from tssd.errors import UsageError
from tssd.neurons import LIF
from tssd.progress import set_progress
from tssd.surrogates import ESG, AnnealedRectangular, Rectangular, Sigmoid
from tssd.testing import check_neuron, check_surrogate

BOTH = [ESG, AnnealedRectangular]


def points():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 30, 20, generator=generator, dtype=torch.double)


@pytest.mark.parametrize("kind", BOTH)
def test_it_keeps_the_contract(kind):
    check_surrogate(kind)
    check_neuron(lambda: LIF(surrogate=kind()))


def test_esg_steepens_from_k_min_to_k_max():
    surrogate = ESG()
    ks = [surrogate.set_progress(epoch, 100)["k"] for epoch in (0, 50, 100)]
    assert ks == pytest.approx([1, math.sqrt(10), 10])
    (k,) = ESG(0.5, 2.0).set_progress(0.25, 1).values()
    grown = 10**0.25
    assert k == pytest.approx(((grown - 1) * 2 + (10 - grown) * 0.5) / 9)


@pytest.mark.parametrize("epoch", [0, 3, 10])
def test_esgs_gradient_is_that_of_its_paper_and_spikingjellys_sigmoid_of_twice_k(epoch):
    surrogate, s = ESG(), points().requires_grad_()
    k = surrogate.set_progress(epoch, 10)["k"]
    (g,) = torch.autograd.grad(surrogate.spike(s).sum(), s)
    torch.testing.assert_close(g, k / 2 * (1 - torch.tanh(k * s.detach()) ** 2))
    (h,) = torch.autograd.grad(spikingjelly.Sigmoid(alpha=2 * k)(s).sum(), s)
    torch.testing.assert_close(g, h)


def test_the_window_narrows_by_the_same_factor_every_epoch():
    surrogate = AnnealedRectangular(2.0, 0.5)
    widths = [surrogate.set_progress(epoch, 4)["width"] for epoch in range(5)]
    assert widths == pytest.approx([2, 2**0.5, 1, 2**-0.5, 0.5])
    assert surrogate.derivative(torch.tensor([0.2, 0.3])).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [(ESG, Sigmoid(2.0), Sigmoid(20.0)), (AnnealedRectangular, Rectangular(2.0), Rectangular(0.5))],
)
def test_a_neuron_trains_as_with_the_fixed_surrogate_of_the_moment(kind, first, last):
    neuron, x = LIF(surrogate=kind()), points().requires_grad_()
    for epoch, fixed in ((None, first), (10, last)):
        if epoch is not None:
            told = set_progress(neuron, epoch, 10)
            assert list(told)[0].startswith("surrogate.")
        kept = []
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda t, kept=kept: kept.append(t.dtype) or t, lambda t: t
        )
        with hooks:
            y = neuron(x)
        expected = LIF(surrogate=fixed)(x)
        assert kept == [fixed.kept_dtype(torch.double)]
        g, h = (torch.autograd.grad(out.sum(), x)[0] for out in (y, expected))
        assert torch.equal(y, expected) and torch.equal(g, h)


@pytest.mark.parametrize("kind", BOTH)
def test_without_gradients_the_fused_scan_runs_whatever_the_width(kind):
    surrogate = kind()
    assert surrogate.current() is surrogate
    with torch.no_grad():
        assert surrogate.current() == Rectangular()


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("low", [False, True])
def test_weights_get_gradients_in_float32_and_under_autocast(kind, low):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), LIF(surrogate=kind()), nn.Linear(8, 3))
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        y = net(torch.randn(5, 10, 6))
    y.float().square().sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all() and p.grad.any(), name


@pytest.mark.parametrize(
    ("make", "option"),
    [
        (lambda: ESG(0.0), "k_min: got 0.0"),
        (lambda: ESG(k_max=math.inf), "k_max: got inf"),
        (lambda: AnnealedRectangular(-1.0), "start: got -1.0"),
        (lambda: AnnealedRectangular(end=math.nan), "end: got nan"),
    ],
)
def test_options_out_of_range_are_refused(make, option):
    with pytest.raises(UsageError, match=f"^{option}, expected a finite number > 0$"):
        make()
