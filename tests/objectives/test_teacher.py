import math

import pytest
import torch
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import (
    MeanSquare,
    Objective,
    SelfDistillation,
    TaskCrossEntropy,
    TeacherDistillation,
    TemperatureKL,
    Timesteps,
)
from tssd.time import repeat_in_time

N, K = 2, 3
LOGITS = torch.tensor([[[1.0, 0, 0], [0, 2, 0]], [[3, 0, 0], [0, 0, 2]]])  # means of T = 1 and 2
IMAGES = torch.randn(N, 3, 16, 16, generator=torch.Generator().manual_seed(0))
TARGET = torch.tensor([0, 1])


class Says(nn.Module):
    """A teacher with fixed logits, and a parameter."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(torch.as_tensor(logits))

    def forward(self, x):
        return self.logits + 0 * x.flatten(1).sum(1, keepdim=True)


def term(teacher, *args, **options):
    net = vgg9(num_classes=K, image_size=16, width=1 / 64)
    return TeacherDistillation(teacher, *args, **options).connect(net, Timesteps(1, 2))


def output(logits=LOGITS):
    return NetOutput(logits, input=repeat_in_time(IMAGES, 2))


@pytest.mark.parametrize(("span", "t"), [("student", 1), ("teacher", 2)])
@pytest.mark.parametrize("distance", [TemperatureKL(), MeanSquare()])
def test_nothing_to_learn_from_one_who_says_the_same(distance, span, t):
    logits = LOGITS.clone().requires_grad_()
    value = term(Says(LOGITS[:t].mean(0)), distance, span=span)(output(logits), TARGET)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-7)
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits))


def test_by_default_it_is_the_divergence_at_temperature_four_by_hand():
    value = term(Says([[0.0, 0, 0], [0, 0, 0]]), span="student")(output(), TARGET)
    uniform = 1 / 3
    by_hand = 0.0
    for row in ([1.0, 0, 0], [0, 2, 0]):
        shares = [math.exp(z / 4) for z in row]
        q = [share / sum(shares) for share in shares]
        by_hand += 16 * sum(uniform * math.log(uniform / q_k) for q_k in q) / 2
    assert value.item() == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("span", ["student", "teacher", "both"])
def test_at_one_timestep_every_span_is_the_same_number(span):
    net = vgg9(num_classes=K, image_size=16, width=1 / 64)
    found = TeacherDistillation(Says(torch.zeros(N, K)), span=span).connect(net, Timesteps(1, 1))
    value = found(NetOutput(LOGITS[:1], input=IMAGES[None]), TARGET)
    assert value.item() == pytest.approx(0.2897770, rel=1e-5)


def test_gradients_by_hand():
    logits = torch.tensor([[[8 * math.log(2), 0.0, 0.0]] * 2], requires_grad=True)
    teacher = Says([[0.0, 0.0, 0.0], [4 * math.log(2), 0.0, 0.0]])
    net = vgg9(num_classes=K, image_size=16, width=1 / 64)
    found = TeacherDistillation(teacher).connect(net, Timesteps(1, 1))
    found(NetOutput(logits, input=IMAGES[None]), TARGET).backward()
    # At temperature 4 the network says 4/6, the teacher 1/3 and 1/2; 16/4 over two samples.
    expected = torch.tensor([[[2 / 3, -1 / 3, -1 / 3], [1 / 3, -1 / 6, -1 / 6]]])
    torch.testing.assert_close(logits.grad, expected)
    assert teacher.logits.grad is None


def test_both_spans_are_averaged():
    teacher = Says([[0.0, 0, 0], [0, 0, 0]])
    one, two = (
        term(teacher, MeanSquare(), span=s)(output(), TARGET) for s in ("student", "teacher")
    )
    both = term(teacher, MeanSquare())(output(), TARGET)
    torch.testing.assert_close(both, (one + two) / 2)


def test_the_teacher_gets_no_gradient_and_is_part_of_nothing():
    teacher = Says([[0.0, 1, 0], [0, 0, 1]])
    net = vgg9(num_classes=K, image_size=16, width=1 / 64)
    terms: dict[str, Objective] = {
        "task": TaskCrossEntropy(),
        "taught": TeacherDistillation(teacher),
    }
    criterion = SelfDistillation(terms, Timesteps(1, 2)).connect(net)
    criterion.run(net, IMAGES, TARGET).total.backward()
    assert teacher.logits.grad is None
    assert [*criterion.parameters()] == [] and criterion.state_dict() == {}
    assert [*criterion.teachers] == ["taught.teacher"]
    assert any(p.grad is not None and p.grad.any() for p in net.parameters())


def test_a_teacher_of_other_classes_is_refused():
    with pytest.raises(UsageError, match="^teacher: knows 4 classes, but the network has 3; take"):
        term(Says(torch.zeros(N, 4)))(output(), TARGET)


def test_an_unknown_span_is_refused():
    with pytest.raises(UsageError, match="^span: got 'all'"):
        TeacherDistillation(Says(torch.zeros(N, K)), span="all")


def test_a_network_may_teach_one_of_another_length():
    teacher = tssd.resnet18(num_classes=K, image_size=16, width=1 / 64)
    taught = term(tssd.objectives.Frozen(teacher, timesteps=6))
    assert taught(output(), TARGET).isfinite()
