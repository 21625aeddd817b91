import math

import pytest
import torch
from spikingjelly.activation_based import surrogate as spikingjelly
from torch import nn

from tssd.errors import UsageError
from tssd.neurons import LIF
from tssd.surrogates import ATan, ClampedTanh, Rectangular, Sigmoid, Triangular
from tssd.testing import check_neuron, check_surrogate

ALL = [
    Rectangular(),
    Rectangular(0.5),
    Triangular(),
    Triangular(2.5),
    Sigmoid(),
    Sigmoid(1.5),
    ATan(),
    ATan(0.7),
    ClampedTanh(),
    ClampedTanh(2.5, width=2.0),
]
# SpikingJelly names a slope alpha everywhere; a window's width is its inverse.
TWINS = [
    (Rectangular(), spikingjelly.Rect(alpha=1.0)),
    (Rectangular(0.5), spikingjelly.Rect(alpha=2.0)),
    (Triangular(), spikingjelly.PiecewiseQuadratic(alpha=1.0)),
    (Triangular(2.5), spikingjelly.PiecewiseQuadratic(alpha=1 / 2.5)),
    (Sigmoid(), spikingjelly.Sigmoid(alpha=4.0)),
    (Sigmoid(1.5), spikingjelly.Sigmoid(alpha=1.5)),
    (ATan(), spikingjelly.ATan(alpha=2.0)),
    (ATan(0.7), spikingjelly.ATan(alpha=0.7)),
]


def kinks(surrogate):
    """Where the derivative is discontinuous, or its one-sided limits disagree."""
    if isinstance(surrogate, Rectangular | ClampedTanh):
        return [-surrogate.width / 2, surrogate.width / 2]
    return []


def points(surrogate):
    torch.manual_seed(0)
    s = torch.empty(2000, dtype=torch.double).uniform_(-4, 4)
    for kink in kinks(surrogate):
        s = s[(s - kink).abs() > 1e-6]
    return s


@pytest.mark.parametrize("surrogate", ALL, ids=str)
def test_derivative_is_autograd_of_the_primitive(surrogate):
    s = points(surrogate).requires_grad_()
    (slope,) = torch.autograd.grad(surrogate.primitive(s).sum(), s)
    torch.testing.assert_close(surrogate.derivative(s.detach()), slope)


@pytest.mark.parametrize("surrogate", ALL, ids=str)
def test_primitive_rises_from_0_to_1_through_one_half(surrogate):
    s = torch.tensor([-1e9, 0.0, 1e9], dtype=torch.double)
    expected = torch.tensor([0.0, 0.5, 1.0], dtype=torch.double)
    torch.testing.assert_close(surrogate.primitive(s), expected)
    rising = surrogate.primitive(points(surrogate).sort().values)
    assert (rising.diff() >= 0).all()


def test_derivatives_at_hand_computed_points():
    s = torch.tensor([-1.0, -0.25, 0.0, 0.5])
    for surrogate, expected in [
        (Rectangular(1.0), [0, 1, 1, 0]),  # the window is open: not at 0.5 itself
        (Rectangular(2.0), [0, 0.5, 0.5, 0.5]),
        (Triangular(1.0), [0, 0.75, 1, 0.5]),
        (Triangular(2.0), [0.25, 0.4375, 0.5, 0.375]),
        (Sigmoid(4.0), [4 * q * (1 - q) for q in (1 / (1 + math.e**k) for k in (4, 1, 0, -2))]),
        (ATan(2.0), [1 / (1 + (math.pi * k) ** 2) for k in (1, 0.25, 0, 0.5)]),
        # Guo's: 1 - tanh^2 = cosh^-2; cut at 0.5, which is inside.
        (
            ClampedTanh(3.0),
            [0, *(1.5 / math.tanh(1.5) / math.cosh(3 * k) ** 2 for k in (0.25, 0, 0.5))],
        ),
        # SML's Dspike: cut at 1.
        (
            ClampedTanh(2.5, 2.0),
            [1.25 / math.tanh(2.5) / math.cosh(2.5 * k) ** 2 for k in (1, 0.25, 0, 0.5)],
        ),
    ]:
        torch.testing.assert_close(surrogate.derivative(s), torch.tensor(expected).to(s))


