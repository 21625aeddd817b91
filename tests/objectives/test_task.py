import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.utils.class_weight import compute_class_weight

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import ExitCrossEntropy, TaskCrossEntropy, Timesteps
from tssd.objectives.task import balanced

NET = vgg9(num_classes=2, width=1 / 64)
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


# Of the first sample half is class 0 and half class 1; of the second three quarters are class 1.
SHARES = torch.tensor([[0.5, 0.5], [0.25, 0.75]])
MIXED = -(math.log(3 / 4) + math.log(1 / 4)) / 4 - math.log(1 / 2) / 2


def test_shares_of_classes_by_hand():
    value = task("student")(NetOutput(LOGITS), SHARES)
    assert value.item() == pytest.approx(MIXED, rel=1e-6)
    assert value.item() == pytest.approx(F.cross_entropy(LOGITS[0], SHARES).item(), rel=1e-6)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2}, {"class_weights": [0.5, 3.0]}])
def test_one_hot_shares_are_the_classes(options):
    one_hot = F.one_hot(TARGET, 2).double()
    out = NetOutput(LOGITS, exits={1: LOGITS})
    for kind in (TaskCrossEntropy, ExitCrossEntropy):
        objective = kind(**options).connect(NET, Timesteps(1, 2))
        torch.testing.assert_close(objective(out, one_hot), objective(out, TARGET))


def test_class_weights_by_hand():
    # 0.5 x -log(3/4) of class 0 and 3 x -log(1/2) of class 1, over two samples.
    expected = -(0.5 * math.log(3 / 4) + 3 * math.log(1 / 2)) / 2
    weighted = task("student", class_weights=[0.5, 3])
    assert weighted(NetOutput(LOGITS), TARGET).item() == pytest.approx(expected, rel=1e-6)
    # torch's own, which divides by the sum of the weights of the batch.
    theirs = F.cross_entropy(LOGITS[0], TARGET, weight=torch.tensor([0.5, 3.0])) * 3.5 / 2
    assert weighted(NetOutput(LOGITS), TARGET).item() == pytest.approx(theirs.item(), rel=1e-6)
    mixed = F.cross_entropy(LOGITS[0], SHARES, weight=torch.tensor([0.5, 3.0]))
    assert weighted(NetOutput(LOGITS), SHARES).item() == pytest.approx(mixed.item(), rel=1e-6)


def test_label_smoothing_of_weighted_classes_by_hand():
    # Of sample 0 after the first step each class, by its smoothed share, times its own weight.
    expected = -(0.5 * 0.9 * math.log(3 / 4) + 3 * 0.1 * math.log(1 / 4))
    weighted = task("student", class_weights=[0.5, 3], label_smoothing=0.2)
    value = weighted(NetOutput(LOGITS[:, :1]), TARGET[:1])
    assert value.item() == pytest.approx(expected, rel=1e-6)


def test_a_weighted_sample_counts_the_same_in_whatever_batch_it_is():
    weighted = task(class_weights=[0.5, 3], label_smoothing=0.1)
    alone = [
        weighted(NetOutput(LOGITS[:, n : n + 1]), TARGET[n : n + 1]) for n in range(len(TARGET))
    ]
    together = weighted(NetOutput(LOGITS), TARGET)
    torch.testing.assert_close(together, torch.stack(alone).mean())


def test_equal_weights_change_nothing():
    torch.testing.assert_close(
        task(class_weights=[1, 1])(NetOutput(LOGITS), TARGET), task()(NetOutput(LOGITS), TARGET)
    )


def test_balanced_weights_are_those_of_scikit_learn():
    counts = [30, 10, 2]
    labels = np.repeat(np.arange(3), counts)
    theirs = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert balanced(counts) == pytest.approx(theirs.tolist())
    assert balanced([30, 0, 10]) == pytest.approx([40 / 60, 1, 40 / 20])
    assert balanced([0, 0]) == [1, 1]


def test_balanced_weights_come_with_the_counts():
    objective = task(class_weights="balanced")
    assert objective.needs_class_counts and not task(class_weights=[1, 2]).needs_class_counts
    with pytest.raises(UsageError, match=r"^class_weights: balanced needs .*learn_class_counts\("):
        objective(NetOutput(LOGITS), TARGET)
    objective.learn_class_counts([30, 10])
    expected = task(class_weights=[2 / 3, 2.0])(NetOutput(LOGITS), TARGET)
    torch.testing.assert_close(objective(NetOutput(LOGITS), TARGET), expected)
    double = objective(NetOutput(LOGITS.double()), SHARES)
    assert double.dtype == torch.float64
    assert not objective.state_dict()  # a run's weights are what they were


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -2.0], r"^class_weights: got -2.0, expected balanced, or"),
        ([1, math.nan], "^class_weights: got nan"),
        ([1, "2"], "^class_weights: got '2'"),
        ([True, 1], "^class_weights: got True"),
        ([0, 0], "^class_weights: got zeros"),
        ([], r"^class_weights: got \[\]"),
        ("even", "^class_weights: got 'even', expected balanced"),
    ],
)
def test_class_weights_that_are_none_are_refused(weights, message):
    with pytest.raises(UsageError, match=message):
        TaskCrossEntropy(class_weights=weights)


def test_class_weights_may_be_an_array():
    expected = task(class_weights=[1, 2])(NetOutput(LOGITS), TARGET)
    for weights in (np.array([1.0, 2.0]), torch.tensor([1, 2]), [np.float32(1), np.int64(2)]):
        assert torch.equal(task(class_weights=weights)(NetOutput(LOGITS), TARGET), expected)


def test_counts_of_other_classes_are_refused():
    term = TaskCrossEntropy(class_weights="balanced")
    term.connect(vgg9(width=1 / 64), Timesteps(1, 2))
    with pytest.raises(UsageError, match="^class_weights: got counts of 2 classes, .* of the 10 c"):
        term.learn_class_counts([30, 10])


def test_class_weights_of_another_number_are_refused():
    with pytest.raises(UsageError, match="^class_weights: got 3 numbers, .* of the 10 classes"):
        ExitCrossEntropy(class_weights=[1, 2, 3]).connect(vgg9(width=1 / 64), Timesteps(1, 2))
