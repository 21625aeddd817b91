import math

import pytest
import torch
import torch.nn.functional as F

from tssd.models import NetOutput, vgg9
from tssd.objectives import TemporalConsistency, Timesteps

NET = vgg9(num_classes=2, width=1 / 64)
TARGET = torch.tensor([0])
# Shares (1/2, 1/2) and (3/4, 1/4).
Z = torch.tensor([[[0.0, 0.0]], [[math.log(3), 0.0]]])
THERE = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
BACK = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)


def value(z, *args, **options):
    term = TemporalConsistency(*args, **options).connect(NET, Timesteps(1, len(z)))
    return term(NetOutput(z), TARGET)


def test_literal_value():
    assert value(Z, 1.0).item() == pytest.approx((THERE + BACK) / 2)
    # At temperature 4 four times the logits have these shares, and its square is a factor.
    assert value(4 * Z).item() == pytest.approx(16 * (THERE + BACK) / 2)


def test_it_is_the_mean_over_all_ordered_pairs():
    z = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    each = [
        F.kl_div(
            F.log_softmax(z[i] / 2, -1),
            F.log_softmax(z[j] / 2, -1),
            log_target=True,
            reduction="batchmean",
        )
        for i, j in pairs
    ]
    torch.testing.assert_close(value(z, 2.0), 4 * torch.stack(each).mean())


def test_every_timestep_learns_from_others_and_teaches_without_a_gradient():
    z, undetached = Z.clone().requires_grad_(), Z.clone().requires_grad_()
    value(z, 1.0).backward()
    p, q = torch.tensor([0.5, 0.5]), torch.tensor([0.75, 0.25])
    torch.testing.assert_close(z.grad[:, 0], torch.stack([p - q, q - p]) / 2)
    value(undetached, 1.0, detach_teacher=False).backward()
    assert not torch.allclose(undetached.grad, z.grad)


def test_gradients_of_teachers_that_learn_by_hand():
    z = Z.clone().requires_grad_()
    value(z, 1.0, detach_teacher=False).backward()
    # Besides (p - q)/2: p (ln p/q - KL(p || q))/2 of what teaches, 1/2 (-0.405465 - 0.143841)/2 and
    # 3/4 (0.405465 - 0.130812)/2.
    first = torch.tensor([[-0.125 - 0.137327, 0.125 + 0.102995]]).T
    torch.testing.assert_close(z.grad[:, 0], torch.cat([first, -first], 1), rtol=0, atol=1e-5)
