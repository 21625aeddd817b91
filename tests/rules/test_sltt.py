import pytest
import torch
import torch.nn.functional as F
from spikingjelly.activation_based import functional, surrogate
from spikingjelly.activation_based.neuron import SLTTLIFNode
from torch import nn

from tssd.adapters import adapt
from tssd.errors import UsageError
from tssd.models.base import StagedNet
from tssd.neurons import DSRLIF, LIF
from tssd.objectives import (
    RMPLoss,
    SelfDistillation,
    TemporalEfficientTraining,
    Timesteps,
)
from tssd.objectives.later import LaterChecks
from tssd.rules import SLTT
from tssd.surrogates import Sigmoid
from tssd.time import TimeFold

from .nets import (
    K,
    MeanSquaredMembrane,
    N,
    StepwiseCrossEntropy,
    T,
    batch,
    dropping,
    gradients,
    loss_of,
    net,
    twin,
)


def taught(rule, made=None, name="tssd"):
    """A network and its loss after a backward pass, and the loss's value."""
    made = net() if made is None else made
    criterion = loss_of(made, name)
    run = criterion.run if rule is None else lambda *args: rule.run(criterion, *args)
    loss = run(made, *batch())
    loss.total.backward()
    return made, criterion, loss


@pytest.mark.parametrize("name", ["tssd", "each", "mixed"])
def test_the_gradient_is_that_of_all_timesteps_with_states_detached(name):
    stepwise, its_loss, found = taught(SLTT(), name=name)
    whole, other_loss, expected = taught(None, twin(), name)
    assert list(found.terms) == list(expected.terms)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    of_step, of_whole = gradients(stepwise, its_loss), gradients(whole, other_loss)
    assert len(of_step) >= 8
    assert all(g.any() for g in of_step.values())
    # By their order: an exit's norm has another place in its state.
    torch.testing.assert_close([*of_step.values()], [*of_whole.values()], rtol=1e-9, atol=1e-12)
    # Statistics are taken in once a timestep, however often the network ran.
    state = stepwise.state_dict()
    torch.testing.assert_close(state, whole.state_dict(), rtol=1e-12, atol=0)
    assert state["stages.0.0.1.0.num_batches_tracked"] == T


def test_it_is_not_the_gradient_through_all_timesteps():
    stepwise, whole = taught(SLTT())[0], taught(None)[0]
    found, expected = gradients(stepwise), gradients(whole)
    # The head is behind all states, but for the norms' statistics in front of it.
    assert not any(torch.allclose(found[name], expected[name]) for name in found)


def test_spikingjellys_neuron_trained_step_by_step_gets_the_same_gradient():
    torch.manual_seed(0)
    conv, head = nn.Conv2d(2, 6, 3), nn.Linear(24, K)
    layer = nn.Sequential(TimeFold(conv), LIF(1.1, surrogate=Sigmoid(2.0)))
    ours = StagedNet(
        [layer], TimeFold(nn.Flatten(), head), shapes=[(6, 2, 2)], num_classes=K
    ).double()
    criterion = SelfDistillation({"task": StepwiseCrossEntropy()}, Timesteps(T, T)).connect(ours)
    x, y = batch()
    loss = SLTT().run(criterion, ours, x, y)
    loss.total.backward()
    found = [p.grad for p in ours.parameters()]
    ours.zero_grad()
    node = SLTTLIFNode(
        1.1, decay_input=False, v_reset=None, surrogate_function=surrogate.Sigmoid(alpha=2.0)
    )
    jelly, losses = nn.Sequential(conv, node, nn.Flatten(), head), []
    for x_t in x:
        of_step = F.cross_entropy(jelly(x_t), y) / T
        of_step.backward()  # the optimiser would step after all of them
        losses.append(of_step.detach())
    functional.reset_net(jelly)
    assert loss.total.item() == pytest.approx(sum(losses).item(), rel=1e-12)
    assert all(g.any() for g in found)
    torch.testing.assert_close(found, [p.grad for p in ours.parameters()])


@pytest.mark.parametrize("name", ["tssd", "each"])
def test_single_timesteps_add_up_to_all(monkeypatch, name):
    parts = []
    for t in range(T):
        monkeypatch.setattr(torch, "randperm", lambda n, t=t: torch.arange(n).roll(-t))
        made, criterion, loss = taught(SLTT(steps=1), name=name)
        parts.append(gradients(made, criterion))
    made, criterion, expected = taught(SLTT(), name=name)
    assert loss.total.item() == expected.total.item()  # the value is that of all
    summed = {key: sum(part[key] for part in parts) for key in parts[0]}
    torch.testing.assert_close(summed, gradients(made, criterion), rtol=1e-9, atol=1e-12)
    first, second = parts[0], parts[1]
    assert not any(torch.equal(first[key], second[key]) for key in first if "stages" in key)


