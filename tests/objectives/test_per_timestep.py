"""Parts with a parameter for each timestep, through training, evaluation and rebuilding."""

import pytest
import torch
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.evaluation import evaluate
from tssd.longest import build_for, longest
from tssd.models import vgg9
from tssd.objectives import ExitCrossEntropy, ExitPlan, SelfDistillation, Timesteps
from tssd.objectives.per_timestep import build_missing, check_length, longest_of

K = 3


class Scaled(nn.Module):
    """Batch norm, then a factor of each timestep's own."""

    def __init__(self, channels):
        super().__init__()
        self.fold = tssd.TimeFold(nn.BatchNorm2d(channels))
        self.longest = None

    def build_for(self, timesteps):
        self.scale = nn.Parameter(torch.ones(timesteps))
        self.longest = timesteps

    def forward(self, x):
        return self.fold(x) * self.scale[: len(x)].view(-1, 1, 1, 1, 1)


def scaled(channels: int) -> nn.Module:
    return Scaled(channels)


def net_of():
    torch.manual_seed(0)
    return vgg9(num_classes=K, image_size=16, width=1 / 64, norm=scaled)


def batch():
    return torch.randn(4, 3, 16, 16), torch.tensor([0, 1, 2, 0])


def test_connect_builds_network_and_exits_for_the_teachers_timesteps():
    net = net_of()
    criterion = tssd.tssd(2, 4).connect(net)
    assert longest(net) == 4
    optimizer = torch.optim.SGD([*net.parameters(), *criterion.parameters()], lr=0.1)
    criterion.run(net, *batch()).total.backward()
    optimizer.step()
    scales = [part.scale for part in net.modules() if isinstance(part, Scaled)]
    assert len(scales) == 8 and all(scale.grad is not None for scale in scales)


def test_exits_take_the_networks_norm_and_are_built_too():
    net = net_of()
    net.make_norm = scaled
    criterion = tssd.tssd(2, 4).connect(net)
    assert longest(criterion) == 4
    criterion.run(net, *batch()).total.backward()


def test_what_is_built_may_be_trained_and_stays():
    part = Scaled(2)
    part.build_for(8)
    before = part.scale
    build_missing(nn.Sequential(part), 4)
    assert part.scale is before


def test_to_train_for_longer_is_refused_naming_the_part():
    net = net_of()
    tssd.vanilla(2).connect(net)
    told = r"^timesteps.teacher: got 4, but stages.0.0.1 \(Scaled\) was built for 2: .*at most 2"
    with pytest.raises(UsageError, match=told):
        tssd.tssd(2, 4).connect(net)


def test_evaluation_runs_shorter_and_refuses_longer():
    net = net_of()
    criterion = tssd.tssd(2, 4).connect(net)
    x, y = batch()
    whole = evaluate(net, [(x, y)], 4, criterion=criterion)
    assert evaluate(net, [(x, y)], 2).accuracy == whole.accuracy[:2]
    with pytest.raises(UsageError, match=r"^timesteps: got 8, .* for the 4 timesteps that they we"):
        evaluate(net, [(x, y)], 8)


def test_exits_may_be_what_refuses_to_run_longer():
    net = vgg9(num_classes=K, image_size=16, width=1 / 64)
    terms, plan = {"exit": ExitCrossEntropy()}, ExitPlan(norm=scaled)
    criterion = SelfDistillation(terms, Timesteps(2, 4), exits=plan).connect(net)
    evaluate(net, [batch()], 4, criterion=criterion)
    with pytest.raises(UsageError, match=r"^timesteps: got 8, .* for the 4 timesteps that they we"):
        evaluate(net, [batch()], 8, criterion=criterion)


def test_the_shortest_of_all_counts():
    first, second, free = Scaled(1), Scaled(1), nn.Linear(1, 1)
    build_for(first, 4)
    build_for(second, 2)
    assert longest_of(first, None, free) == 4
    assert longest_of(nn.Sequential(first, second), first) == 2
    assert longest_of(free, None) is None
    check_length(1000, free, None)
    check_length(4, first)
