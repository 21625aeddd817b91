import math

import pytest
import torch
from spikingjelly.activation_based.functional import temporal_efficient_training_cross_entropy

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import TaskCrossEntropy, TemporalEfficientTraining, Timesteps

NET = vgg9(num_classes=3, width=1 / 64)
# Shares of the first class: a half, then three quarters.
LOGITS = torch.tensor([[[0.0, 0.0]], [[math.log(3), 0.0]]])
TARGET = torch.tensor([0])


def value(logits=LOGITS, target=TARGET, steps=(2, 2), **options):
    term = TemporalEfficientTraining(**options).connect(NET, Timesteps(*steps))
    return term(NetOutput(logits), target)


def test_literal_value():
    labels = (math.log(2) + math.log(4 / 3)) / 2
    spread = (1 + 1 + (math.log(3) - 1) ** 2 + 1) / 4
    assert value(mse_share=0.0).item() == pytest.approx(labels)
    assert value(mse_share=0.25).item() == pytest.approx(0.75 * labels + 0.25 * spread)
    assert value(mse_share=1.0, level=0.0).item() == pytest.approx(math.log(3) ** 2 / 4)


def test_literal_value_of_squared_errors_to_the_labels():
    # Off by (1, 0), then by (ln 3 - 1, 0).
    expected = (1 + (math.log(3) - 1) ** 2) / 4
    assert value(mse_share=1.0, level="labels").item() == pytest.approx(expected)
    shares = torch.tensor([[0.5, 0.5]])
    found = value(LOGITS[:1], shares, (1, 1), mse_share=1.0, level="labels")
    assert found.item() == pytest.approx(0.25)


def test_the_labels_and_their_gradient_are_those_of_spikingjelly():
    """SpikingJelly's has no squared errors: the share is 0."""
    ours, theirs = (torch.randn(5, 3, 7, generator=_seed()).requires_grad_() for _ in range(2))
    target = torch.tensor([1, 0, 6])
    found = value(ours, target, (2, 5), mse_share=0.0)
    expected = temporal_efficient_training_cross_entropy(theirs, target)
    torch.testing.assert_close(found, expected)
    found.backward()
    expected.backward()
    torch.testing.assert_close(ours.grad, theirs.grad)


def _seed():
    return torch.Generator().manual_seed(0)


def test_spans():
    student, teacher = (value(steps=(1, 2), span=span) for span in ("student", "teacher"))
    assert torch.equal(student, value(LOGITS[:1], steps=(1, 1)))
    assert torch.equal(teacher, value(steps=(1, 2)))
    torch.testing.assert_close(value(steps=(1, 2), span="both"), (student + teacher) / 2)


@pytest.mark.parametrize(
    ("span", "steps", "expected"),
    [("teacher", (1, 2), True), ("both", (1, 2), False), ("student", (2, 2), True)],
)
def test_it_says_whether_timesteps_may_be_asked_one_by_one(span, steps, expected):
    term = TemporalEfficientTraining(span=span).connect(NET, Timesteps(*steps))
    assert term.each_timestep == expected
    alone = torch.stack([term(NetOutput(step[None]), TARGET) for step in LOGITS]).mean()
    assert not expected or torch.allclose(alone, term(NetOutput(LOGITS), TARGET))


def test_one_timestep_is_a_plain_cross_entropy_smoothed_and_weighted_alike():
    logits, target = torch.randn(1, 2, 3, generator=_seed()), torch.tensor([2, 0])
    options = {"label_smoothing": 0.1, "class_weights": [1.0, 2.0, 0.5]}
    plain = TaskCrossEntropy(**options).connect(NET, Timesteps(1, 1))
    found = value(logits, target, (1, 1), mse_share=0.0, **options)
    torch.testing.assert_close(found, plain(NetOutput(logits), target))


def test_shares_of_classes_are_labels_too():
    shares = torch.tensor([[0.5, 0.5]], dtype=torch.float64)
    assert value(target=torch.tensor([[1.0, 0.0]])) == value()
    assert value(LOGITS[:1], shares, (1, 1), mse_share=0.0).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mse_share": 1.5}, "^mse_share: got 1.5, expected a share from 0 to 1$"),
        ({"level": math.inf}, "^level: got inf, expected a finite logit"),
        ({"span": "all"}, "^span: got 'all'"),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=message):
        TemporalEfficientTraining(**options)
