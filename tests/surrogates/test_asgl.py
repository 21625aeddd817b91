import copy
import math

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.neurons import LIF
from tssd.parameter_options import parameter_groups
from tssd.surrogates import ASGL, Rectangular
from tssd.testing import check_neuron, check_surrogate
from tssd.time import TimeFold

T, N, F = 5, 40, 30

FORMS = [
    {},
    {"learn_width": False},
    {"noise": 0.0},
    {"noise": 1.0, "noise_end": 0.0, "noise_factor": 0.8, "width": 1.7},
]


def points(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape or (20_000,), generator=generator, dtype=torch.double)


def theirs(s, r, spikes):
    """One call of the authors' noisy spike, written as they do, with the mask given."""
    soft = torch.clamp(torch.exp(r) * s + 0.5, 0, 1.0)
    return soft + (((s >= 0).double() - soft) * spikes.double()).detach()


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_it_keeps_the_contract(form):
    check_surrogate(lambda: ASGL(**form))


def test_a_neuron_with_it_keeps_the_contract():
    check_neuron(lambda: LIF(surrogate=ASGL(width=2.0)))


def test_values_and_gradients_are_the_authors():
    surrogate, s = ASGL(0.3, width=1.5).double(), points().requires_grad_()
    weights = points(seed=1)
    assert surrogate.log_slope is not None
    torch.manual_seed(3)
    out = surrogate.spike(s)
    g_s, g_r = torch.autograd.grad((out * weights).sum(), [s, surrogate.log_slope])

    torch.manual_seed(3)
    spikes = torch.rand_like(s) >= 0.3
    r = torch.tensor(-math.log(1.5), dtype=torch.double, requires_grad=True)
    expected = theirs(s, r, spikes)
    h_s, h_r = torch.autograd.grad((expected * weights).sum(), [s, r])
    torch.testing.assert_close(out, expected)
    torch.testing.assert_close(g_s, h_s)
    torch.testing.assert_close(g_r, h_r)


def test_a_share_p_shows_the_soft_step_and_the_rest_spikes():
    surrogate, s = ASGL(0.2).double(), 0.4 * points()
    out = surrogate.spike(s).detach()
    soft, spikes = surrogate.primitive(s).detach(), (s >= 0).double()
    assert ((out == soft) | (out == spikes)).all()
    seen = out[(soft > 0) & (soft < 1)]  # where the two differ
    shown = ((seen > 0) & (seen < 1)).double().mean()
    assert shown == pytest.approx(0.2, abs=4 * (0.16 / len(seen)) ** 0.5)


def test_every_timestep_draws_anew():
    surrogate, s = ASGL(0.5), torch.full((1000,), 0.1)
    one, other = surrogate.spike(s), surrogate.spike(s)
    assert 0.4 < (one != other).float().mean() < 0.6
    x = torch.full((2, 1, 500), 1.1)  # above the threshold of 1: spikes, or soft steps of 0.6
    spikes = LIF(surrogate=ASGL(0.5, learn_width=False))(x)
    assert spikes[0].unique().tolist() == pytest.approx([0.6, 1.0])


def test_the_same_seed_gives_the_same_masks_and_another_one_others():
    neuron, x = LIF(surrogate=ASGL(0.5)), points(T, N, F).float()

    def drawn(seed):
        torch.manual_seed(seed)
        return neuron(x).detach()

    assert torch.equal(drawn(0), drawn(0))
    assert not torch.equal(drawn(0), drawn(1))


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("grad", [False, True])
def test_evaluation_draws_nothing_and_spikes(form, grad):
    neuron = LIF(surrogate=ASGL(**form)).eval()
    x = points(T, N, F).float().requires_grad_()
    before = torch.get_rng_state()
    with torch.set_grad_enabled(grad):
        y = neuron(x).detach()
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(y, LIF()(x).detach())


def test_without_noise_nothing_is_drawn_in_training_either():
    before = torch.get_rng_state()
    ASGL(0.0).spike(points())
    ASGL(0.0, learn_width=False).spike(points())
    assert torch.equal(torch.get_rng_state(), before)


