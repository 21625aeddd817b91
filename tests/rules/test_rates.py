import copy
import math
from contextlib import nullcontext
from functools import partial

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import mlp
from tssd.models.dropout import SharedDropout
from tssd.neurons import IF, LIF, PLIF, recording
from tssd.norms import TEBN, TdBN, per_step_batch_norm
from tssd.objectives import (
    ReliableDistillation,
    SelfDistillation,
    TaskCrossEntropy,
    TemporalDistillation,
    TemporalEfficientTraining,
    Timesteps,
)
from tssd.rules import RateBackpropagation
from tssd.rules.rates import slope_of
from tssd.surrogates import ASGL, ESG, AnnealedRectangular, Sigmoid
from tssd.time import TimeFold

from .nets import T, batch, gradients, net

LN3 = math.log(3)
detached = partial(LIF, surrogate=Sigmoid(2.0), detach_reset=True)


def labels(made, timesteps, task=None):
    torch.manual_seed(1)
    task = TaskCrossEntropy("teacher") if task is None else task
    return SelfDistillation({"task": task}, Timesteps(1, timesteps)).connect(made)


def trained(made, timesteps, *, rule=True, task=None):
    criterion, (x, y) = labels(made, timesteps, task), batch()
    run = partial(RateBackpropagation().run, criterion) if rule else criterion.run
    loss = run(made, x, y)
    loss.total.backward()
    return loss, gradients(made, criterion)


