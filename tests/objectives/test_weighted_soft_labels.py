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


def test_refused():
    with pytest.raises(UsageError, match="^span: got 'all'"):
        WeightedSoftLabels(Says(TAUGHT), span="all")
