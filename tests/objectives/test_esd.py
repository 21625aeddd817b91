import math

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, mlp, vgg9
from tssd.objectives import ReliableDistillation, SelfDistillation, TaskCrossEntropy, Timesteps
from tssd.objectives.esd import SeparableBlock, branch
from tssd.time import TimeFold

N, K = 3, 5
NET = vgg9(num_classes=2, image_size=16, width=1 / 64)
RIGHT, WRONG = torch.tensor([0]), torch.tensor([1])
LN3 = math.log(3)


class Says(nn.Module):
    """A branch that says the same of all features."""

    def __init__(self, *logits):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, x):
        return self.logits + 0 * x.flatten(2).sum(2, keepdim=True)


def term(*branches, steps=1, **options):
    made = ReliableDistillation(**options).connect(NET, Timesteps(1, steps))
    made.branches, made.taps = nn.ModuleList(branches), tuple(range(len(branches)))
    return made


def output(logits):
    return NetOutput(logits, taps={tap: torch.ones(len(logits), 1, 2) for tap in range(3)})


def kl(p, q):
    """Of two classes, by the shares of the first."""
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


# Shares of the first class at temperature 1: 3/4, 9/10 and, of a branch that is wrong, 1/4.
Z = torch.tensor([[[LN3, 0.0]]])


def test_literal_value():
    found = term(Says(2 * LN3, 0.0), Says(0.0, LN3), temperature=1.0)(output(Z), RIGHT)
    labels = -(math.log(0.75) + math.log(0.9) + math.log(0.25))
    # Those that are right say 1.5 ln 3 on average.
    q = 3**1.5 / (1 + 3**1.5)
    assert found.item() == pytest.approx(labels + 0.3 * (kl(q, 0.75) + kl(q, 0.9) + kl(q, 0.25)))


def test_literal_value_at_temperature_three():
    found = term(Says(6 * LN3, 0.0), distillation=1.0)(output(3 * Z), RIGHT)
    labels = -(math.log(27 / 28) + math.log(729 / 730))
    q = 3**1.5 / (1 + 3**1.5)
    assert found.item() == pytest.approx(labels + 9 * (kl(q, 0.75) + kl(q, 0.9)), rel=1e-5)


def test_a_sample_that_none_is_right_about_is_not_distilled():
    made = term(Says(2 * LN3, 0.0), temperature=1.0)
    labels = -(math.log(0.25) + math.log(0.1))
    assert made(output(Z), WRONG).item() == pytest.approx(labels)
    both = NetOutput(Z.repeat(1, 2, 1), taps={0: torch.ones(1, 2, 2)})
    # Labels are a mean over both samples, the divergence is one over the one that is taught.
    of_right = -(math.log(0.75) + math.log(0.9))
    taught = made(output(Z), RIGHT).item() - of_right
    expected = (labels + of_right) / 2 + taught
    assert made(both, torch.tensor([0, 1])).item() == pytest.approx(expected)


def test_each_sample_is_taught_by_its_own_right_heads():
    # About the first sample the network is right, about the second the branch, which says 1/4.
    z = Z.repeat(1, 2, 1)
    both = NetOutput(z, taps={0: torch.ones(1, 2, 2)})
    made = term(Says(0.0, LN3), temperature=1.0, distillation=0.5)
    labels = -(math.log(0.75) + math.log(0.25))  # of either sample
    expected = labels + 0.5 * (kl(0.75, 0.25) + kl(0.25, 0.75)) / 2
    assert made(both, torch.tensor([0, 1])).item() == pytest.approx(expected)


def test_labels_of_a_branch_and_what_it_is_taught_reach_the_network():
    """d/dr of CE(r w, y) + b KL(q || r w) is (softmax - y) w + b (softmax - q) w."""
    features = torch.zeros(1, 1, 1).requires_grad_()
    head = nn.Linear(1, 2, bias=False)
    head.weight.data = torch.tensor([[1.0], [0.0]])
    z = Z.detach()
    out = NetOutput(z, taps={0: features})
    term(TimeFold(head), temperature=1.0, distillation=0.5)(out, RIGHT).backward()
    # Both are right, argmax of (0, 0) being the first; q is from the mean of ln 3 and 0.
    q = 3**0.5 / (1 + 3**0.5)
    assert features.grad.item() == pytest.approx((0.5 - 1) + 0.5 * (0.5 - q))


def test_the_teacher_passes_no_gradient():
    z, head = Z.clone().requires_grad_(), Says(2 * LN3, 0.0)
    term(head, temperature=1.0, distillation=1.0)(output(z), RIGHT).backward()
    p, r, y = (torch.tensor(v) for v in ([0.75, 0.25], [0.9, 0.1], [1.0, 0.0]))
    q = torch.tensor([1.5 * LN3, 0.0]).softmax(0)
    torch.testing.assert_close(z.grad[0, 0], (p - y) + (p - q))
    torch.testing.assert_close(head.logits.grad, (r - y) + (r - q))


