import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.neurons import IF, LIF, MPBNLIF, RealSpike, SmoothedLIF
from tssd.neurons.scan import Dynamics
from tssd.surrogates import ATan, Sigmoid, Surrogate

# Binary fractions, so that every value below is exact.
PENCIL_X = [0.75, 0.75, 0.5, 1.5, 0.0]


def trace(neuron, inputs):
    """Spikes and membrane after each step, step by step, of one neuron."""
    state, spikes, membrane = neuron.initial_state(torch.zeros(1)), [], []
    for x in inputs:
        s, state = neuron.step(torch.tensor([x]), state)
        spikes.append(s.item())
        membrane.append(state.v.item())
    return spikes, membrane


@pytest.mark.parametrize(
    ("neuron", "spikes", "membrane"),
    [
        # H = 0.75, 1.125, 0.5625, 1.78125, 0.390625
        (LIF(), [0, 1, 0, 1, 0], [0.75, 0.125, 0.5625, 0.78125, 0.390625]),
        # H = 0.75, 1.125, 0.5, 1.75, 0
        (LIF(v_reset=0.0), [0, 1, 0, 1, 0], [0.75, 0.0, 0.5, 0.0, 0.0]),
        # H = V/2 - 1/4 + x, from V = -1/2: 0.25, 0.625, 0.5625, 1.53125, -0.5
        (LIF(v_reset=-0.5), [0, 0, 0, 1, 0], [0.25, 0.625, 0.5625, -0.5, -0.5]),
        # H = V/2 + x/2, threshold 1/2: 0.375, 0.5625, 0.28125, 0.890625, 0.1953125
        (
            LIF(v_threshold=0.5, decay_input=True),
            [0, 1, 0, 1, 0],
            [0.375, 0.0625, 0.28125, 0.390625, 0.1953125],
        ),
        # H = 3V/4 + x: 0.75, 1.3125, 0.734375, 2.05078125, 0.7880859375
        (LIF(4.0), [0, 1, 0, 1, 0], [0.75, 0.3125, 0.734375, 1.05078125, 0.7880859375]),
        # H = V + x: 0.75, 1.5, 1, 1.5, 0.5: exactly at the threshold fires
        (IF(), [0, 1, 1, 1, 0], [0.75, 0.5, 0.0, 0.5, 0.5]),
        (IF(v_reset=0.0), [0, 1, 0, 1, 0], [0.75, 0.0, 0.5, 0.0, 0.0]),
    ],
    ids=["soft", "hard", "hard-below-0", "decay-input", "tau-4", "IF-soft", "IF-hard"],
)
def test_pencil_trace(neuron, spikes, membrane):
    assert trace(neuron, PENCIL_X) == (spikes, membrane)
    x = torch.tensor(PENCIL_X).view(-1, 1, 1).expand(-1, 2, 3)
    whole, state = neuron.scan(x)
    assert torch.equal(whole, torch.tensor(spikes).to(x).view(-1, 1, 1).expand_as(x))
    assert torch.equal(state.v, torch.full((2, 3), membrane[-1]))


def test_a_membrane_above_twice_the_threshold_fires_once_a_step_and_keeps_the_rest():
    assert trace(IF(), [3.5, 0.0, 0.0, 0.0]) == ([1, 1, 1, 0], [2.5, 1.5, 0.5, 0.5])


@pytest.mark.parametrize("neuron", [LIF(), LIF(v_reset=0.0), IF()])
def test_spikes_are_zeros_and_ones_and_both_occur(neuron):
    torch.manual_seed(0)
    spikes = neuron(torch.randn(5, 3, 8))
    assert spikes.unique().tolist() == [0, 1]


@pytest.mark.parametrize("neuron", [LIF(), LIF(v_reset=-0.3, surrogate=ATan()), IF()])
def test_two_calls_are_bit_equal_and_any_batch_may_follow(neuron):
    torch.manual_seed(0)
    x = torch.randn(4, 32, 6)
    once = neuron(x)
    few = neuron(x[:, :7])
    assert torch.equal(neuron(x), once)
    assert torch.equal(few, once[:, :7])


@pytest.mark.parametrize("neuron", [LIF(), LIF(v_reset=0.0), IF()])
@pytest.mark.parametrize("t", [0, 2, 4])
def test_spikes_do_not_depend_on_later_input(neuron, t):
    torch.manual_seed(0)
    x = torch.randn(6, 3, 50)
    changed = x.clone()
    changed[t + 1 :] = torch.randn_like(changed[t + 1 :]) + 1
    assert torch.equal(neuron(x)[: t + 1], neuron(changed)[: t + 1])
    assert not torch.equal(neuron(x)[t + 1], neuron(changed)[t + 1])


def test_one_step_of_time_is_a_sequence():
    x = torch.tensor([[[0.5, 1.5]]])
    assert torch.equal(LIF()(x), torch.tensor([[[0.0, 1.0]]]))


@pytest.mark.parametrize("neuron", [LIF(), LIF(v_reset=-0.3), IF(v_reset=0.0)])
def test_an_expanded_view_is_a_sequence_like_any_other(neuron):
    torch.manual_seed(0)
    image = torch.randn(3, 8).requires_grad_()
    view = image.expand(5, 3, 8)
    spikes, state = neuron.scan(view)
    written_out, same_state = neuron.scan(view.contiguous())
    assert torch.equal(spikes, written_out)
    assert torch.equal(state.v, same_state.v)
    (g,) = torch.autograd.grad(spikes.sum(), image)
    (h,) = torch.autograd.grad(written_out.sum(), image)
    torch.testing.assert_close(g, h)
    assert g.count_nonzero() > 0


