import math

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import PerturbedPredictions, StableSpikes, Timesteps
from tssd.objectives.stable_spike import lasting
from tssd.time import TimeFold

NET = vgg9(num_classes=2, width=1 / 64)
TARGET = torch.tensor([0])
# Rates 1, 2/3, 2/3 and 0; stable rates 1, 0, 1/2 and 0.
SPIKES = torch.tensor([[[1.0, 1, 0, 0]], [[1, 0, 1, 0]], [[1, 1, 1, 0]]])


def stable(spikes, *args, **options):
    term = StableSpikes(*args, **options).connect(NET, Timesteps(1, len(spikes)))
    return term(NetOutput(spikes, taps={tap: spikes for tap in term.taps}), TARGET)


class Seen(nn.Module):
    """A head that says 4 ln 3 times what it sees, which it keeps."""

    def forward(self, x):
        self.x = x
        return 4 * math.log(3) * x


def perturbed(spikes, head=None, **options):
    term = PerturbedPredictions(**options).connect(NET, Timesteps(1, len(spikes)))
    head = head or Seen()
    logits = head(spikes)
    term._head = [head]
    return term(NetOutput(logits, taps={3: spikes}), TARGET)


def test_literal_value():
    assert stable(SPIKES).item() == pytest.approx((4 / 9 + 1 / 36) / 4)
    # Three spikes at once, then two: two of them last.
    assert stable(torch.tensor([[[3.0]], [[2.0]]])).item() == pytest.approx((2.5 - 2) ** 2)


def test_nothing_to_learn_where_spikes_last():
    assert stable(SPIKES[:1].repeat(3, 1, 1)).item() == 0
    assert torch.equal(lasting(SPIKES), SPIKES[:-1] * SPIKES[1:])  # AND, of zeros and ones


def test_spikes_give_way_to_the_stable_ones_which_pass_no_gradient_unless_asked():
    spikes = SPIKES.clone().requires_grad_()
    stable(spikes).backward()
    slopes = torch.tensor([0, 2 / 3, 1 / 6, 0]) * 2 / 4 / 3
    torch.testing.assert_close(spikes.grad, slopes.expand(3, 1, 4))
    undetached = SPIKES.clone().requires_grad_()
    stable(undetached, detach_stable=False).backward()
    assert not torch.allclose(undetached.grad, spikes.grad)


def test_places():
    assert StableSpikes().connect(NET, Timesteps(1, 2)).taps == (3,)
    assert StableSpikes([0, -1, 3]).connect(NET, Timesteps(1, 2)).taps == (0, 3)
    assert stable(SPIKES, [0, 1]) == stable(SPIKES)


# One neuron always spikes and the other once: rates 1 and 1/2, stable rates 1 and 0, so that no
# noise is left to chance.
CERTAIN = torch.tensor([[[1.0, 1]], [[1, 0]]])


@pytest.mark.parametrize("noise", ["or", "and"])
def test_literal_value_of_predictions(noise):
    # At temperature 2 the mean says (3/4, 1/4), the head of lasting spikes (9/10, 1/10).
    expected = 0.75 * math.log(0.75 / 0.9) + 0.25 * math.log(0.25 / 0.1)
    assert perturbed(CERTAIN, noise=noise).item() == pytest.approx(4 * expected)
    assert perturbed(CERTAIN[:1].repeat(2, 1, 1), noise=noise).item() == pytest.approx(0)


@pytest.mark.parametrize("noise", ["or", "and"])
def test_noise_adds_spikes_or_takes_some_away_as_often_as_they_last(noise):
    spikes = torch.tensor([[1.0, 0], [1, 0], [0, 0]]).unsqueeze(1).repeat(1, 4000, 1)
    head = Seen()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        perturbed(spikes, head, noise=noise)
    seen = head.x[..., 0].mean(1)  # of a neuron that spikes, then does not; stable rate 1/2
    expected = [1.0, 0.5] if noise == "or" else [0.5, 0.0]
    assert seen.tolist() == pytest.approx(expected, abs=0.03)
    assert not head.x[..., 1].any() and set(head.x.unique().tolist()) == {0, 1}


@pytest.mark.parametrize("detach", [True, False])
def test_predictions_learn_to_withstand_noise(detach):
    head, spikes = nn.Linear(2, 2), CERTAIN.clone()
    term = PerturbedPredictions(detach_teacher=detach).connect(NET, Timesteps(1, 2))
    term._head = [head]
    logits = (2 * torch.randn(2, 1, 2, generator=torch.Generator().manual_seed(0))).requires_grad_()
    term(NetOutput(logits, taps={3: spikes}), TARGET).backward()
    assert head.weight.grad.any()
    assert (logits.grad is None) == detach


def test_the_head_stays_the_network_s():
    term = PerturbedPredictions().connect(NET, Timesteps(1, 2))
    assert term._head == [NET.head] and isinstance(NET.head, TimeFold)
    assert not [*term.parameters()] and not term.state_dict()


@pytest.mark.parametrize("noise", ["or", "and"])
def test_perturbed_spikes_are_no_part_of_the_statistics_of_norms_in_the_head(noise):
    head = TimeFold(nn.Linear(2, 2), nn.BatchNorm1d(2))
    term = PerturbedPredictions(noise=noise).connect(NET, Timesteps(1, 3))
    term._head = [head]
    spikes = torch.tensor([[1.0, 0], [1, 0], [0, 1]]).unsqueeze(1).repeat(1, 5, 1)
    before = {name: b.clone() for name, b in head.named_buffers()}
    logits = head(spikes)
    after = {name: b.clone() for name, b in head.named_buffers()}
    term(NetOutput(logits, taps={3: spikes}), TARGET.expand(5)).backward()
    assert after["1.running_mean"].ne(before["1.running_mean"]).all()
    torch.testing.assert_close(dict(head.named_buffers()), after, rtol=0, atol=0)
    assert all(p.grad is not None for p in head.parameters())


def test_currents_below_zero_that_last_say_what_the_network_says():
    currents = torch.tensor([[[-1.0, 0.0]]]).repeat(3, 1, 1)  # with rates of 0, no noise
    head = Seen()
    assert perturbed(currents, head).item() == pytest.approx(0, abs=1e-6)
    assert torch.equal(head.x, currents[1:])


@pytest.mark.parametrize("make", [StableSpikes, PerturbedPredictions])
def test_a_single_timestep_is_refused(make):
    with pytest.raises(UsageError, match=rf"^timesteps.teacher: got 1, but {make.__name__}"):
        make().connect(NET, Timesteps(1, 1))


def test_refused():
    with pytest.raises(UsageError, match="^taps: got none"):
        StableSpikes([])
    with pytest.raises(UsageError, match="^noise: got 'xor', expected or, or and$"):
        PerturbedPredictions(noise="xor")
    with pytest.raises(UsageError, match="^net: got Linear, but PerturbedPredictions shows"):
        PerturbedPredictions().connect(nn.Linear(2, 2), Timesteps(1, 2))
