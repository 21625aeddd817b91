import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import (
    EuclideanNorm,
    MeanSquare,
    SquaredNorm,
    TemperatureKL,
    TemporalDistillation,
    Timesteps,
)

NET = vgg9(width=1 / 64)
DISTANCES = [EuclideanNorm(), SquaredNorm(), MeanSquare(), TemperatureKL()]
TARGET = torch.tensor([0, 1])

# T_s = 1, T_t = 2, two samples, two classes. Student: the first step. Teacher: the mean, which is
# (0, 0) and (1, 2). Differences (3, 4) and (0, -2).
LOGITS = torch.tensor([[[3.0, 4.0], [1.0, 0.0]], [[-3.0, -4.0], [1.0, 4.0]]])


def term(*args, steps=(1, 2), **options):
    return TemporalDistillation(*args, **options).connect(NET, Timesteps(*steps))


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (None, (25 + 4) / 4),
        (MeanSquare(), (25 + 4) / 4),
        (SquaredNorm(), (25 + 4) / 2),
        (EuclideanNorm(), (5 + 2) / 2),
    ],
)
def test_literal_value(distance, expected):
    assert term(distance)(NetOutput(LOGITS), TARGET).item() == expected


def test_student_and_teacher_are_means_over_their_steps():
    # One class: student (1 + 3) / 2 = 2, teacher (1 + 3 + 5 + 7) / 4 = 4; a fifth step is ignored.
    logits = torch.tensor([1.0, 3.0, 5.0, 7.0, 100.0]).view(5, 1, 1)
    assert term(steps=(2, 4))(NetOutput(logits), TARGET[:1]).item() == 4


def test_a_divergence_is_that_of_the_student_from_the_teacher():
    # The first step says (1/2, 1/2), the mean of both (3/4, 1/4).
    logits = torch.tensor([[[0.0, 0.0]], [[2 * math.log(3), 0.0]]])
    expected = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    value = term(TemperatureKL(1.0))(NetOutput(logits), TARGET[:1])
    assert value.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("distance", DISTANCES, ids=str)
@pytest.mark.parametrize("detach", [False, True])
def test_nothing_to_learn_where_the_steps_agree(distance, detach):
    logits = LOGITS[:1].repeat(4, 1, 1).requires_grad_()
    value = term(distance, steps=(2, 4), detach_teacher=detach)(NetOutput(logits), TARGET)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-7)
    assert logits.grad is not None and logits.grad.isfinite().all()


@pytest.mark.parametrize("distance", DISTANCES, ids=str)
def test_a_detached_teacher_gets_no_gradient(distance):
    torch.manual_seed(0)
    logits = torch.randn(4, 3, 5, requires_grad=True)
    term(distance, steps=(2, 4), detach_teacher=True)(NetOutput(logits), TARGET).backward()
    assert logits.grad is not None
    assert logits.grad[:2].count_nonzero() == logits.grad[:2].numel()
    assert not logits.grad[2:].any()


def test_gradients_literal():
    # d = student - teacher; the mean square's slope is 2 d / (N K) = d / 2.
    d = torch.tensor([[3.0, 4.0], [0.0, -2.0]])
    detached, attached = LOGITS.clone().requires_grad_(), LOGITS.clone().requires_grad_()
    term(detach_teacher=True)(NetOutput(detached), TARGET).backward()
    term(detach_teacher=False)(NetOutput(attached), TARGET).backward()
    assert torch.equal(detached.grad, torch.stack([d / 2, 0 * d]))
    # Attached, student - teacher = (first - second) / 2: half of it to either, opposite in sign.
    assert torch.equal(attached.grad, torch.stack([d / 4, -d / 4]))


@pytest.mark.parametrize("distance", DISTANCES, ids=str)
def test_a_duplicated_batch_changes_nothing(distance):
    once = term(distance)(NetOutput(LOGITS), TARGET)
    torch.testing.assert_close(term(distance)(NetOutput(LOGITS.repeat(1, 2, 1)), TARGET), once)


@pytest.mark.parametrize("steps", [(1, 1), (4, 4)])
def test_a_student_as_long_as_its_teacher_is_refused(steps):
    with pytest.raises(UsageError, match=f"student < teacher, got student = {steps[0]} and"):
        term(steps=steps)


def test_the_weight_is_left_to_the_loss():
    weighted = term(weight=0.25, ramp_epochs=4.0)
    assert weighted(NetOutput(LOGITS), TARGET) == term()(NetOutput(LOGITS), TARGET)
    weighted.set_progress(2, 10)
    assert weighted.current_weight == 0.125


def test_it_asks_for_no_exits():
    assert not term().needs_exits
    assert not list(term().parameters())
