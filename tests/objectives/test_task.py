import math

import pytest
import torch
import torch.nn.functional as F

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import ExitCrossEntropy, TaskCrossEntropy, Timesteps

NET = vgg9(width=1 / 64)
TARGET = torch.tensor([0, 1])

# T_s = 1, T_t = 2, two samples of classes 0 and 1. The first step gives the right class 3/4 and
# 1/2, the mean of both steps 1/2 and 9/10.
LOG3, LOG9 = math.log(3), math.log(9)
LOGITS = torch.tensor([[[LOG3, 0], [0, 0]], [[-LOG3, 0], [0, 2 * LOG9]]])
STUDENT = -(math.log(3 / 4) + math.log(1 / 2)) / 2
TEACHER = -(math.log(1 / 2) + math.log(9 / 10)) / 2
SPANS = [("student", STUDENT), ("teacher", TEACHER), ("both", (STUDENT + TEACHER) / 2)]


def task(*args, steps=(1, 2), **options):
    return TaskCrossEntropy(*args, **options).connect(NET, Timesteps(*steps))


@pytest.mark.parametrize(("span", "expected"), SPANS)
def test_literal_value(span, expected):
    assert task(span)(NetOutput(LOGITS), TARGET).item() == pytest.approx(expected, rel=1e-6)


def test_both_spans_are_the_default():
    assert task()(NetOutput(LOGITS), TARGET) == task("both")(NetOutput(LOGITS), TARGET)


@pytest.mark.parametrize(("span", "_"), SPANS)
def test_spans_coincide_in_a_vanilla_network(span, _):
    value = task(span, steps=(2, 2))(NetOutput(LOGITS), TARGET)
    assert value.item() == pytest.approx(TEACHER, rel=1e-6)


def test_the_mean_is_taken_of_logits_not_of_losses():
    per_step = torch.stack([F.cross_entropy(x_t, TARGET) for x_t in LOGITS]).mean()
    assert task("teacher")(NetOutput(LOGITS), TARGET).item() != pytest.approx(per_step.item())


@pytest.mark.parametrize(("span", "reached"), [("student", 1), ("teacher", 2), ("both", 2)])
def test_the_gradient_reaches_exactly_the_spans_steps(span, reached):
    logits = LOGITS.clone().requires_grad_()
    task(span)(NetOutput(logits), TARGET).backward()
    assert logits.grad is not None
    assert [bool(g.any()) for g in logits.grad] == [t < reached for t in range(2)]


def test_steps_after_the_teachers_are_ignored():
    longer = torch.cat([LOGITS, 100 * LOGITS])
    assert task()(NetOutput(longer), TARGET) == task()(NetOutput(LOGITS), TARGET)


def test_label_smoothing_mixes_in_all_classes():
    # Sample 0 after the first step: 0.8 on class 0 plus 0.1 on either of the two classes.
    expected = -(0.9 * math.log(3 / 4) + 0.1 * math.log(1 / 4))
    smooth = task("student", label_smoothing=0.2)
    value = smooth(NetOutput(LOGITS[:, :1]), TARGET[:1])
    assert value.item() == pytest.approx(expected, rel=1e-6)


def test_a_duplicated_batch_changes_nothing():
    once = task()(NetOutput(LOGITS), TARGET)
    twice = task()(NetOutput(LOGITS.repeat(1, 2, 1)), TARGET.repeat(2))
    torch.testing.assert_close(twice, once)


@pytest.mark.parametrize("kind", [TaskCrossEntropy, ExitCrossEntropy])
def test_an_unknown_span_is_refused_at_once(kind):
    with pytest.raises(UsageError, match="got 'all', expected one of student, teacher, both$"):
        kind("all")


@pytest.mark.parametrize(("span", "expected"), SPANS)
def test_the_exits_cross_entropy_is_the_same_of_its_own_logits(span, expected):
    objective = ExitCrossEntropy(span).connect(NET, Timesteps(1, 2))
    out = NetOutput(torch.full_like(LOGITS, math.nan), exits={1: LOGITS})
    assert objective.needs_exits
    assert objective(out, TARGET).item() == pytest.approx(expected, rel=1e-6)


def test_the_exits_options_reach_it():
    objective = ExitCrossEntropy("student", label_smoothing=0.2, weight=0.3)
    objective.connect(NET, Timesteps(1, 2))
    smooth = task("student", label_smoothing=0.2)
    out = NetOutput(LOGITS, exits={1: LOGITS})
    assert objective(out, TARGET) == smooth(out, TARGET)
    assert objective.weight == 0.3


def test_the_cross_entropies_of_several_exits_are_averaged():
    objective = ExitCrossEntropy("student").connect(NET, Timesteps(1, 2))
    undecided = torch.zeros_like(LOGITS)
    out = NetOutput(LOGITS, exits={1: LOGITS, 2: undecided})
    expected = (STUDENT + math.log(2)) / 2
    assert objective(out, TARGET).item() == pytest.approx(expected, rel=1e-6)


def test_the_task_asks_for_no_exits():
    assert not task().needs_exits
