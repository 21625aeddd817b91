import math

import pytest
import torch
from spikingjelly.activation_based import neuron as sj_neuron
from spikingjelly.activation_based import surrogate as sj_surrogate

from tssd.errors import UsageError
from tssd.neurons import LIF, PLIF
from tssd.parameter_options import parameter_groups
from tssd.surrogates import ATan, Triangular
from tssd.testing import check_neuron

from .test_peers import normal


def outcome(run, x, *parameters):
    """Spikes, last membrane, and the gradients of a weighted sum of both."""
    x = x.clone().requires_grad_()
    spikes, v = run(x)
    weights = torch.arange(spikes.numel(), dtype=x.dtype).cos().view(spikes.shape)
    loss = (spikes * weights).sum() + (v * weights[0]).sum()
    return spikes.detach(), v.detach(), *torch.autograd.grad(loss, [x, *parameters])


def assert_same(ours, theirs):
    assert 0.1 < theirs[0].mean() < 0.9  # or the comparison would say little
    assert torch.equal(ours[0], theirs[0])
    assert len(ours) == len(theirs)
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


def scanned(neuron):
    def run(x):
        spikes, state = neuron.scan(x)
        return spikes, state.v

    return run


@pytest.mark.parametrize("make", [PLIF, lambda: PLIF(3.0, 0.7, v_reset=None, decay_input=False)])
def test_it_keeps_the_contract(make):
    check_neuron(make, drive=2.0)


@pytest.mark.parametrize("detach_reset", [False, True])
@pytest.mark.parametrize("v_reset", [None, 0.0, -0.3])
@pytest.mark.parametrize("decay_input", [False, True])
def test_it_is_spikingjellys_parametric_lif(v_reset, decay_input, detach_reset):
    options = {"v_reset": v_reset, "decay_input": decay_input, "detach_reset": detach_reset}
    neuron = PLIF(3.7, 0.9, **options).double()
    atan = sj_surrogate.ATan(alpha=2.0)
    node = sj_neuron.ParametricLIFNode(
        3.7, v_threshold=0.9, surrogate_function=atan, step_mode="m", **options
    ).double()
    node.load_state_dict(neuron.state_dict())  # w has the name that it has there
    x = normal(0, torch.double, scale=1.5 * (3.7 if decay_input else 1))
    ours = outcome(scanned(neuron), x, neuron.w)
    assert_same(ours, outcome(lambda x: (node(x), node.v), x, node.w))
    assert ours[-1].abs() > 1e-3


@pytest.mark.parametrize("decay_input", [False, True])
def test_with_its_first_time_constant_it_is_the_lif_of_the_same_options(decay_input):
    options = {"v_reset": 0.0, "decay_input": decay_input, "detach_reset": True}
    x = normal(1, torch.double, scale=2.5)
    ours = outcome(scanned(PLIF(2.0, **options).double()), x)
    assert_same(ours, outcome(scanned(LIF(2.0, surrogate=ATan(), **options)), x))


def test_pencil_trace_with_another_time_constant():
    neuron = PLIF(4.0)  # H = V + (x - V) / 4 = 0.75, 1.0625 which fires, 0.5
    x = torch.tensor([3.0, 2.0, 2.0]).view(3, 1, 1)
    spikes, state = neuron.scan(x)
    assert (spikes.flatten().tolist(), state.v.item()) == ([0, 1, 0], pytest.approx(0.5))
    assert neuron.tau == pytest.approx(4.0)
    assert "tau=4, " in str(neuron) and "ATan" in str(neuron)


def test_its_time_constant_takes_no_weight_decay():
    (group,) = parameter_groups(PLIF())
    assert group["weight_decay"] == 0 and len(group["params"]) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tau": 1.0}, "tau: got 1.0, expected a finite time constant > 1"),
        ({"tau": math.inf}, "tau: got inf"),
        ({"v_threshold": 0.0}, "v_threshold: got 0.0"),
        ({"v_reset": 1.0}, "v_reset: got 1.0, expected less than v_threshold"),
        ({"surrogate": Triangular}, "surrogate: got"),
    ],
)
def test_values_out_of_range(options, message):
    with pytest.raises(UsageError, match=f"^{message}"):
        PLIF(**options)
