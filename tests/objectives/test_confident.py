import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.objectives import ConfidentSteps, TemperatureKL
from tssd.objectives.confident import sure_others

from .teachers import connected, output

TARGET = torch.tensor([0])
SURE = 3 * math.log(3)  # at temperature 3 shares of 3/4 and 1/4


def test_two_steps_learn_from_each_other_by_hand():
    out = output(torch.tensor([[[SURE, 0.0]], [[0, 0]]]))
    first = 0.5 * math.log(4 / 3)  # from uniform to 3/4, 1/4
    second = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    found = connected(ConfidentSteps(), out)(out, TARGET).item()
    assert found == pytest.approx(9 / 2 * (first + second), rel=1e-5)


def test_weights_of_three_steps_by_hand():
    # Two that say 3/4, 1/4 (confidence 1 - 0.562335 / ln 2) and one that says nothing.
    logits = torch.tensor([[[math.log(3), 0.0]], [[math.log(3), 0.0]], [[0.0, 0.0]]])
    first, second, third = sure_others(logits)[:, 0, 0].tolist()
    own = math.exp(0.188722) / (math.exp(0.188722) + 1)  # of the other sure one, of cosine 1
    assert first == second == pytest.approx(own * math.log(3), rel=1e-5)
    assert third == pytest.approx(math.log(3))  # alike to none: the mean of both


def test_who_counts_is_decided_by_how_sure_it_is_itself():
    # Shares of 3/4, 9/10 and 9/10 for the first class; the third is at 45 degrees to the others.
    a, b = math.log(3), math.log(9)
    logits = torch.tensor([[[a, 0.0]], [[b, 0.0]], [[a, -a]]])
    first, second, third = sure_others(logits)[:, 0].tolist()
    less, more = 0.188722, 1 - (0.9 * math.log(10 / 9) + 0.1 * math.log(10)) / math.log(2)
    assert more == pytest.approx(0.531004, rel=1e-5)
    share = 1 / (1 + math.exp(more / 2**0.5 - more))  # of the second, beside the third
    assert first == pytest.approx([share * b + (1 - share) * a, (share - 1) * a], rel=1e-5)
    share = 1 / (1 + math.exp(more / 2**0.5 - less))  # of the first, beside the third
    assert second == pytest.approx([a, (share - 1) * a], rel=1e-5)
    share = 1 / (1 + math.exp((more - less) / 2**0.5))  # of the first, beside the second
    assert third == pytest.approx([share * a + (1 - share) * b, 0], rel=1e-5)


def test_the_others_pass_no_gradient():
    logits = torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    connected(ConfidentSteps(), output(logits.detach()), (1, 3))(output(logits), TARGET).backward()
    copy = logits.detach().clone().requires_grad_()
    TemperatureKL(3.0)(copy, sure_others(copy.detach())).backward()
    assert torch.equal(logits.grad, copy.grad)


def test_gradients_of_two_steps_by_hand():
    logits = torch.tensor([[[SURE, 0.0]], [[0, 0]]], requires_grad=True)
    connected(ConfidentSteps(), output(logits.detach()))(output(logits), TARGET).backward()
    # 9/2 (own - other's share)/3, and none of what a step teaches.
    expected = torch.tensor([[[0.375, -0.375]], [[-0.375, 0.375]]])
    torch.testing.assert_close(logits.grad, expected)


def test_nothing_to_learn_where_all_timesteps_say_the_same():
    logits = torch.tensor([[[1.0, 0.0, -2.0]]]).repeat(3, 1, 1).requires_grad_()
    value = connected(ConfidentSteps(), output(logits.detach()), (1, 3))(output(logits), TARGET)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-6)
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits), rtol=0, atol=1e-6)


def test_one_step_has_nobody_to_learn_from():
    logits = (-torch.rand(1, 2, 4)).requires_grad_()
    value = connected(ConfidentSteps(), output(logits.detach()), (1, 1))(output(logits), TARGET)
    value.backward()
    assert str(value.item()) == "0.0" and not logits.grad.any()


def test_only_the_spans_steps_count():
    out = output(torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(0)))
    two = output(out.logits[:2])
    found = connected(ConfidentSteps(span="student"), out, (2, 3))(out, TARGET)
    assert torch.equal(found, connected(ConfidentSteps(), two)(two, TARGET))
    assert found != connected(ConfidentSteps(), out, (2, 3))(out, TARGET)


def test_refused():
    with pytest.raises(UsageError, match="^temperature: got -1"):
        ConfidentSteps(-1)


def test_autocast_rounds_nothing_of_timesteps_that_hardly_differ():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 4, 10, generator=generator) + 0.1 * torch.randn(
        4, 4, 10, generator=generator
    )
    term = connected(ConfidentSteps(), output(logits))
    expected = term(output(logits), TARGET)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(term(output(logits), TARGET), expected)
