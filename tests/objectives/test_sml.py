import math

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, mlp, resnet18, vgg9
from tssd.objectives import (
    SelfDistillation,
    SurrogateModuleLearning,
    TaskCrossEntropy,
    Timesteps,
)
from tssd.objectives.sml import default_places, surrogate_head
from tssd.time import TimeFold, repeat_in_time

N, K = 3, 5
NET = vgg9(num_classes=2, image_size=16, width=1 / 64)
TARGET = torch.tensor([0])


class Says(nn.Module):
    """A head that says the same of all features."""

    def __init__(self, *logits):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, x):
        return (self.logits + 0 * x.flatten(2).sum(2, keepdim=True)).float()


def term(*heads, steps=(1, 1), **options):
    made = SurrogateModuleLearning([1, 2][: len(heads)], **options).connect(NET, Timesteps(*steps))
    made.heads = nn.ModuleList(heads)
    return made


def output(logits, features=None):
    features = torch.ones(len(logits), 1, 2) if features is None else features
    x = repeat_in_time(torch.zeros(1, 1), 2)
    return NetOutput(logits, taps={1: features, 2: features}, input=x)


# Shares (1/2, 1/2) of the network and (3/4, 1/4) of a head.
Z, HEAD = torch.zeros(1, 1, 2), (math.log(3), 0.0)
KL = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
KL_BACK = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)


def test_literal_value_with_one_head():
    found = term(Says(*HEAD), temperature=1.0)(output(Z), TARGET).item()
    labels = (math.log(2) + 0.5 * math.log(4 / 3)) / 1.5
    assert found == pytest.approx(0.1 * labels + 0.9 / 2 * (KL + KL_BACK))


def test_literal_value_with_two_heads_at_temperature_three():
    # At temperature 3 a head of (3 ln 3, 0) has these shares, without a factor of 9.
    heads = [Says(3 * math.log(3), 0.0), Says(0.0, 0.0)]
    found = term(*heads, mutual=0.5, head_weight=1.0)(output(Z), TARGET).item()
    labels = (math.log(2) + math.log(28 / 27) + math.log(2)) / 3
    assert found == pytest.approx(0.5 * labels + 0.5 / 4 * (KL + KL_BACK))


def test_either_side_is_taught_by_the_other_which_passes_no_gradient():
    z, head = Z.clone().requires_grad_(), Says(*HEAD)
    term(head, temperature=1.0)(output(z), TARGET).backward()
    p, q, y = (torch.tensor(v) for v in ([0.5, 0.5], [0.75, 0.25], [1.0, 0.0]))
    torch.testing.assert_close(z.grad[0, 0], 0.1 * (p - y) / 1.5 + 0.45 * (p - q))
    expected = 0.1 * 0.5 * (q - y) / 1.5 + 0.45 * (q - p)
    torch.testing.assert_close(head.logits.grad, expected)


def test_what_a_head_learns_reaches_the_network_behind_it():
    # ln 3 times (1, 0): what HEAD says, whose derivative is that of its first logit.
    features = torch.full((1, 1, 1), math.log(3)).requires_grad_()
    head = nn.Linear(1, 2, bias=False)
    head.weight.data = torch.tensor([[1.0], [0.0]])
    made = term(head, temperature=1.0)
    made(output(Z, features), TARGET).backward()
    assert features.grad.item() == pytest.approx(0.1 * 0.5 * (0.75 - 1) / 1.5 + 0.45 * 0.25)


def test_without_heads_that_count_it_is_the_cross_entropy():
    logits = torch.randn(4, 1, 2, generator=torch.Generator().manual_seed(0))
    plain = TaskCrossEntropy(label_smoothing=0.1).connect(NET, Timesteps(2, 4))
    options = {"mutual": 0.0, "head_weight": 0.0, "label_smoothing": 0.1}
    found = term(Says(*HEAD), steps=(2, 4), **options)
    torch.testing.assert_close(found(output(logits), TARGET), plain(NetOutput(logits), TARGET))


