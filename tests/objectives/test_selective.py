import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.objectives import SelectiveDistillation, StepwiseDistillation

from .teachers import Says, connected, output

TAUGHT = [[3 * math.log(4), 3 * math.log(2), 0.0]]  # at temperature 3: 4/7, 2/7, 1/7
TARGET = torch.tensor([0])


def test_a_wrong_step_by_hand():
    logits = torch.tensor([[[0.0, 6, 0]]], requires_grad=True)  # puts class 1 above class 0
    out = output(logits.detach())
    term = connected(SelectiveDistillation(Says(TAUGHT)), out, (1, 1))
    value = term(output(logits), TARGET)
    value.backward()
    # The step says 1/3 each, the teacher 2/5, 2/5, 1/5.
    expected = 9 * (0.8 * math.log(6 / 5) + 0.2 * math.log(3 / 5))
    assert value.item() == pytest.approx(expected, rel=1e-5)
    assert expected == pytest.approx(0.393230, rel=1e-4)
    # 3 (q - p): what class 1 would get goes to class 0, through whose logit it is.
    torch.testing.assert_close(logits.grad, torch.tensor([[[-0.4, 0, 0.4]]]))
    assert term.teacher.module().logits.grad is None


def test_where_all_steps_are_right_it_is_the_plain_term():
    logits = torch.randn(2, 1, 3, generator=torch.Generator().manual_seed(0))
    logits[..., 0] += 9
    out = output(logits)
    own, plain = (
        connected(kind(Says(TAUGHT)), out)(out, TARGET)
        for kind in (SelectiveDistillation, StepwiseDistillation)
    )
    assert torch.equal(own, plain)


def test_a_sample_is_wrong_at_one_step_and_right_at_another():
    logits = torch.tensor([[[0.0, 6, 0]], [[6.0, 0, 0]]])
    out, wrong, right = output(logits), output(logits[:1]), output(logits[1:])
    both = connected(SelectiveDistillation(Says(TAUGHT)), out)(out, TARGET)
    each = [
        connected(SelectiveDistillation(Says(TAUGHT)), one, (1, 1))(one, TARGET)
        for one in (wrong, right)
    ]
    torch.testing.assert_close(both, sum(each) / 2)
    student = connected(SelectiveDistillation(Says(TAUGHT), span="student"), out)
    assert torch.equal(student(out, TARGET), each[0])
    shares = torch.tensor([[0.7, 0.3, 0.0]])  # of a mixed sample the larger share counts
    assert connected(SelectiveDistillation(Says(TAUGHT)), out)(out, shares) == both


@pytest.mark.parametrize("true", [0, 1, 2])
def test_nothing_to_learn_from_one_who_says_the_same_right_or_wrong(true):
    logits = torch.tensor([TAUGHT, TAUGHT], requires_grad=True)
    term = connected(SelectiveDistillation(Says(TAUGHT)), output(logits.detach()))
    value = term(output(logits), torch.tensor([true]))
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-6)
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits), rtol=0, atol=1e-6)


def test_refused():
    with pytest.raises(UsageError, match="^temperature: got 0"):
        SelectiveDistillation(Says(TAUGHT), 0)
    with pytest.raises(UsageError, match="^span: got 'both'"):
        SelectiveDistillation(Says(TAUGHT), span="both")
