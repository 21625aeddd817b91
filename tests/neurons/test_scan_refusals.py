"""What the scan must not swallow: NaN, a state that does not fit, a second derivative."""

import math
import warnings

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.neurons import IF, LIF, LIFState
from tssd.surrogates import ATan
from tssd.time import TimeFold

NEURONS = [LIF(), LIF(v_reset=0.0), LIF(v_reset=-0.3, detach_reset=True, surrogate=ATan()), IF()]
neurons = pytest.mark.parametrize("neuron", NEURONS, ids=["soft", "hard", "atan", "IF"])


@neurons
@pytest.mark.parametrize("step", [0, 1, 3])
@pytest.mark.parametrize("wants_gradient", [False, True])
@pytest.mark.parametrize("dtype", [torch.float, torch.double, torch.bfloat16])
def test_nan_at_any_step_reaches_the_last_spikes_of_its_neuron_only(
    neuron, step, wants_gradient, dtype
):
    x = torch.full((4, 2, 3), 1.5, dtype=dtype)
    expected = neuron(x)
    x[step, 1, 2] = math.nan
    spikes = neuron(x.requires_grad_(wants_gradient))
    assert spikes[-1, 1, 2].isnan()
    others = torch.ones(2, 3, dtype=torch.bool)
    others[1, 2] = False
    assert torch.equal(spikes[:, others], expected[:, others])


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_an_infinite_membrane_is_no_silence_either(value):
    x = torch.ones(3, 1, 2)
    x[0, 0, 1] = value
    assert LIF()(x)[-1, 0].isnan().tolist() == [False, True]


@neurons
@pytest.mark.parametrize(
    "v",
    [torch.zeros(1, 3), torch.zeros(7, 3), torch.zeros(3), torch.zeros(()), torch.zeros(2, 1, 3)],
    ids=lambda v: str(list(v.shape)),
)
@pytest.mark.parametrize("wants_gradient", [False, True])
def test_a_state_of_another_batch_is_refused(neuron, v, wants_gradient):
    x = torch.ones(4, 2, 3, requires_grad=wants_gradient)
    with pytest.raises(UsageError, match=r"^state: got a membrane .* \[2, 3\] .*initial_state"):
        neuron.scan(x, LIFState(v))
    with pytest.raises(UsageError, match="^state:"):
        neuron.step(x[0], LIFState(v))


@pytest.mark.parametrize(
    ("x", "v"), [("float64", "float32"), ("float32", "bfloat16"), ("bfloat16", "bfloat16")]
)
def test_a_state_that_would_round_the_membrane_is_refused(x, v):
    x, v = torch.ones(4, 2, 3, dtype=getattr(torch, x)), torch.zeros(2, 3, dtype=getattr(torch, v))
    with pytest.raises(UsageError, match=f"^state: .*{v.dtype}"):
        LIF().scan(x, LIFState(v))


def penalised(neuron):
    torch.manual_seed(0)
    net = nn.Sequential(TimeFold(nn.Linear(4, 8)), neuron)
    x = torch.rand(3, 2, 4, requires_grad=True)
    # The gradient of this sum does not depend on any weight behind the spike, so that a second
    # derivative that is missing would go unnoticed.
    return torch.autograd.grad(net(x).sum(), x, create_graph=True)[0].square().sum()


@neurons
def test_a_gradient_penalty_through_the_spike_is_refused(neuron):
    with pytest.raises(UsageError, match="^create_graph: got True"):
        penalised(neuron)


def test_a_penalty_in_front_of_the_spike_and_a_plain_gradient_go_through():
    layer, neuron = nn.Linear(4, 8), LIF()
    x = torch.rand(2, 4, requires_grad=True)
    current = layer(x)
    [g] = torch.autograd.grad(current.square().sum(), x, create_graph=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (neuron(current.expand(3, -1, -1)).sum() + g.square().sum()).backward()
    assert layer.weight.grad is not None and layer.weight.grad.any()
