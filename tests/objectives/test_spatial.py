import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import (
    EuclideanNorm,
    MeanSquare,
    SpatialDistillation,
    SquaredNorm,
    TemperatureKL,
    Timesteps,
)

NET = vgg9(width=1 / 64)
DISTANCES = [EuclideanNorm(), SquaredNorm(), MeanSquare(), TemperatureKL()]
TARGET = torch.tensor([0, 1])

# T_s = 2, T_t = 3. The network's mean is (0, 0) and (1, 2) over two steps, (1, 0) and (1, 2) over
# three; the exit differs from the first by (3, 4) and (0, 2), then by (0, 0), (6, 8).
LOGITS = torch.tensor([[[1.0, 5], [0, 2]], [[-1, -5], [2, 2]], [[3, 0], [1, 2]]])
WEAK = torch.tensor([[[3.0, 4], [1, 4]], [[0, 0], [7, 10]], [[1, 0], [1, 14]]])


def term(*args, steps=(2, 3), **options):
    return SpatialDistillation(*args, **options).connect(NET, Timesteps(*steps))


def output(logits=LOGITS, early=WEAK):
    return NetOutput(logits, exits={1: early})


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (None, (25 + 4 + 0 + 100) / 8),
        (MeanSquare(), (25 + 4 + 0 + 100) / 8),
        (SquaredNorm(), (25 + 4 + 0 + 100) / 4),
        (EuclideanNorm(), (5 + 2 + 0 + 10) / 4),
    ],
)
def test_literal_value(distance, expected):
    assert term(distance=distance)(output(), TARGET).item() == expected


def test_a_divergence_is_that_of_the_exit_from_the_network():
    # The exit says (1/2, 1/2), the network (3/4, 1/4).
    out = output(torch.tensor([[[math.log(3), 0.0]]]), torch.zeros(1, 1, 2))
    expected = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    value = term(distance=TemperatureKL(1.0), steps=(1, 2))(out, TARGET[:1])
    assert value.item() == pytest.approx(expected, rel=1e-6)


def test_literal_value_of_the_extension_over_the_teachers_steps():
    # Differences from the three-step mean: (2, 4), (0, 2); (-1, 0), (6, 8); (0, 0), (0, 12).
    expected = (20 + 4 + 1 + 100 + 0 + 144) / 6
    value = term(distance=SquaredNorm(), span="teacher")(output(), TARGET)
    assert value.item() == pytest.approx(expected)


@pytest.mark.parametrize("span", ["student", "teacher"])
def test_only_the_spans_steps_count(span):
    steps = {"student": 2, "teacher": 3}[span]
    logits, early = LOGITS.clone().requires_grad_(), WEAK.clone().requires_grad_()
    term(span=span)(output(logits, early), TARGET).backward()
    for grad in (logits.grad, early.grad):
        assert grad is not None
        assert [bool(g.any()) for g in grad] == [t < steps for t in range(3)]


@pytest.mark.parametrize("distance", DISTANCES, ids=str)
@pytest.mark.parametrize("span", ["student", "teacher"])
def test_nothing_to_learn_where_the_exit_agrees(distance, span):
    logits = LOGITS[:1].repeat(3, 1, 1)
    early = logits.clone().requires_grad_()
    value = term(distance=distance, span=span)(output(logits, early), TARGET)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-7)
    assert early.grad is not None and early.grad.isfinite().all()


@pytest.mark.parametrize("distance", DISTANCES, ids=str)
@pytest.mark.parametrize("detach", [False, True])
def test_the_final_output_gets_a_gradient_unless_detached(distance, detach):
    logits, early = LOGITS.clone().requires_grad_(), WEAK.clone().requires_grad_()
    term(distance=distance, detach_teacher=detach)(output(logits, early), TARGET).backward()
    assert early.grad is not None and early.grad.any()
    assert (logits.grad is None) == detach


@pytest.mark.parametrize("distance", DISTANCES, ids=str)
def test_a_duplicated_batch_changes_nothing(distance):
    once = term(distance=distance)(output(), TARGET)
    twice = output(LOGITS.repeat(1, 2, 1), WEAK.repeat(1, 2, 1))
    torch.testing.assert_close(term(distance=distance)(twice, TARGET), once)


def test_several_exits_are_averaged():
    # The second says what the network says after two steps on average, but for one (0, 4).
    second = torch.tensor([[[0.0, 4], [1, 2]], [[0, 0], [1, 2]], [[9, 9], [9, 9]]])
    out = NetOutput(LOGITS, exits={1: WEAK, "layer.3": second})
    expected = ((25 + 4 + 0 + 100) / 8 + 16 / 8) / 2
    assert term()(out, TARGET).item() == expected


def test_it_asks_for_exits():
    assert term().needs_exits
    assert not list(term().parameters())


def test_an_unknown_span_is_refused():
    with pytest.raises(UsageError, match="^span: got 'both', expected student or teacher$"):
        term("both")


@pytest.mark.parametrize("steps", [(2, 2), (2, 3)])
def test_teacher_and_student_may_be_as_long(steps):
    assert term(steps=steps)(output(), TARGET).item() == (25 + 4 + 100) / 8


def test_the_weight_is_left_to_the_loss():
    assert term(weight=0.25)(output(), TARGET) == term()(output(), TARGET)