def outcome(surrogate, x):
    neuron = LIF(v_reset=0.0, surrogate=surrogate).to(x.dtype)
    spikes, state = neuron.scan(x)
    loss = (spikes * points(*spikes.shape, seed=2).to(x.dtype)).sum() + state.v.square().sum()
    return spikes.detach(), *torch.autograd.grad(loss, x)


def test_without_noise_and_with_a_fixed_width_it_is_the_rectangular_surrogate_bit_for_bit():
    x = points(T, N, F).float().requires_grad_()
    fixed = ASGL(0.0, width=0.7, learn_width=False)
    assert fixed.current() == Rectangular(0.7) and not list(fixed.parameters())
    for a, b in zip(outcome(fixed, x), outcome(Rectangular(0.7), x), strict=True):
        assert torch.equal(a, b)


def test_without_noise_a_width_that_is_trained_starts_from_the_rectangular_surrogate():
    x = points(T, N, F).requires_grad_()
    for a, b in zip(outcome(ASGL(0.0, width=0.7), x), outcome(Rectangular(0.7), x), strict=True):
        torch.testing.assert_close(a, b)


def test_the_fused_scan_runs_where_nothing_is_drawn_or_learnt():
    surrogate = ASGL()
    assert surrogate.current() is surrogate
    assert surrogate.eval().current() is surrogate  # its width may still want a gradient
    with torch.no_grad():
        assert surrogate.current() == Rectangular(1.0)
        assert surrogate.train().current() is surrogate


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"noise": 0.2}, [0.2] * 6),
        ({"noise": 0.8, "noise_end": 0.0}, [0.8, 0.6, 0.4, 0.2, 0.04, 0.0]),
        # Multiplied at 0, 0.2, 0.4, 0.6, 0.8 and 0.95 of the training.
        ({"noise": 1.0, "noise_factor": 0.5}, [2**-1, 2**-2, 2**-3, 2**-4, 2**-6, 2**-6]),
    ],
)
def test_how_the_noise_changes(options, expected):
    surrogate, epochs = ASGL(**options), (0, 5, 10, 15, 19, 20)
    logged, used = [], []
    for epoch in epochs:
        logged.append(surrogate.set_progress(epoch, 20))
        used.append(surrogate.p)
    assert used == pytest.approx(expected)
    changes = len(set(expected)) > 1
    assert logged == [{"noise": p} if changes else None for p in used]


def test_the_width_has_a_group_of_its_own():
    neuron = LIF(surrogate=ASGL(width=2.0, lr_factor=0.1))
    (log_slope,) = neuron.state_dict().values()
    assert list(neuron.state_dict()) == ["surrogate.log_slope"]
    assert log_slope.exp().item() == pytest.approx(0.5)
    (group,) = parameter_groups(neuron, lr=0.5)
    assert (group["weight_decay"], group["lr"]) == (0.0, pytest.approx(0.05))
    assert parameter_groups(LIF(surrogate=ASGL(learn_width=False))) == []


@pytest.mark.parametrize("low", [False, True])
def test_weights_and_width_get_gradients_in_float32_and_under_autocast(low):
    torch.manual_seed(0)
    net = nn.Sequential(TimeFold(nn.Linear(6, 8)), LIF(surrogate=ASGL()), TimeFold(nn.Linear(8, 3)))
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        y = net(torch.randn(T, N, 6))
    y.float().square().sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all() and p.grad.any(), name


def test_a_copy_has_masks_and_a_width_of_its_own():
    one = ASGL(noise_end=0.0)
    one.set_progress(10, 10)
    other = copy.deepcopy(one)
    assert other.p == 0 and other.log_slope is not one.log_slope


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"noise": 1.2}, "noise: got 1.2, expected a probability, 0 to 1"),
        ({"noise": math.nan}, "noise: got nan, expected a probability, 0 to 1"),
        ({"noise_end": -0.1}, "noise_end: got -0.1, expected a probability, 0 to 1"),
        ({"noise_factor": 1.5}, "noise_factor: got 1.5, expected 0 to 1"),
        ({"width": 0.0}, "width: got 0.0, expected a finite number > 0"),
        ({"lr_factor": math.inf}, "lr_factor: got inf, expected a finite number >= 0"),
    ],
)
def test_options_out_of_range_are_refused(options, told):
    with pytest.raises(UsageError) as error:
        ASGL(**options)
    assert str(error.value) == told