def test_images_show_a_head_their_mean_and_sequences_every_timestep():
    head = TimeFold(nn.ReLU(), nn.Identity())
    head.factor = nn.Parameter(torch.ones(()))
    features = torch.tensor([[[-1.0, 1.0]], [[3.0, 1.0]]])
    made = term(head, steps=(2, 2))
    assert made._of_head(head, features, still=True).tolist() == [[1, 1]]
    assert made._of_head(head, features, still=False).tolist() == [[1.5, 1]]
    image, frames = repeat_in_time(torch.zeros(1, 1), 2), torch.zeros(2, 1, 1)
    z = torch.zeros(2, 1, 2)
    for x, said in ((image, (1.0, 1.0)), (frames, (1.5, 1.0))):
        found = made(NetOutput(z, taps={1: features}, input=x), TARGET)
        expected = term(Says(*said), steps=(2, 2))(output(z), TARGET)
        torch.testing.assert_close(found, expected)


def test_heads_see_the_timesteps_of_the_span():
    head = nn.Linear(2, 2, bias=False)
    nn.init.eye_(head.weight)
    features = torch.tensor([[[1.0, 0.0]], [[0.0, 5.0]]])

    def value(features, span):
        made = term(head, steps=(1, 2), span=span)
        return made(output(torch.zeros(2, 1, 2), features), TARGET)

    first = features[:1].expand_as(features)
    assert torch.equal(value(features, "student"), value(first, "student"))
    assert not torch.equal(value(features, "both"), value(first, "both"))


@pytest.mark.parametrize("shape", [(6, 8, 8), (300, 2, 3), (6, 5), (6,)])
def test_heads_fit_maps_tokens_and_flat_features(shape):
    head = surrogate_head(shape, K)
    assert head(torch.rand(2, N, *shape)).shape == (2, N, K)
    convolutions = [part for part in head if isinstance(part, nn.Conv2d)]
    # As wide as the features, up to 256; then a convolution 1x1 comes first.
    kernels = {1: [], 2: [7, 5, 3], 3: [7, 5, 3]}[len(shape)] if shape[0] < 300 else [1, 7, 5, 3]
    assert [part.kernel_size[0] for part in convolutions] == kernels
    assert {part.out_channels for part in convolutions} <= {min(shape[0], 256)}


def test_places():
    assert default_places(NET) == (1, 2)
    assert default_places(resnet18(num_classes=K, width=1 / 64)) == (2, 3)
    assert default_places(mlp(1, K, 4, hidden=(8, 8))) == (0,)
    assert default_places(object()) == (None,)
    last = SurrogateModuleLearning([-1, 3]).connect(NET, Timesteps(1, 2))
    assert (last.taps, len(last.heads)) == ((3,), 1)


def test_heads_belong_to_the_loss_and_have_the_network_s_type():
    net = vgg9(num_classes=K, image_size=16, width=1 / 16).double()
    before = set(net.state_dict())
    criterion = SelfDistillation({"task": SurrogateModuleLearning()}, Timesteps(1, 2)).connect(net)
    assert {p.dtype for p in criterion.parameters()} == {torch.float64}
    assert set(net.state_dict()) == before
    loss = criterion.run(net, torch.rand(N, 3, 16, 16).double(), torch.arange(N))
    loss.total.backward()
    assert loss.total.dtype == torch.float64
    assert (criterion.taps, criterion.kept, len(criterion.exits)) == ((), (1, 2), 0)


def test_one_sample_is_refused_in_one_line():
    net = vgg9(num_classes=K, image_size=16, width=1 / 16)
    criterion = SelfDistillation({"task": SurrogateModuleLearning()}, Timesteps(1, 2)).connect(net)
    with pytest.raises(UsageError, match="^input: got a batch of one sample.*use batches of at"):
        criterion.run(net, torch.rand(1, 3, 16, 16), torch.arange(1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mutual": 1.0}, "^mutual: got 1.0, expected a share from 0 to less than 1$"),
        ({"head_weight": -1}, "^head_weight: got -1, expected a finite number >= 0$"),
        ({"temperature": 0}, "^temperature: got 0"),
        ({"taps": []}, "^taps: got none, expected at least one place"),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=message):
        SurrogateModuleLearning(**options)
