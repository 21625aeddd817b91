import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.objectives import MeanSquare, StepwiseDistillation

from .teachers import Says, connected, output

TARGET = torch.tensor([0])
# At temperature 3 shares of 3/4 and 1/4.
SURE = 3 * math.log(3)
# Uniform, then as the teacher.
LOGITS = torch.tensor([[[0.0, 0]], [[SURE, 0]]])
FAR = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)


@pytest.mark.parametrize(("span", "expected"), [("teacher", 9 * FAR / 2), ("student", 9 * FAR)])
def test_by_hand(span, expected):
    out = output(LOGITS)
    term = connected(StepwiseDistillation(Says([[SURE, 0.0]]), span=span), out)
    assert term(out, TARGET).item() == pytest.approx(expected, rel=1e-6)
    assert expected == pytest.approx({"teacher": 0.588654, "student": 1.177308}[span], rel=1e-5)


def test_every_step_has_to_be_right_and_not_their_mean():
    logits = torch.tensor([[[2.0, 0]], [[0, 2]]])  # mean 1, 1
    out = output(logits)
    assert connected(StepwiseDistillation(Says([[1.0, 1.0]]), MeanSquare()), out)(out, TARGET) == 1


def test_nothing_to_learn_from_one_who_says_the_same_at_every_step():
    logits = torch.full((2, 1, 2), 0.5, requires_grad=True)
    term = connected(StepwiseDistillation(Says([[0.5, 0.5]])), output(logits.detach()))
    value = term(output(logits), TARGET)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-7)
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits))
    assert term.teacher.module().logits.grad is None


def test_refused():
    with pytest.raises(UsageError, match="^span: got 'both'"):
        StepwiseDistillation(Says([[0.0, 0.0]]), span="both")
    out = output(LOGITS)
    with pytest.raises(UsageError, match="^teacher: knows 3 classes, but the network has 2"):
        connected(StepwiseDistillation(Says(torch.zeros(1, 3))), out)(out, TARGET)
