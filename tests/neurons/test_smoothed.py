import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.neurons import LIF, SmoothedLIF
from tssd.parameter_options import parameter_groups
from tssd.surrogates import Sigmoid
from tssd.testing import check_neuron

HARD = {"v_reset": -0.3, "detach_reset": True, "decay_input": True, "strict": True}


@pytest.mark.parametrize("make", [SmoothedLIF, lambda: SmoothedLIF(3.0, 0.7, **HARD)])
def test_it_keeps_the_contract(make):
    check_neuron(make, drive=2.0)


def test_pencil_trace():
    # H 0.8, 1.4, 1.0; smoothed 0.8, 1.1 which fires, 1.05 which fires.
    neuron = SmoothedLIF()
    spikes, state = neuron.scan(torch.tensor([0.8, 1.0, 0.95]).view(3, 1, 1))
    assert spikes.flatten().tolist() == [0, 1, 1]
    assert (state.v.item(), state.h.item()) == (pytest.approx(0.05), pytest.approx(1.05))
    assert state.steps == 3
    # A quarter of what was: 0.8, then 0.2 + 3/4 1.4 = 1.25, then 1.25/4 + 3/4 1.075.
    quarter = SmoothedLIF(smoothing=0.25)
    _, state = quarter.scan(torch.tensor([0.8, 1.0, 0.95]).view(3, 1, 1))
    assert state.h.item() == pytest.approx(1.25 / 4 + 0.75 * 1.075)
    assert quarter.smoothing == pytest.approx(0.25)
    assert str(quarter).endswith("smoothing=0.25)")


def test_the_gradient_passes_both_the_membrane_and_what_was_smoothed():
    """Of H'(2) = H'(1)/2 + H(2)/2, H(2) = V(1)/2 + x(2), H'(1) = V(1) = x(1): 1/2 + 1/4 and 1/2."""
    x = torch.tensor([0.2, 0.3]).view(2, 1, 1).requires_grad_()
    _, state = SmoothedLIF().scan(x)
    state.h.sum().backward()
    assert x.grad.flatten().tolist() == [0.75, 0.5]


def test_the_gradient_of_the_share_by_hand():
    """Of H'(2) by w: a (1 - a) (H'(1) - H(2)), H'(1) = 0.2 and H(2) = 0.2/2 + 0.3."""
    neuron = SmoothedLIF()
    _, state = neuron.scan(torch.tensor([0.2, 0.3]).view(2, 1, 1))
    state.h.sum().backward()
    assert neuron.w.grad.item() == pytest.approx(0.25 * (0.2 - 0.4))


@pytest.mark.parametrize("options", [{}, HARD])
def test_without_smoothing_it_is_the_lif(options):
    x = torch.randn(4, 6, 3, dtype=torch.double, generator=torch.Generator().manual_seed(0)) + 0.6
    found = []
    for make in (LIF, SmoothedLIF):
        neuron = make(surrogate=Sigmoid(), **options).double()
        if isinstance(neuron, SmoothedLIF):
            neuron.w.data.fill_(-math.inf)
        own = (3 * x).requires_grad_()
        spikes, state = neuron.scan(own)
        (spikes.sum() + state.v.square().sum()).backward()
        found.append((spikes, state.v, own.grad))
    assert 0.1 < found[0][0].mean() < 0.9
    torch.testing.assert_close(found[0], found[1], rtol=1e-9, atol=1e-12)


def test_at_one_timestep_nothing_is_smoothed_and_nothing_learnt():
    neuron, x = SmoothedLIF(), torch.linspace(0.5, 1.5, 7).view(1, 7, 1)
    assert torch.equal(neuron(x), LIF()(x))
    neuron(x).sum().backward()
    assert neuron.w.grad == 0


def test_its_share_takes_no_weight_decay():
    (group,) = parameter_groups(SmoothedLIF())
    assert group["weight_decay"] == 0 and len(group["params"]) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smoothing": 1.0}, "smoothing: got 1.0, expected a share between 0 and 1"),
        ({"smoothing": 0.0}, "smoothing: got 0.0"),
        ({"tau": 1.0}, "tau: got 1.0"),
    ],
)
def test_values_out_of_range(options, message):
    with pytest.raises(UsageError, match=f"^{message}"):
        SmoothedLIF(**options)
