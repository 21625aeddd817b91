import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.objectives import EnsembleDistillation, TemperatureKL

from .teachers import connected, output

SURE = 3 * math.log(3)  # at temperature 3 shares of 3/4 and 1/4
LOGITS = torch.tensor([[[SURE, 0.0]], [[0, SURE]]])
FIRST, SECOND = torch.tensor([0]), torch.tensor([1])


def value(logits, target, timesteps=(1, 2), **options):
    out = output(logits)
    return connected(EnsembleDistillation(**options), output(logits.detach()), timesteps)(
        out, target
    )


def test_the_mean_of_all_by_hand():
    # z = (1.5 ln 3, 1.5 ln 3), uniform: KL = 1/2 ln(2/3) + 1/2 ln 2, at both steps.
    assert value(LOGITS, FIRST).item() == pytest.approx(4.5 * math.log(4 / 3), rel=1e-5)
    assert value(LOGITS, FIRST, span="student").item() == 0


def test_the_mean_of_those_that_are_right_by_hand():
    # The first step is right, the second has 1/4 and 3/4: 3/4 ln 3 - 1/4 ln 3.
    found = value(LOGITS, FIRST, members="right").item()
    assert found == pytest.approx(9 / 2 * 0.5 * math.log(3), rel=1e-5)
    shares = torch.tensor([[0.9, 0.1]])  # of a mixed sample the larger share counts
    assert value(LOGITS, shares, members="right").item() == found


def test_nobody_right_teaches_that_all_classes_are_alike():
    wrong = torch.tensor([[[SURE, 0.0]], [[SURE, 0.0]]])
    found = value(wrong, SECOND, members="right").item()
    assert found == pytest.approx(4.5 * math.log(4 / 3), rel=1e-5)


def test_each_sample_is_taught_by_its_own_right_steps_by_hand():
    # As above: of the first sample one step is right, of the second none; of the third both are,
    # and say the same.
    sure = [[SURE, 0.0]]
    logits = torch.tensor([[*sure, *sure, *sure], [[0.0, SURE], *sure, *sure]])
    found = value(logits, torch.tensor([0, 1, 0]), members="right").item()
    assert found == pytest.approx((2.471878 + 1.294569 + 0) / 3, rel=1e-5)


@pytest.mark.parametrize("members", ["all", "right"])
def test_nothing_to_learn_where_all_timesteps_say_the_same(members):
    logits = LOGITS[:1].repeat(2, 1, 1).requires_grad_()
    found = value(logits, FIRST, members=members)
    found.backward()
    assert found.item() == pytest.approx(0, abs=1e-6)
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits), rtol=0, atol=1e-6)


def test_one_step_has_nothing_to_learn_from_itself():
    assert value(LOGITS[:1], FIRST, (1, 1)).item() == 0


@pytest.mark.parametrize("members", ["all", "right"])
def test_the_mean_passes_no_gradient(members):
    logits = torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    target = logits.detach()[0].argmax(-1)
    value(logits, target, (1, 3), members=members).backward()
    copy = logits.detach().clone().requires_grad_()
    fixed = EnsembleDistillation(members).ensemble(copy.detach(), target)
    TemperatureKL(3.0)(copy, fixed).backward()
    assert torch.equal(logits.grad, copy.grad)


def test_refused():
    with pytest.raises(UsageError, match="^members: got 'best', expected all or right$"):
        EnsembleDistillation("best")
    with pytest.raises(UsageError, match="^span: got 'both'"):
        EnsembleDistillation(span="both")