@pytest.mark.parametrize("make", [detached, partial(IF, 0.8, detach_reset=True), LIF])
def test_at_one_timestep_the_gradient_is_that_of_backpropagation(make):
    for norm in ({}, {"norm": TdBN}):
        found, own = trained(net(make, **norm), 1)
        expected, slopes = trained(net(make, **norm), 1, rule=False)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)
        assert len(slopes) >= 8 and any(g.any() for g in slopes.values())
        torch.testing.assert_close(own, slopes, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("surrogate", [ESG(k_min=3.0), AnnealedRectangular(start=0.7)])
def test_it_trains_with_what_a_surrogate_is_at_the_moment(surrogate):
    make = partial(LIF, surrogate=surrogate, detach_reset=True)
    _, own = trained(net(make), 1)
    _, slopes = trained(net(make), 1, rule=False)
    torch.testing.assert_close(own, slopes, rtol=1e-8, atol=1e-11)
    assert any(g.any() for g in slopes.values())


def test_both_runs_drop_the_same():
    made = net(detached)
    made.stages.insert(1, SharedDropout(0.4))
    made.shapes = (made.shapes[0], *made.shapes)
    copied = copy.deepcopy(made)
    found, own = trained(made, 1)
    expected, slopes = trained(copied, 1, rule=False)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)
    torch.testing.assert_close(own, slopes, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("decay_input", [False, True])
def test_a_slope_is_that_of_the_rate_by_a_constant_current(decay_input):
    neuron = LIF(3.0, 0.8, decay_input=decay_input, detach_reset=True, surrogate=Sigmoid(2.0))
    current = torch.linspace(0.1, 3, 40, dtype=torch.double).requires_grad_()
    with recording(neuron) as membranes:
        spikes = neuron(current.expand(6, 40))
    (expected,) = torch.autograd.grad(spikes.mean(0).sum(), current)
    assert 0.1 < spikes.mean() < 0.9
    torch.testing.assert_close(slope_of(membranes[""].detach(), neuron), expected)


def test_a_slope_by_hand():
    # Decay 1/2: f = 1, 3/2, 7/4; a rectangular surrogate, 1 within a half of the threshold.
    h = torch.tensor([0.8, 0.2, 1.4]).view(3, 1)
    assert slope_of(h, LIF()).item() == pytest.approx((1 + 7 / 4) / 3)
    assert slope_of(h, IF()).item() == pytest.approx((1 + 3) / 3)


def one_neuron(**options):
    """A neuron behind a weight and a norm, and two classes, of which the second says 0."""
    made = mlp(1, 2, 1, hidden=(1,), **options).double()
    head = made.head[-1]
    head.weight.data, head.bias.data = torch.tensor([[2 * LN3], [0.0]]).double(), head.bias.data * 0
    return made, head, next(part.weight for part in made.modules() if type(part) is nn.Linear)


def test_gradients_of_several_timesteps_by_hand():
    made, head, weight = one_neuron(norm=lambda _: nn.Identity())
    weight.data.fill_(1.05)
    x = torch.ones(4, 1, 1, 1, 1, dtype=torch.double)
    # H is 1.05, 1.075, 1.0875, 1.09375: four spikes, less 1 each time, and slopes of 1; f is 1,
    # 3/2, 7/4, 15/8. So the rate is 1, and e 49/32.
    RateBackpropagation().run(labels(made, 4), made, x, torch.tensor([0])).total.backward()
    # The classes are 9 to 1.
    torch.testing.assert_close(head.weight.grad.flatten().tolist(), [-0.1, 0.1])
    assert weight.grad.item() == pytest.approx(-0.1 * 2 * LN3 * 49 / 32)


def test_gradients_through_a_batch_norm_of_several_timesteps_by_hand():
    made, _, weight = one_neuron()
    norm = made.stages[0][0][1]
    norm.eps, norm.weight.data[:], norm.bias.data[:] = 1e-12, 0.2 * 5**0.5, 0.75
    weight.data.fill_(1.0)
    # 1, 3 and -1, -3 have the mean 0 and the variance 5, their means 2 and -2 one of 4. Normed
    # 0.95, 1.35 and 0.55, 0.15: H is 0.95, 1.825 and 0.55, 0.425, the rates 1/2 and 0, both e 1/2.
    x = torch.tensor([[1.0, -1.0], [3.0, -3.0]], dtype=torch.double).view(2, 2, 1, 1, 1)
    RateBackpropagation().run(labels(made, 2), made, x, torch.tensor([0, 1])).total.backward()
    # By what is normed: (3/4 - 1) and 1/2, times 2 ln 3 / 2 samples / 2.
    first, second = -LN3 / 8, LN3 / 4
    assert norm.bias.grad.item() == pytest.approx(first + second)
    assert norm.weight.grad.item() == pytest.approx((2 * first - 2 * second) / 5**0.5)
    # By the rates of currents, 2 and -2: 0.2 (g - mean of g - x sum(g x) / (2 5)).
    far = (2 * first - 2 * second) / 10
    own = [0.2 * (g - (first + second) / 2 - x * far) for g, x in ((first, 2), (second, -2))]
    assert weight.grad.item() == pytest.approx(2 * own[0] - 2 * own[1])
    assert weight.grad.item() == pytest.approx(-0.03 * LN3)


def test_its_values_are_those_of_the_spikes():
    made, plain = net(detached), net(detached)
    found, slopes = trained(made, T)
    expected, _ = trained(plain, T, rule=False)
    torch.testing.assert_close(found.total, expected.total, rtol=1e-9, atol=0)
    assert all(g.any() and g.isfinite().all() for g in slopes.values())
    # Statistics are taken in once, and they are the spikes'.
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(made.state_dict()[name], value)
    made.eval()  # and nothing is left in the network
    x = batch()[0]
    assert torch.equal(made(x).logits, plain.eval()(x).logits)


def test_terms_may_see_features_and_memory_is_one_timestep_s():
    rule = RateBackpropagation()
    assert rule.held(7) == 1
    _, slopes = trained(net(detached), T, task=ReliableDistillation())
    assert all(g is not None and g.any() for g in slopes.values())
    made = net(detached)
    with torch.no_grad():
        assert not rule.run(labels(made, T), made, *batch()).total.requires_grad


@pytest.mark.parametrize("timesteps", [1, T])
def test_one_neuron_may_stand_in_several_places(timesteps):
    shared = detached()
    found, own = trained(net(lambda: shared), timesteps)
    expected, slopes = trained(net(detached), timesteps)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    torch.testing.assert_close(own, slopes, rtol=0, atol=0)


class InALoop(nn.Module):
    """A layer that goes through time by itself."""

    def __init__(self, norm=False, neuron=False):
        super().__init__()
        self.norm, self.loops_norm = nn.BatchNorm2d(2), norm
        self.neuron, self.loops_neuron = detached(), neuron

    def forward(self, x):
        normed = torch.stack([self.norm(x_t) for x_t in x]) if self.loops_norm else x
        if not self.loops_neuron:
            return self.neuron(normed)
        state, spikes = self.neuron.initial_state(x[0]), []
        for x_t in normed:
            spikes_t, state = self.neuron.step(x_t, state)
            spikes.append(spikes_t)
        return torch.stack(spikes)


@pytest.mark.parametrize("part", ["norm", "neuron"])
def test_a_layer_that_is_called_timestep_by_timestep_is_refused(part):
    made = net(detached)
    made.stages.insert(0, InALoop(**{part: True}).double())
    made.shapes = ((2, 4, 4), *made.shapes)
    told = rf"^rule: RateBackpropagation .*net\.stages\.0\.{part} .* not called for all timesteps"
    with pytest.raises(UsageError, match=told):
        trained(made, T)


def test_an_error_leaves_no_hook_behind():
    made = net(detached)
    criterion, (x, y) = labels(made, T), batch()
    criterion.run(made, x, y)

    def fails(*_):
        raise ZeroDivisionError

    made.stages[1][1].register_forward_hook(fails)
    with pytest.raises(ZeroDivisionError):
        RateBackpropagation().run(criterion, made, x, y)
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in made.modules()]
    assert sum(hooks) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"neuron": PLIF}, "net.stages.0.0.2 .PLIF. is another neuron"),
        ({"neuron": partial(LIF, v_reset=0.0)}, "net.stages.0.0.2 .LIF. has a hard reset"),
        ({"neuron": lambda: LIF(surrogate=ASGL())}, "spikes in a way of its own, by its surr"),
        ({"norm": per_step_batch_norm}, "PerStep. norms each timestep by itself"),
        ({"norm": TEBN}, "TEBN. has parameters for each timestep"),
        ({"neuron": nn.ReLU}, "^rule: RateBackpropagation finds no LIF or IF neurons in net"),
    ],
)
def test_networks_that_it_does_not_know_are_refused(options, message):
    made = net(**options)
    with pytest.raises(UsageError, match=message):
        RateBackpropagation().check(labels(made, T), made, batch()[0][0])


@pytest.mark.parametrize("p", [0.0, 0.4])
def test_dropout_of_each_timestep_is_refused_if_it_drops(p):
    made = net(detached)
    made.stages.insert(1, TimeFold(nn.Dropout(p)))
    with pytest.raises(UsageError, match="drops other") if p else nullcontext():
        RateBackpropagation().check(labels(made, T), made, batch()[0][0])


@pytest.mark.parametrize(
    "terms",
    [{"own": TemporalDistillation()}, {"own": TemporalEfficientTraining()}],
)
def test_terms_that_need_time_are_refused(terms):
    made = net(detached)
    others = {} if "Efficient" in type(terms["own"]).__name__ else {"task": TaskCrossEntropy()}
    criterion = SelfDistillation({**others, **terms}, Timesteps(1, T)).connect(made)
    told = r"^rule: RateBackpropagation runs without time .* objectives.own \(Temporal"
    with pytest.raises(UsageError, match=told):
        RateBackpropagation().check(criterion, made, batch()[0][0])
