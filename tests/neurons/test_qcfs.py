"""QCFS and SRP: the activation, its conversion, and what pre-steps change."""

from functools import partial

import pytest
import torch

from tssd.errors import UsageError
from tssd.neurons import IF, QCFS
from tssd.neurons.qcfs import LEAST_THRESHOLD
from tssd.testing import check_neuron
from tssd.time import repeat_in_time


@pytest.mark.parametrize("pre_steps", [0, 2])
def test_it_keeps_the_contract_of_neurons(pre_steps):
    check_neuron(partial(QCFS, pre_steps=pre_steps), drive=8.0)


def test_the_activation_by_hand():
    neuron = QCFS(levels=4, v_threshold=2.0)
    # In steps of V / L = 1/2, rounded half up; at least 0, at most V.
    x = torch.tensor([[[-3.0, -0.1, 0.24, 0.25, 0.74, 0.75, 1.9, 2.0, 9.0]]])
    assert neuron(x).tolist() == [[[0, 0, 0, 0.5, 0.5, 1, 2, 2, 2]]]


def test_a_whole_threshold_is_that_number():
    x = torch.linspace(-1, 10, 12).view(1, 1, -1)
    whole, point = QCFS(v_threshold=8), QCFS(v_threshold=8.0)
    assert torch.equal(whole(x), point(x))
    assert whole.v_threshold.dtype == point.v_threshold.dtype
    assert torch.equal(whole.eval()(x), point.eval()(x))


def test_gradients_pass_the_steps_and_reach_the_threshold():
    neuron = QCFS(levels=4, v_threshold=2.0)
    x = torch.tensor([[[-1.0, 0.3, 1.0, 3.0]]], requires_grad=True)
    neuron(x).sum().backward()
    assert x.grad.tolist() == [[[0, 1, 1, 0]]]
    # A(x)/V - x/V inside (0.25 - 0.15 and 0), 1 above, 0 below.
    assert neuron.v_threshold.grad.item() == pytest.approx(0.25 - 0.15 + 1)


@pytest.mark.parametrize("levels", [1, 2, 4, 7])
def test_as_many_timesteps_as_levels_give_the_activation_exactly(levels):
    neuron = QCFS(levels, v_threshold=1.7).double()
    x = torch.linspace(-1, 3, 4001, dtype=torch.double).unsqueeze(0)
    activation = neuron(repeat_in_time(x, levels))
    spikes = neuron.eval()(repeat_in_time(x, levels))
    torch.testing.assert_close(spikes.mean(0), activation[0], rtol=0, atol=1e-14)
    # Training computes an image that is repeated in time once.
    assert levels == 1 or activation.stride(0) == 0


def test_its_spikes_are_those_of_an_integrator_from_half_a_threshold():
    x = torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(0)).double()
    neuron, plain = QCFS(v_threshold=0.5).double().eval(), IF(v_threshold=0.5)
    state = plain.initial_state(x[0])
    expected = plain.scan(x, state._replace(v=state.v + 0.25))[0]
    assert torch.equal(neuron(x), 0.5 * expected)
    assert expected.any()


def test_pre_steps_silence_neurons_that_fired_too_often():
    # V = 1, from 1/2. After two pre-steps: the first neuron has fired once and lost it again,
    # U = 0.5 + 0.6 - 1 - 0.9 < 0; the second has U = 0.5 + 1.2 - 1; the third none of anything.
    x = torch.tensor([[0.6, 0.6, 0.0], [-0.9, 0.6, 0.0], [1.2, 0.5, 0.0], [0.8, 0.4, 0.0]])
    neuron = QCFS(v_threshold=1.0, pre_steps=2).eval()
    # The pre-steps themselves are as ever; then membranes are at 1/2 again.
    expected = [[[1, 1, 0]], [[0, 0, 0]], [[0, 1, 0]], [[0, 0, 0]]]
    assert neuron(x.unsqueeze(1)).tolist() == expected
    plain = QCFS(v_threshold=1.0).eval()(x.unsqueeze(1)).tolist()
    assert plain == [*expected[:3], [[1, 0, 0]]]


def test_after_the_pre_steps_membranes_are_at_half_a_threshold_again():
    # 0.7 is left of the pre-steps. From 1/2 it fires at the fourth timestep, from 0.7 at the third.
    x = torch.tensor([0.1, 0.1, 0.4, 0.2]).view(4, 1, 1)
    fires = [QCFS(v_threshold=1.0, pre_steps=p).eval()(x).flatten().tolist() for p in (2, 0)]
    assert fires == [[0, 0, 0, 1], [0, 0, 1, 0]]


def test_a_thousandth_of_the_threshold_is_no_residual():
    # What is left of the pre-steps, in thresholds of 2.
    left = torch.tensor([-2e-3, 0.0, 5e-4, 2e-3])
    x = torch.stack([torch.full((4,), 0.5), left, torch.full((4,), 0.6)]).unsqueeze(1)
    spikes = QCFS(v_threshold=2.0, pre_steps=2).eval()(2 * x)
    assert spikes[:, 0].tolist() == [[2] * 4, [0] * 4, [0, 0, 0, 2]]


def test_it_may_stay_an_ann():
    x = torch.rand(1, 2, 3)
    neuron = QCFS(v_threshold=1.0, pre_steps=2, spiking=False)
    assert torch.equal(neuron(x), neuron.eval()(x))
    assert neuron.pre_steps == 0


def test_a_threshold_that_training_pulled_below_0_is_kept_above():
    neuron = QCFS()
    neuron.v_threshold.data.fill_(-1.0)
    y = neuron(torch.ones(1, 1, 1))
    assert y.item() == pytest.approx(LEAST_THRESHOLD)
    y.sum().backward()
    assert neuron.v_threshold.grad.item() == 1  # and can come back


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": 0}, "levels: got 0, expected a whole number >= 1"),
        ({"levels": 2.5}, "levels: got 2.5, expected a whole number >= 1"),
        ({"pre_steps": 1.5}, "pre_steps: got 1.5, expected a whole number >= 0"),
        ({"pre_steps": -1}, "pre_steps: got -1, expected a whole number >= 0"),
        ({"v_threshold": 0.0}, "v_threshold: got 0.0, expected a finite potential > 0"),
    ],
)
def test_mistakes(options, message):
    with pytest.raises(UsageError, match=message):
        QCFS(**options)
