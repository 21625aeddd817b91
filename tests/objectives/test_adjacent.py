import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import AdjacentDistillation, Timesteps

NET = vgg9(num_classes=2, width=1 / 64)
TARGET = torch.tensor([0])
# Shares of the first class at temperature 2: 1/2, 3/4, 9/10.
Z = torch.tensor([[[0.0, 0.0]], [[2 * math.log(3), 0.0]], [[2 * math.log(9), 0.0]]])


def kl(p, q):
    """Of two classes, by the shares of the first."""
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


def value(z, *args, **options):
    term = AdjacentDistillation(*args, **options).connect(NET, Timesteps(1, len(z)))
    return term(NetOutput(z), TARGET)


def test_literal_value():
    assert value(Z).item() == pytest.approx((kl(0.5, 0.75) + kl(0.75, 0.9)) / 2)
    assert value(Z, "later").item() == pytest.approx((kl(0.75, 0.5) + kl(0.9, 0.75)) / 2)
    assert value(Z[:2]).item() == pytest.approx(kl(0.5, 0.75))
    assert value(Z / 2, temperature=1.0).item() == pytest.approx(value(Z).item())


def test_gradients_by_hand():
    z = Z.clone().requires_grad_()
    value(z).backward()
    # (3/4 - 1/2)/2 and (9/10 - 3/4)/2, of two pairs; the first is taught by nobody.
    first = torch.tensor([[0.0, 0.0625, 0.0375]]).T
    torch.testing.assert_close(z.grad[:, 0], torch.cat([first, -first], 1))


@pytest.mark.parametrize(("teacher", "silent"), [("earlier", 0), ("later", 2)])
def test_the_one_that_only_teaches_gets_a_gradient_only_if_it_is_wanted(teacher, silent):
    for detach in (True, False):
        z = Z.clone().requires_grad_()
        value(z, teacher, detach_teacher=detach).backward()
        reached = [bool(g.any()) for g in z.grad]
        assert reached == [t != silent or not detach for t in range(3)]


def test_an_unknown_teacher_is_refused():
    with pytest.raises(UsageError, match="^teacher: got 'first', expected earlier or later$"):
        AdjacentDistillation("first")