def test_timesteps_are_drawn_anew_and_at_most_there_are():
    torch.manual_seed(0)
    drawn = {tuple(SLTT(steps=2)._chosen(4)) for _ in range(100)}
    assert len(drawn) == 12
    assert SLTT(steps=4)._chosen(4) == SLTT()._chosen(4) == [0, 1, 2, 3]
    assert SLTT(steps=5)._chosen(2) == [0, 1]


def test_dropout_repeats_and_random_numbers_go_on():
    made = net(block=dropping)
    criterion, logits, states = loss_of(made), [], []
    made.head[-1].register_forward_hook(lambda *args: logits.append(args[2].detach()))
    torch.manual_seed(3)
    for _ in range(2):
        SLTT().run(criterion, made, *batch())
        states.append(torch.get_rng_state())
    assert len(logits) == 4 * T
    assert all(torch.equal(logits[t], logits[T + t]) for t in range(T))
    assert not torch.equal(logits[0], logits[2 * T])
    assert not torch.equal(*states)


def test_nothing_is_learnt_without_gradients_and_values_are_the_same():
    made = net().eval()
    criterion = loss_of(made, "mixed").eval()
    with torch.no_grad():
        found = SLTT().run(criterion, made, *batch())
        expected = criterion.run(made, *batch())
    assert not found.total.requires_grad
    torch.testing.assert_close(found, expected)


def test_mixed_precision_gives_every_parameter_a_gradient():
    made = net().float()
    criterion = loss_of(made, "mixed")
    x, y = batch()
    with torch.autocast("cpu", torch.bfloat16):
        loss = SLTT(steps=2).run(criterion, made, x.float(), y)
    loss.total.backward()
    assert loss.total.dtype == torch.float32
    found = gradients(made, criterion)
    assert all(g.dtype == torch.float32 and g.isfinite().all() and g.any() for g in found.values())


def test_checks_are_put_off_as_those_of_a_loss_are():
    made = net()
    criterion, later = loss_of(made, "mixed"), LaterChecks()
    SLTT().run(criterion, made, *batch(), later=later)
    names = set(later._open)
    other = LaterChecks()
    criterion.run(made, *batch(), later=other)
    assert names == set(other._open)
    later.end_step(1)
    assert later.look() is None


def test_losses_of_others_that_are_means_over_time_need_one_run():
    made, logits = net(), []
    terms = {"task": TemporalEfficientTraining(), "rmp": RMPLoss()}
    criterion = SelfDistillation(terms, Timesteps(2, T)).connect(made).eval()
    made.eval().head[-1].register_forward_hook(lambda *args: logits.append(args[2]))
    found = SLTT().run(criterion, made, *batch())
    assert len(logits) == T
    torch.testing.assert_close(found, criterion.run(made, *batch()))


def test_frozen_networks_train_their_exits_alone():
    made = net().requires_grad_(False)
    criterion = loss_of(made)
    SLTT().run(criterion, made, *batch()).total.backward()
    assert all(p.grad is None for p in made.parameters())
    assert all(p.grad is not None and p.grad.any() for p in criterion.parameters())


@pytest.mark.parametrize("steps", [0, -1])
def test_less_than_one_timestep_is_refused(steps):
    with pytest.raises(UsageError, match=f"^steps: got {steps}, expected a whole number >= 1, or"):
        SLTT(steps)


def test_a_part_of_a_timestep_is_refused():
    with pytest.raises(UsageError, match="^steps: got 2.5, expected a whole number$"):
        SLTT(2.5)


def test_what_it_does_not_go_with_is_refused_with_both_names():
    x_t = torch.zeros(1, 2, 4, 4)
    made = net(DSRLIF).float()
    criterion = SelfDistillation({"task": StepwiseCrossEntropy()}, Timesteps(2, 2)).connect(made)
    match = r"^rule: SLTT .*net\.stages\.0\.0\.2 \(DSRLIF\) has a gradient of all .*--rule null"
    with pytest.raises(UsageError, match=match):
        SLTT().check(criterion, made, x_t)

    class Together(MeanSquaredMembrane):
        each_timestep = False

    made = net().float()
    criterion = SelfDistillation({"im": Together()}, Timesteps(2, 2)).connect(made)
    with pytest.raises(UsageError, match=r"^rule: SLTT .*objectives\.im \(Together\) needs those"):
        SLTT().run(criterion, made, *batch())

    module = TimeFold(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, K))
    adapted = adapt(module, taps=[], example=torch.zeros(N, 2, 4, 4))
    criterion = SelfDistillation({"task": StepwiseCrossEntropy()}, Timesteps(2, 2)).connect(adapted)
    with pytest.raises(UsageError, match=r"^rule: SLTT .*adapted has no steps .*--rule null"):
        SLTT().check(criterion, adapted, x_t)