@pytest.mark.parametrize(("ours", "theirs"), TWINS, ids=[str(ours) for ours, _ in TWINS])
def test_gradient_equals_spikingjellys(ours, theirs):
    s = points(ours).requires_grad_()
    (gradient,) = torch.autograd.grad(theirs(s).sum(), s)
    torch.testing.assert_close(ours.derivative(s.detach()), gradient)
    torch.testing.assert_close(
        ours.primitive(s.detach()), theirs.primitive_function(s, theirs.alpha)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("surrogate", ALL, ids=str)
def test_compress_then_scale_multiplies_by_the_derivative(surrogate, dtype):
    # The edges of a window, too: whether they lie inside is the derivative's to say.
    edges = torch.tensor(kinks(surrogate), dtype=torch.double)
    s = torch.cat([points(surrogate), edges]).to(dtype)
    grad = torch.randn_like(s)
    kept = torch.empty_like(s, dtype=surrogate.kept_dtype(dtype))
    surrogate.compress(s.clone(), kept)
    scaled = surrogate.scale(grad.clone(), kept)
    assert scaled.dtype == dtype
    torch.testing.assert_close(scaled, grad * surrogate.derivative(s))


def guo(s):
    """The gradient as https://github.com/yfguo91/MPBN writes it, u / V with V = 1, written anew."""
    c, k = (s + 0.5).clamp(0, 1).detach().requires_grad_(), 3
    smooth = (torch.tanh(k * (c - 0.5)) + math.tanh(k / 2)) / (2 * math.tanh(k / 2))
    (slope,) = torch.autograd.grad(smooth.sum(), c)
    return slope * ((s > -0.5) & (s < 0.5))


def test_the_clamped_tanh_keeps_the_contract():
    check_surrogate(ClampedTanh)
    check_neuron(lambda: LIF(surrogate=ClampedTanh(2.5, width=2.0)))


def test_the_clamped_tanh_is_that_of_its_authors():
    s = points(ClampedTanh())
    torch.testing.assert_close(ClampedTanh().derivative(s), guo(s))


def test_a_clamped_tanh_lies_between_a_window_and_a_tanh():
    s = points(ClampedTanh())
    flat, wide = ClampedTanh(1e-4, width=0.8), ClampedTanh(3.0, width=100.0)
    torch.testing.assert_close(flat.derivative(s), Rectangular(0.8).derivative(s))
    torch.testing.assert_close(wide.derivative(s), Sigmoid(6.0).derivative(s))


@pytest.mark.parametrize("surrogate", [ClampedTanh(), ClampedTanh(2.5, 2.0)], ids=str)
@pytest.mark.parametrize("low", [False, True])
def test_weights_get_gradients_in_float32_and_under_autocast(surrogate, low):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), LIF(surrogate=surrogate), nn.Linear(8, 3))
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        y = net(torch.randn(5, 10, 6))
    y.float().square().sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all() and p.grad.any(), name


def test_a_window_of_no_width_is_refused():
    with pytest.raises(UsageError, match="^width: got 0, expected a finite number > 0$"):
        ClampedTanh(3.0, 0)


def test_only_the_rectangular_window_keeps_one_byte():
    for surrogate in ALL:
        one_byte = isinstance(surrogate, Rectangular)
        assert surrogate.kept_dtype(torch.float32) == (torch.bool if one_byte else torch.float32)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Rectangular, "width"),
        (Triangular, "width"),
        (Sigmoid, "slope"),
        (ATan, "slope"),
        (ClampedTanh, "slope"),
    ],
)
def test_a_width_or_slope_must_be_positive(kind, name, value):
    with pytest.raises(UsageError, match=f"^{name}: got {value}, expected a finite number > 0$"):
        kind(value)
    with pytest.raises(UsageError, match=name):
        kind(**{name: value})


def test_surrogates_compare_by_value_and_cannot_change():
    assert ATan(3.0) == ATan(3.0) != ATan()
    with pytest.raises(AttributeError):
        ATan().slope = 1.0  # pyright: ignore[reportAttributeAccessIssue]
