import pytest
import torch

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import (
    AdjacentDistillation,
    RankedDistillation,
    TemporalConsistency,
    TemporalKnowledgeSharing,
    Timesteps,
)
from tssd.objectives.between_timesteps import BetweenTimesteps

NET = vgg9(num_classes=3, width=1 / 64)
TERMS = [AdjacentDistillation, RankedDistillation, TemporalConsistency]
TARGET = torch.tensor([0, 2])


def logits(steps, seed=0):
    return torch.randn(steps, 2, 3, generator=torch.Generator().manual_seed(seed))


def term(make, *, steps=(2, 4), **options):
    return make(**options).connect(NET, Timesteps(*steps))


@pytest.mark.parametrize("make", TERMS)
@pytest.mark.parametrize(("span", "seen"), [("student", 2), ("teacher", 4)])
def test_only_the_spans_steps_count(make, span, seen):
    z = logits(4)
    found = term(make, span=span)(NetOutput(z), TARGET)
    assert torch.equal(found, term(make, steps=(seen, seen))(NetOutput(z[:seen]), TARGET))
    assert found > 0


@pytest.mark.parametrize("make", TERMS)
def test_nothing_to_learn_where_all_timesteps_say_the_same(make):
    z = logits(1).repeat(4, 1, 1).requires_grad_()
    value = term(make, detach_teacher=False)(NetOutput(z), TARGET)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-7)
    torch.testing.assert_close(z.grad, torch.zeros_like(z), rtol=0, atol=1e-7)


@pytest.mark.parametrize("make", [*TERMS, TemporalKnowledgeSharing])
def test_a_single_timestep_is_refused(make):
    told = rf"^timesteps.teacher: got 1, but {make.__name__} compares .* such as control or tssd$"
    with pytest.raises(UsageError, match=told):
        term(make, steps=(1, 1))


def test_a_single_student_is_refused_where_it_is_meant():
    with pytest.raises(UsageError, match=r"^timesteps.student: got 1, but TemporalConsistency"):
        term(TemporalConsistency, steps=(1, 4), span="student")
    term(TemporalConsistency, steps=(1, 2))


def test_what_is_refused_at_once():
    with pytest.raises(UsageError, match="^span: got 'both', expected student or teacher$"):
        TemporalConsistency(span="both")
    with pytest.raises(UsageError, match="^temperature: got 0"):
        TemporalConsistency(0)
    with pytest.raises(NotImplementedError):
        term(BetweenTimesteps, temperature=1.0)(NetOutput(logits(4)), TARGET)
