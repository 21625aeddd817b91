import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import RankedDistillation, Timesteps

NET = vgg9(num_classes=2, width=1 / 64)
TARGET = torch.tensor([0])
# Logits whose shares of the two classes at temperature 2 are a half each, 3/4 and 1/4, 1/10 and
# 9/10; at temperature 1 the surest share is 1/2, 9/10 and 81/82.
UNSURE, SURE, SURER = [0.0, 0.0], [2 * math.log(3), 0.0], [0.0, 2 * math.log(9)]


def kl(p, q):
    """Of two classes, by the shares of the first."""
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


def value(z, **options):
    term = RankedDistillation(**options).connect(NET, Timesteps(1, len(z)))
    return term(NetOutput(z), TARGET)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, kl(0.1, 0.5)),
        ({"direction": "weak2strong"}, kl(0.5, 0.1)),
        ({"pairs": "neighbours"}, (kl(0.1, 0.75) + kl(0.75, 0.5)) / 2),
        (
            {"direction": "weak2strong", "pairs": "neighbours"},
            (kl(0.75, 0.1) + kl(0.5, 0.75)) / 2,
        ),
    ],
)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_literal_value_whatever_the_order_of_the_timesteps(options, expected, order):
    z = torch.tensor([[UNSURE], [SURE], [SURER]])[list(order)]
    assert value(z, **options).item() == pytest.approx(expected)


def test_the_ranking_is_that_of_the_whole_batch():
    # The first timestep is less sure on average, though surest of all about the second sample.
    z = torch.tensor([[UNSURE, [2 * math.log(9), 0.0]], [SURE, SURE]])
    assert value(z).item() == pytest.approx((kl(0.75, 0.5) + kl(0.75, 0.9)) / 2)


def test_the_ranking_is_at_temperature_one():
    # Six classes: at temperature 1 the first timestep is the surer one, at 2 the second.
    z = torch.tensor([[[3.0, 0.0, 0.0, 0.0, 0.0, 0.0]], [[2.6, 2.5, -9.0, -9.0, -9.0, -9.0]]])
    one, two = (torch.softmax(z / k, -1).amax(-1).flatten() for k in (1, 2))
    assert one[0] > one[1] and two[0] < two[1]
    p, q = (z / 2).softmax(-1)[:, 0]
    assert value(z).item() == pytest.approx((p * (p / q).log()).sum().item())


def test_at_two_timesteps_a_cascade_is_its_only_pair():
    z = torch.tensor([[SURER], [SURE]])
    assert value(z, pairs="neighbours") == value(z)


def test_of_equally_sure_timesteps_the_earlier_is_stronger():
    z = torch.tensor([[SURE], [SURE[::-1]]])
    assert value(z).item() == pytest.approx(kl(0.75, 0.25))


@pytest.mark.parametrize(
    ("direction", "student", "expected"),
    [("strong2weak", 0, -0.25), ("weak2strong", 1, 0.25)],
)
def test_the_one_that_teaches_gets_a_gradient_only_if_it_is_wanted(direction, student, expected):
    # d KL(p || softmax(z / 2)) / dz = (softmax(z / 2) - p) / 2.
    for detach in (True, False):
        z = torch.tensor([[UNSURE], [SURE]]).requires_grad_()
        value(z, direction=direction, detach_teacher=detach).backward()
        torch.testing.assert_close(z.grad[student, 0], torch.tensor([expected, -expected]) / 2)
        assert bool(z.grad[1 - student].any()) == (not detach)


def test_in_a_cascade_who_learns_and_teaches_gets_a_gradient_of_what_it_learns():
    for detach in (True, False):
        z = torch.tensor([[UNSURE], [SURE], [SURER]]).requires_grad_()
        value(z, pairs="neighbours", detach_teacher=detach).backward()
        # (1/2 - 3/4)/2 and (3/4 - 1/10)/2, of two pairs; the surest is taught by nobody.
        first = torch.tensor([[-0.0625, 0.1625, 0.0]]).T
        expected = torch.cat([first, -first], 1)
        assert torch.allclose(z.grad[:, 0], expected, atol=1e-6) == detach
        assert bool(z.grad[2].any()) == (not detach)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"direction": "up"}, "^direction: got 'up', expected strong2weak or weak2strong$"),
        ({"pairs": "all"}, "^pairs: got 'all', expected extremes or neighbours$"),
        ({"temperature": -1.0}, "^temperature: got -1.0"),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=message):
        RankedDistillation(**options)
