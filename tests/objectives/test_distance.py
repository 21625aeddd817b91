import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F

from tssd.errors import UsageError
from tssd.objectives import (
    EnsembleDistillation,
    EuclideanNorm,
    MeanSquare,
    SpatialDistillation,
    SquaredNorm,
    StepwiseDistillation,
    TeacherDistillation,
    TemperatureKL,
    TemporalDistillation,
)

ALL = [EuclideanNorm(), SquaredNorm(), MeanSquare(), TemperatureKL(), TemperatureKL(1.5)]
everywhere = pytest.mark.parametrize("distance", ALL, ids=str)

STUDENT = torch.tensor([[3.0, 4.0], [1.0, 0.0]])
TEACHER = torch.tensor([[0.0, 0.0], [1.0, 2.0]])  # differences (3, 4) and (0, -2)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (EuclideanNorm(), (5 + 2) / 2),
        (SquaredNorm(), (25 + 4) / 2),
        (MeanSquare(), (25 + 4) / 4),
    ],
)
def test_literal_values(distance, expected):
    assert distance(STUDENT, TEACHER).item() == expected


def test_kl_literal_value():
    # At k = 2 the student says (3/4, 1/4) and (1/2, 1/2), the teacher (1/2, 1/2) both times.
    student = torch.tensor([[2 * math.log(3), 0.0], [7.0, 7.0]])
    teacher = torch.zeros(2, 2)
    expected = 2**2 * (0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)) / 2
    assert TemperatureKL(2.0)(student, teacher).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_kl_equals_torchs(temperature):
    torch.manual_seed(0)
    student, teacher = torch.randn(2, 6, 5, dtype=torch.double) * 3
    expected = temperature**2 * F.kl_div(
        F.log_softmax(student / temperature, -1),
        F.softmax(teacher / temperature, -1),
        reduction="batchmean",
    )
    torch.testing.assert_close(TemperatureKL(temperature)(student, teacher), expected)


def test_kl_is_not_symmetric():
    kl = TemperatureKL(1.0)
    assert kl(STUDENT, TEACHER) != pytest.approx(kl(TEACHER, STUDENT).item(), rel=0.01)


def test_kl_is_finite_for_logits_far_apart():
    far = torch.tensor([[1e4, -1e4]], requires_grad=True)
    value = TemperatureKL(1.0)(far, -far.detach())
    value.backward()
    assert value.isfinite()
    assert far.grad is not None and far.grad.isfinite().all()


@everywhere
def test_nothing_between_equals(distance):
    x = STUDENT.clone().requires_grad_()
    value = distance(x, STUDENT)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-7)
    # The Euclidean norm has no derivative here; anything but a finite one would end the training.
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.zeros_like(x))


@everywhere
def test_a_duplicated_batch_is_as_far(distance):
    twice = distance(STUDENT.repeat(2, 1), TEACHER.repeat(2, 1))
    torch.testing.assert_close(twice, distance(STUDENT, TEACHER))


@everywhere
def test_one_teacher_serves_every_timestep(distance):
    torch.manual_seed(0)
    steps, teacher = torch.randn(3, 5, 4), torch.randn(5, 4)
    each = torch.stack([distance(x_t, teacher) for x_t in steps])
    torch.testing.assert_close(distance(steps, teacher), each.mean())


@everywhere
def test_the_gradient_reaches_student_and_teacher(distance):
    student, teacher = STUDENT.clone().requires_grad_(), TEACHER.clone().requires_grad_()
    distance(student, teacher).backward()
    assert student.grad is not None and student.grad.any()
    assert teacher.grad is not None and teacher.grad.any()


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_a_temperature_must_be_positive(temperature):
    with pytest.raises(UsageError, match=f"^temperature: got {temperature}, expected a finite"):
        TemperatureKL(temperature)


@everywhere
def test_one_class_is_not_spread_over_all(distance):
    with pytest.raises(UsageError, match="^teacher: knows 1 classes, but the network has 2; take"):
        distance(STUDENT, TEACHER[:, :1])


@pytest.mark.parametrize("given", [MeanSquare, TemperatureKL, "teacher", 2.0])
@pytest.mark.parametrize(
    "term",
    [
        TemporalDistillation,
        partial(SpatialDistillation, "student"),
        partial(TeacherDistillation, torch.nn.Identity()),
        partial(StepwiseDistillation, torch.nn.Identity()),
        EnsembleDistillation,
    ],
)
def test_what_is_no_distance_is_refused_where_it_is_given(term, given):
    with pytest.raises(UsageError, match=r"^distance: got .*, expected an object of a class such"):
        term(distance=given)


def test_any_function_of_two_logits_is_a_distance():
    assert TemporalDistillation(F.mse_loss).distance is F.mse_loss
