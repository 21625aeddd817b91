import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.objectives import TeacherFreeDistillation

from .teachers import connected, output

TARGET = torch.tensor([0])


def value(logits, target=TARGET, **options):
    out = output(logits)
    return connected(TeacherFreeDistillation(**options), out)(out, target)


def test_by_hand():
    q = 1 / (1 + math.exp(-0.98 / 20))  # softmax of (0.99, 0.01) / 20
    expected = 100 / 2 * (q * math.log(2 * q) + (1 - q) * math.log(2 * (1 - q)))
    found = value(torch.zeros(2, 1, 2)).item()
    assert found == pytest.approx(expected, rel=1e-3)
    assert expected == pytest.approx(0.0150, rel=1e-2)


def test_three_classes_of_which_the_last_is_right_by_hand():
    logits = torch.tensor([[[0.0, math.log(2), 0.0]]] * 2).requires_grad_()  # 1/4, 1/2, 1/4
    found = value(logits, torch.tensor([2]), temperature=0.5, correct=0.8)
    of = [math.exp(0.1 / 0.5), math.exp(0.1 / 0.5), math.exp(0.8 / 0.5)]
    q = [each / sum(of) for each in of]
    p = [0.25, 0.5, 0.25]
    expected = 100 / 3 * sum(a * math.log(a / b) for a, b in zip(q, p, strict=True))
    assert found.item() == pytest.approx(expected, rel=1e-5)
    found.backward()
    # By both means of a half each, of which the one has half of the second timestep.
    by_class = 100 / 3 * (torch.tensor(p) - torch.tensor(q))
    torch.testing.assert_close(logits.grad.sum(0)[0], by_class)


def test_what_is_taught_of_ten_classes_is_nearly_uniform():
    (q,) = TeacherFreeDistillation().default_teacher(torch.tensor([3]), 10).tolist()
    assert [round(share, 4) for share in q] == [0.0995] * 3 + [0.1045] + [0.0995] * 6


@pytest.mark.parametrize("span", ["student", "teacher", "both"])
def test_at_one_timestep_every_span_is_the_same_number(span):
    term = TeacherFreeDistillation(temperature=0.5, span=span)
    out = output(torch.zeros(1, 1, 2))
    # The softmax of (1.98, 0.02): 0.8765, 0.1235; 50 (ln 2 - its entropy).
    assert connected(term, out, (1, 1))(out, TARGET).item() == pytest.approx(15.96854, rel=1e-4)


def test_of_equally_mixed_samples_it_is_uniform():
    assert value(torch.zeros(2, 1, 2), torch.tensor([[0.5, 0.5]])).item() == pytest.approx(0)


def test_nothing_to_learn_where_the_mean_says_what_is_taught():
    target = torch.tensor([1])
    taught = TeacherFreeDistillation().default_teacher(target, 3).log()
    assert value(taught.expand(2, 1, 3), target).item() == pytest.approx(0, abs=1e-5)


def test_spans_are_averaged():
    logits = torch.tensor([[[1.0, 0]], [[0, 3]]])
    one, two = (value(logits, span=span) for span in ("student", "teacher"))
    torch.testing.assert_close(value(logits), (one + two) / 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"correct": 0}, "correct: got 0, expected a probability above 0"),
        ({"temperature": 0}, "temperature: got 0, expected a finite number > 0"),
        ({"multiplier": math.inf}, "multiplier: got inf, expected a finite number > 0"),
        ({"span": "all"}, "span: got 'all'"),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=f"^{message}"):
        TeacherFreeDistillation(**options)