@pytest.mark.parametrize(
    ("given", "membrane"),
    [
        (torch.float64, torch.float64),
        (torch.float32, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
    ],
)
def test_the_membrane_is_float32_at_least(given, membrane):
    spikes, state = LIF().scan(torch.randn(3, 2, 4).to(given))
    assert (spikes.dtype, state.v.dtype) == (given, membrane)


def test_a_membrane_in_half_precision_still_adds_up_small_inputs():
    # 512 inputs of 2^-9 reach the threshold exactly; in bfloat16 the sum would stick at 0.5.
    x = torch.full((512, 1, 1), 2**-9, dtype=torch.bfloat16)
    assert IF()(x).sum() == 1


def test_the_initial_membrane_rests():
    x_t = torch.randn(2, 3)
    for neuron, rest in [(LIF(), 0.0), (LIF(v_reset=-0.3), -0.3), (IF(v_reset=0.0), 0.0)]:
        assert torch.equal(neuron.initial_state(x_t).v, torch.full((2, 3), rest))


def test_a_surrogate_of_your_own_needs_only_its_derivative():
    class Straight(Surrogate):
        def derivative(self, s):
            return torch.ones_like(s)

    x = torch.zeros(3, 1, 1, requires_grad=True)
    LIF(surrogate=Straight(), detach_reset=True)(x).sum().backward()
    # d H(t) / d x(t') = 2^-(t-t'), every spike passes the gradient on.
    assert x.grad is not None
    assert x.grad.flatten().tolist() == [1.75, 1.5, 1.0]


@pytest.mark.parametrize("kind", [LIF, MPBNLIF, RealSpike, SmoothedLIF])
def test_options_reach_the_dynamics_of_every_kind(kind):
    options = {"v_reset": -0.5, "decay_input": True, "detach_reset": True, "strict": True}
    neuron = kind(4.0, 0.5, surrogate=Sigmoid(3.0), **options)
    assert neuron.dynamics == Dynamics(
        0.75, gain=0.25, offset=-0.125, threshold=0.5, v_reset=-0.5, detach_reset=True, strict=True
    )
    assert neuron.surrogate == Sigmoid(3.0)


def test_neurons_do_not_share_what_they_were_not_given_together():
    one, other = LIF(), LIF()
    one.v_threshold = 0.5
    assert other.v_threshold == LIF().v_threshold == 1
    assert "decay=0.5" in str(LIF())
    assert "surrogate=Rectangular(width=1.0)" in str(IF())


@pytest.mark.parametrize("tau", [1.0, 0.5, 0.0, -2.0, float("nan")])
def test_a_time_constant_must_exceed_one_step(tau):
    with pytest.raises(UsageError, match=f"^tau: got {tau}, expected a time constant > 1"):
        LIF(tau)


def test_an_infinite_time_constant_needs_its_input_whole():
    x = torch.full((3, 1, 1), 0.4)
    assert torch.equal(LIF(math.inf)(x), IF()(x))
    with pytest.raises(UsageError, match="^tau: got inf with decay_input, .* decay_input=False"):
        LIF(math.inf, decay_input=True)


@pytest.mark.parametrize("kind", [LIF, IF])
@pytest.mark.parametrize("v_reset", [1.0, 1.5])
def test_a_reset_at_or_above_the_threshold_is_refused(kind, v_reset):
    with pytest.raises(UsageError, match=f"^v_reset: got {v_reset}, expected less than .* = 1.0"):
        kind(v_reset=v_reset)
    assert kind(v_threshold=2.0, v_reset=v_reset).dynamics.v_reset == v_reset


def test_another_threshold_can_be_set_and_is_checked():
    neuron = LIF(v_reset=0.25)
    neuron.v_threshold = 0.5
    assert neuron.v_threshold == 0.5
    assert neuron.dynamics == LIF(v_threshold=0.5, v_reset=0.25).dynamics
    with pytest.raises(UsageError, match="^v_reset: got 0.25, expected less than .* = 0.2"):
        neuron.v_threshold = 0.2


@pytest.mark.parametrize("kind", [LIF, IF])
@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_neuron_that_could_never_fire_is_refused(kind, value):
    with pytest.raises(UsageError, match=f"^v_threshold: got {value}, expected a finite potential"):
        kind(v_threshold=value)
    with pytest.raises(UsageError, match="^v_reset: got"):
        kind(v_reset=-value)


@pytest.mark.parametrize(
    "x", [torch.zeros(0, 2), torch.tensor(1.0), torch.ones(2, 3) > 0, torch.ones(2, 3) * 1j]
)
def test_what_is_no_sequence_of_numbers_is_refused(x):
    with pytest.raises(UsageError, match=r"^input: got .*, expected real numbers \[T, N"):
        LIF()(x)


@pytest.mark.parametrize("surrogate", [torch.sigmoid, Sigmoid])
def test_a_surrogate_is_an_object(surrogate):
    with pytest.raises(UsageError, match="^surrogate: got .*, expected an object"):
        LIF(surrogate=surrogate)
