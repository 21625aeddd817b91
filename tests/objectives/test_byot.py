import math

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, mlp, vgg9
from tssd.objectives import (
    ExitCrossEntropy,
    ExitImitation,
    ExitPlan,
    FeatureHints,
    SelfDistillation,
    TaskCrossEntropy,
    Timesteps,
)
from tssd.objectives.byot import adaptor
from tssd.time import TimeFold

N, K = 3, 5
NET = vgg9(num_classes=2, image_size=16, width=1 / 64)
TARGET = torch.tensor([0])
# Means over two timesteps: (0, 0) of the network, (3 ln 3, 0) of an exit, which has these only on
# average.
LOGITS = torch.tensor([[[1.0, -1.0]], [[-1.0, 1.0]]])
EARLY = torch.tensor([[[6 * math.log(3), 0.0]], [[0.0, 0.0]]])
KL = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)


def imitation(logits=LOGITS, early=EARLY, steps=(1, 2), **options):
    term = ExitImitation(**options).connect(NET, Timesteps(*steps))
    return term(NetOutput(logits, exits={0: early, 1: logits.detach()}), TARGET)


def test_literal_value_of_means_over_time_and_exits():
    # The second exit agrees with the network.
    assert imitation().item() == pytest.approx(9 * KL / 2)
    assert imitation(temperature=1.0, early=EARLY / 3).item() == pytest.approx(KL / 2)
    assert imitation(LOGITS.flip(0), span="student", steps=(1, 2)) != imitation()


def test_imitation_at_one_timestep_by_hand():
    # At temperature 3 the first exit says 9/10 and 1/10, the network and the second 1/2.
    kl = 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1)
    assert imitation(torch.zeros(1, 1, 2), EARLY[:1], (1, 1)).item() == pytest.approx(9 * kl / 2)


@pytest.mark.parametrize("detach", [True, False])
def test_the_network_passes_a_gradient_only_if_it_is_wanted(detach):
    logits, early = LOGITS.clone().requires_grad_(), EARLY.clone().requires_grad_()
    imitation(logits, early, detach_teacher=detach).backward()
    p, q = torch.tensor([0.5, 0.5]), torch.tensor([0.75, 0.25])
    # k^2 / k of the temperature, a half each of two exits and of two timesteps.
    torch.testing.assert_close(early.grad[:, 0], (3 * (q - p) / 4).expand(2, 2))
    assert (logits.grad is None) == detach


class Same(nn.Module):
    """An adaptor that changes nothing, and has a parameter."""

    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.one * x


def hints(features, steps=2):
    term = FeatureHints([0]).connect(NET, Timesteps(1, steps))
    term.adaptors = nn.ModuleList([Same()])
    return term(NetOutput(LOGITS, taps=features), TARGET)


def test_literal_value_of_hints():
    # Rates (1/2, 0) and (1, 1/2).
    way, end = torch.tensor([[[1.0, 0]], [[0, 0]]]), torch.tensor([[[1.0, 1]], [[1, 0]]])
    features = {0: way.requires_grad_(), 3: end.requires_grad_()}
    value = hints(features)
    assert value.item() == pytest.approx(1 / 4 + 1 / 4)
    value.backward()
    torch.testing.assert_close(way.grad, torch.full((2, 1, 2), -0.5))
    assert end.grad is None
    # A sum over channels, a mean over samples.
    twice = {tap: torch.cat([f, f], 1) for tap, f in features.items()}
    assert hints(twice).item() == pytest.approx(0.5)
    assert hints({0: end, 3: end}).item() == 0


def test_hints_are_a_mean_over_places():
    # Rates (1, 1/2) at the end, and at the second place; (1/2, 0) at the first.
    way, end = torch.tensor([[[1.0, 0]], [[0, 0]]]), torch.tensor([[[1.0, 1]], [[1, 0]]])
    term = FeatureHints([0, 1]).connect(NET, Timesteps(1, 2))
    term.adaptors = nn.ModuleList([Same(), Same()])
    out = NetOutput(LOGITS, taps={0: way, 1: end, 3: end})
    assert term(out, TARGET).item() == pytest.approx((1 / 2 + 0) / 2)


def test_hints_compare_means_over_the_map():
    # Maps of 1x2: means 1/2 and 1/4 of the first channel, 0 and 1 of the second.
    way = torch.tensor([[[[[1.0, 0]], [[0, 0]]]]])
    end = torch.tensor([[[[[0.5, 0]], [[1, 1]]]]])
    assert hints({0: way, 3: end}, steps=1).item() == pytest.approx(1 / 16 + 1)


@pytest.mark.parametrize(
    ("shape", "to"),
    [((4, 8, 6), (6, 2, 3)), ((4, 6), (5, 3)), ((4,), (7,)), ((4, 2, 2), (4, 2, 2))],
)
def test_features_are_adapted_to_those_of_the_end(shape, to):
    found = adaptor(shape, to)(torch.rand(2, N, *shape))
    assert found.shape == (2, N, *to) and found.min() >= 0


def test_every_stage_but_the_last_has_an_exit_and_a_hint_of_its_own():
    net = vgg9(num_classes=K, image_size=16, width=1 / 16)
    before = set(net.state_dict())
    terms = {
        "task": TaskCrossEntropy(),
        "exit_task": ExitCrossEntropy(),
        "imitation": ExitImitation(),
        "hints": FeatureHints(),
    }
    plan = ExitPlan(["every stage"])
    criterion = SelfDistillation(terms, Timesteps(1, 2), exits=plan).connect(net)
    assert (criterion.taps, criterion.kept) == ((0, 1, 2), (0, 1, 2, 3))
    loss = criterion.run(net, torch.rand(N, 3, 16, 16), torch.arange(N))
    loss.total.backward()
    for name, parameter in criterion.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name
    assert set(net.state_dict()) == before
    assert len(terms["hints"].adaptors) == 3


def test_places_and_types():
    small = mlp(1, K, 4, hidden=(8, 8))
    assert FeatureHints().connect(small, Timesteps(1, 2)).taps == (0, 1)
    only = FeatureHints().connect(mlp(1, K, 4, hidden=(8,)), Timesteps(1, 2))
    assert only.taps == (0, 0)  # a network of one stage has nothing on the way
    assert FeatureHints([1, -2]).connect(NET, Timesteps(1, 2)).taps == (1, 2, 3)
    term = FeatureHints().connect(vgg9(image_size=16, width=1 / 64).double(), Timesteps(1, 2))
    assert {p.dtype for p in term.parameters()} == {torch.float64}
    assert all(isinstance(each, TimeFold) for each in term.adaptors)


def test_refused():
    with pytest.raises(UsageError, match="^span: got 'both', expected student or teacher$"):
        ExitImitation(span="both")
    with pytest.raises(UsageError, match="^taps: got none, expected at least one place"):
        FeatureHints([])
    with pytest.raises(UsageError, match=r"^taps: features \[4\] can't be compared with the last"):
        adaptor((4,), (4, 2, 2))
    with pytest.raises(UsageError, match="^taps: got 'every stage', but Plain has no stages"):
        SelfDistillation(
            {"exit": ExitImitation()}, Timesteps(1, 2), exits=ExitPlan(["every stage"])
        ).connect(Plain(2, 2))
    with pytest.raises(
        UsageError, match="^net: got Plain, but FeatureHints .* last stage .* leave"
    ):
        FeatureHints(["body"]).connect(Plain(2, 2), Timesteps(1, 2))


class Plain(nn.Linear):
    """A network without stages."""

    num_classes = 2

    def resolve_tap(self, tap):
        raise AssertionError
