import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.objectives import TemperatureKL, WeightedSoftLabels

from .teachers import Says, connected, output

TARGET = torch.tensor([0])
TAUGHT = [[2 * math.log(3), 0.0]]  # 9/10 and 1/10; at temperature 2 3/4 and 1/4


def value(logits, taught=TAUGHT, target=TARGET, **options):
    out = output(logits)
    return connected(WeightedSoftLabels(Says(taught), **options), out)(out, target)


def test_by_hand():
    found = value(torch.zeros(2, 1, 2)).item()
    weight = 1 - math.exp(-math.log(2) / -math.log(0.9))
    assert weight == pytest.approx(0.998610, rel=1e-5)
    far = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert found == pytest.approx(4 * weight * far, rel=1e-4)
    assert found == pytest.approx(value(torch.zeros(2, 1, 2), target=torch.eye(2)[:1]).item())


def test_who_knows_a_sample_better_than_the_teacher_learns_less_of_it():
    wrong = value(torch.zeros(2, 1, 2), target=torch.tensor([1]))
    weight = 1 - math.exp(-math.log(2) / -math.log(0.1))
    right = value(torch.zeros(2, 1, 2))
    assert (wrong / right).item() == pytest.approx(weight / 0.998610, rel=1e-4)


def test_nothing_to_learn_from_one_who_says_the_same():
    assert value(torch.tensor(TAUGHT).expand(2, 1, 2)).item() == pytest.approx(0, abs=1e-7)


def test_the_weight_passes_no_gradient_and_spans_are_averaged():
    logits = torch.tensor([[[1.0, 0]], [[0, 3]]], requires_grad=True)
    term = connected(WeightedSoftLabels(Says(TAUGHT), span="student"), output(logits.detach()))
    term(output(logits), TARGET).backward()
    copy = logits.detach().clone().requires_grad_()
    own = -math.log(math.e / (math.e + 1)) / -math.log(0.9)
    (TemperatureKL(2.0)(copy[0], torch.tensor(TAUGHT)) * (1 - math.exp(-own))).backward()
    torch.testing.assert_close(logits.grad, copy.grad)
    one, two = (value(logits.detach(), span=span) for span in ("student", "teacher"))
    torch.testing.assert_close(value(logits.detach()), (one + two) / 2)


def test_every_sample_has_a_weight_of_its_own_by_hand():
    # As in `test_by_hand`, 4 times 0.998610 times 0.130812; and one that says what the teacher
    # says, so that its weight, 1 - 1/e, is that of 0.
    logits = torch.tensor([[[0.0, 0.0], TAUGHT[0]]]).expand(2, 2, 2)
    found = value(logits, TAUGHT * 2, torch.tensor([0, 0])).item()
    assert found == pytest.approx(0.522520 / 2, rel=1e-4)


def test_a_teacher_without_a_doubt_gives_a_whole_weight_or_none():
    sure = [[200.0, 0.0]]  # whose cross entropy is 0
    undecided, alike = torch.zeros(2, 1, 2), torch.tensor(sure).expand(2, 1, 2)
    assert value(undecided, sure).item() == pytest.approx(4 * math.log(2))
    assert value(alike, sure).item() == 0  # not 0 / 0


def test_the_teacher_gets_no_gradient():
    logits = torch.zeros(2, 1, 2, requires_grad=True)
    term = connected(WeightedSoftLabels(Says(TAUGHT)), output(logits.detach()))
    term(output(logits), TARGET).backward()
    assert logits.grad.any() and term.teacher.module().logits.grad is None


def test_refused():
    with pytest.raises(UsageError, match="^span: got 'all'"):
        WeightedSoftLabels(Says(TAUGHT), span="all")
