import math

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import mlp
from tssd.neurons import IF
from tssd.objectives import (
    ExitCrossEntropy,
    SelfDistillation,
    SurrogateModuleLearning,
    TaskCrossEntropy,
    TemporalDistillation,
    TemporalEfficientTraining,
    TemporalKnowledgeSharing,
    Timesteps,
)
from tssd.objectives.later import LaterChecks
from tssd.rules import MixedTimesteps
from tssd.rules.mtt import MIXED, logits_of, regrouped, sizes
from tssd.time import repeat_in_time

from .nets import K, N, T, batch, gradients, net

LN3 = math.log(3)


def labels(**options):
    return SelfDistillation({"task": TaskCrossEntropy("teacher", **options)}, Timesteps(1, T))


def trained(run, made, criterion):
    criterion.connect(made)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        loss = run(criterion, made, *batch())
    loss.total.backward()
    return loss, gradients(made, criterion)


def plain(criterion, made, x, y):
    return criterion.run(made, x, y)


@pytest.mark.parametrize(
    ("fewer", "more", "expected"),
    [
        (1, 4, [4]),
        (2, 4, [2, 2]),
        (2, 5, [2, 3]),
        (3, 4, [1, 2, 1]),
        (3, 8, [3, 2, 3]),
        (4, 6, [1, 2, 1, 2]),
    ],
)
def test_groups_are_as_even_as_can_be(fewer, more, expected):
    assert sizes(fewer, more) == expected


def test_groups_are_those_of_the_authors_code():
    for fewer in range(1, 9):
        for more in range(fewer, 17):
            ends = [round((i + 1) * more / fewer - 1e-5) for i in range(fewer)]
            assert torch.tensor(sizes(fewer, more)).cumsum(0).tolist() == ends


def test_spikes_are_added_up_or_repeated():
    x = torch.tensor([1.0, 2, 4, 8]).view(4, 1)
    assert regrouped(x, 4) is x
    assert regrouped(x, 3).flatten().tolist() == [1, 6, 8]
    assert regrouped(x, 1).flatten().tolist() == [15]
    assert regrouped(x, 6).flatten().tolist() == [1, 2, 2, 4, 8, 8]


def test_stages_that_all_run_for_as_long_are_the_network():
    made, (sequence, _) = net().eval(), batch()
    x = sequence[0]
    for steps in (1, T):
        found = logits_of(made, repeat_in_time(x, T), [steps, steps])
        torch.testing.assert_close(found, made(repeat_in_time(x, steps)).logits)
    assert torch.equal(logits_of(made, sequence, [T, T]), made(sequence).logits)
    first = made.stages[0](torch.stack([sequence[:2].sum(0), sequence[2:].sum(0)]))
    expected = made.head(made.stages[1](first.repeat_interleave(2, 0)))
    torch.testing.assert_close(logits_of(made, sequence, [2, 4]), expected)


@pytest.mark.parametrize(("summed", "factor"), [(True, 2), (False, 1)])
def test_without_a_choice_it_is_that_many_times_the_plain_gradient(summed, factor):
    rule = MixedTimesteps(2, shortest=T, summed=summed)
    loss, found = trained(rule.run, net(), labels(label_smoothing=0.1, weight=0.5))
    expected, slopes = trained(plain, net(), labels(label_smoothing=0.1, weight=0.5))
    assert list(loss.terms) == ["task"]
    torch.testing.assert_close(loss.terms["task"], expected.terms["task"].detach())
    torch.testing.assert_close(loss.total, factor * expected.total)
    assert found.keys() == slopes.keys()
    for name, slope in slopes.items():
        torch.testing.assert_close(found[name], factor * slope)


def test_stages_have_timesteps_of_their_own(monkeypatch):
    draws = iter([[1, 3], [4, 2], [2, 2]])
    seen = []

    def randint(low, high, size):
        seen.append((low, high, size))
        return torch.tensor(next(draws))

    monkeypatch.setattr(torch, "randint", randint)
    loss, found = trained(MixedTimesteps().run, net(), labels())
    assert seen == [(1, T + 1, (2,))] * 3
    made, (x, y) = net(), batch()
    for steps in ([1, 3], [4, 2], [2, 2]):
        nn.functional.cross_entropy(logits_of(made, x, steps).mean(0), y).backward()
    for name, slope in gradients(made).items():
        torch.testing.assert_close(found[name], slope)
    torch.testing.assert_close(loss.total, 3 * loss.terms["task"])