def test_a_teacher_of_one_that_is_wrong_passes_no_gradient_either():
    """Among those that are right alone a gradient through their mean would cancel out."""
    z, wrong = Z.clone().requires_grad_(), Says(0.0, LN3)
    term(wrong, temperature=1.0, distillation=1.0)(output(z), RIGHT).backward()
    # What is taught is what the network says itself.
    torch.testing.assert_close(z.grad[0, 0], torch.tensor([0.75 - 1, 0.25]))
    # (r - y) + (r - q), r = (1/4, 3/4), q = (3/4, 1/4).
    torch.testing.assert_close(wrong.logits.grad, torch.tensor([-0.75 - 0.5, 0.75 + 0.5]))


def test_alone_and_always_agreeing_it_is_a_cross_entropy():
    z = torch.randn(4, 1, 2, generator=torch.Generator().manual_seed(0))
    options = {"span": "both", "label_smoothing": 0.1}
    plain = TaskCrossEntropy(**options).connect(NET, Timesteps(1, 4))
    found = term(steps=4, **options)(output(z), RIGHT)
    torch.testing.assert_close(found, plain(NetOutput(z), RIGHT))
    shares = torch.tensor([[0.6, 0.4]], dtype=torch.float64)
    assert term(Says(0.0, 1.0))(output(Z), shares).dtype == torch.float32


def test_branches_and_what_is_taught_are_of_all_timesteps():
    head = nn.Linear(2, 2, bias=False)
    nn.init.eye_(head.weight)
    made = term(TimeFold(head), steps=2, span="teacher", temperature=1.0)
    z, spikes = torch.tensor([[[[2.0, 0.0]], [[0.0, 1.0]]], [[[4.0, 0.0]], [[0.0, 2.0]]]])
    means = (each.mean(0, keepdim=True).expand_as(each) for each in (z, spikes))
    found, expected = (
        made(NetOutput(logits, taps={0: shown}), RIGHT) for logits, shown in ((z, spikes), means)
    )
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    "shapes",
    [((4, 8, 6), (6, 4, 3), (8, 4, 3)), ((4, 8), (6, 4)), ((4,), (6,), (5,)), ((4, 3, 3),)],
)
def test_branches_fit_maps_tokens_and_flat_features(shapes):
    made = branch(shapes, K)
    logits = made(torch.rand(2, N, *shapes[0]))
    assert logits.shape == (2, N, K)
    blocks = [part for part in made if isinstance(part, SeparableBlock)]
    assert len(blocks) == (len(shapes) - 1 if len(shapes[0]) > 1 else 0)


def test_a_block_has_depthwise_convolutions_that_shrink():
    block = SeparableBlock(4, 6, 2)
    assert block(torch.rand(N, 4, 5, 8)).shape == (N, 6, 3, 4)
    assert block.branch[0].weight.shape == (4, 1, 3, 3)


def test_branches_belong_to_the_loss_and_have_the_network_s_type():
    net = vgg9(num_classes=K, image_size=16, width=1 / 16).double()
    before = set(net.state_dict())
    criterion = SelfDistillation({"task": ReliableDistillation()}, Timesteps(1, 2)).connect(net)
    assert criterion.kept == (0, 1, 2)
    loss = criterion.run(net, torch.rand(N, 3, 16, 16).double(), torch.arange(N))
    loss.total.backward()
    assert {p.dtype for p in criterion.parameters()} == {torch.float64}
    assert set(net.state_dict()) == before
    two = ReliableDistillation(taps=[1, -2]).connect(NET, Timesteps(1, 2))
    assert (two.taps, len(two.branches)) == ((1, 2), 2)
    flat = ReliableDistillation().connect(mlp(1, K, 4, hidden=(8, 6)), Timesteps(1, 2))
    assert (flat.taps, len(flat.branches)) == ((0,), 1)


def test_refused():
    with pytest.raises(UsageError, match="^distillation: got -1, expected a finite number >= 0$"):
        ReliableDistillation(-1)
    with pytest.raises(UsageError, match="^taps: got none, expected at least one place"):
        ReliableDistillation(taps=[])
    with pytest.raises(UsageError, match="^temperature: got 0"):
        ReliableDistillation(temperature=0)
    with pytest.raises(UsageError, match="^net: got Linear, but ReliableDistillation builds"):
        ReliableDistillation().connect(nn.Linear(2, 2), Timesteps(1, 2))