def test_value_and_gradient_by_hand(monkeypatch):
    draws = iter([[2, 4], [4, 1]])
    monkeypatch.setattr(torch, "randint", lambda *_: torch.tensor(next(draws)))
    made = mlp(1, 2, 1, hidden=(1, 1), neuron=IF, norm=lambda _: nn.Identity()).double()
    head = made.head[-1]
    for parameter, values in zip(
        made.parameters(), ([[0.6]], [[0.7]], [[4 * LN3], [0]], [0, 0]), strict=True
    ):
        parameter.data = torch.tensor(values, dtype=torch.double)
    loss = MixedTimesteps(2).run(
        labels().connect(made), made, torch.ones(1, 1, 1, 1).double(), torch.tensor([0])
    )
    # In two timesteps the first stage spikes in the second, H 0.6, 1.2; that is repeated as 0, 0,
    # 1, 1, and the other stage spikes once in four, H 0, 0, 0.7, 1.4. In four timesteps the first
    # spikes twice, H 0.6, 1.2, 0.8, 1.4, added up to one current of 1.4. So rates are 1/4 and 1.
    assert loss.total.item() == pytest.approx(math.log(4 / 3) + math.log(82 / 81))
    assert loss.terms["task"].item() == pytest.approx(loss.total.item() / 2)
    loss.total.backward()
    found = -1 / 4 * 1 / 4 - 1 / 82
    assert head.weight.grad.flatten().tolist() == pytest.approx([found, -found])


def test_other_terms_have_a_run_of_their_own():
    rule = MixedTimesteps(2)
    loss, found = trained(rule.run, net(), loss_of_tssd())
    whole, slopes = trained(plain, net(), loss_of_tssd())
    assert list(loss.terms) == [*whole.terms, MIXED]
    for name, value in whole.terms.items():
        torch.testing.assert_close(loss.terms[name], value.detach())
    torch.testing.assert_close(loss.total, whole.total + 2 * loss.terms[MIXED])
    assert found.keys() == slopes.keys()
    assert any(not torch.allclose(found[name], slopes[name]) for name in slopes)


def loss_of_tssd():
    terms = {
        "task": TaskCrossEntropy(),
        "temporal": TemporalDistillation(),
        "exit_task": ExitCrossEntropy(),
    }
    return SelfDistillation(terms, Timesteps(1, T))


def test_nothing_is_learnt_without_gradients_and_checks_may_come_later():
    made, criterion, later = net(), labels(), LaterChecks()
    criterion.connect(made)
    with torch.no_grad():
        assert not MixedTimesteps().run(criterion, made, *batch()).total.requires_grad
    for step in (1, 2):
        MixedTimesteps(1).run(criterion, made, *batch(), later=later)
        later.end_step(step)
    assert later.look() is None


@pytest.mark.parametrize(
    ("task", "steps", "message"),
    [
        (TaskCrossEntropy(), (1, 1), r"^timesteps.teacher: got 1, but rule MixedTimesteps draws"),
        (TemporalEfficientTraining(), (1, T), r"^rule: .*objectives.task \(TemporalEfficient"),
        (TemporalKnowledgeSharing(), (1, T), r"^rule: .*objectives.task \(TemporalKnowledge"),
        (SurrogateModuleLearning([0]), (1, T), r"^rule: .*objectives.task \(SurrogateModule"),
        (ExitCrossEntropy(), (1, T), r"^rule: MixedTimesteps needs a task loss"),
    ],
)
def test_what_it_does_not_go_with_is_refused(task, steps, message):
    made = net()
    criterion = SelfDistillation({"task": task}, Timesteps(*steps)).connect(made)
    for go in (
        lambda: MixedTimesteps().check(criterion, made, batch()[0]),
        lambda: MixedTimesteps().run(criterion, made, *batch()),
    ):
        with pytest.raises(UsageError, match=message):
            go()


def test_values_and_networks_are_refused():
    with pytest.raises(UsageError, match="^configurations: got 0, expected a whole number >= 1$"):
        MixedTimesteps(0)
    with pytest.raises(UsageError, match="^configurations: got 2.5, expected a whole number >= 1$"):
        MixedTimesteps(2.5)
    with pytest.raises(UsageError, match="^shortest: got 0"):
        MixedTimesteps(shortest=0)
    criterion = labels().connect(net())
    with pytest.raises(UsageError, match="^rule: .* but net .Linear. has no stages"):
        MixedTimesteps().check(criterion, nn.Linear(2, K), batch()[0])
    with pytest.raises(UsageError, match=rf"^timesteps.teacher: got {T}, .* at least {N}"):
        MixedTimesteps(shortest=N).check(criterion, net(), batch()[0])
