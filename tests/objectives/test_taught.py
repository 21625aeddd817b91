"""Terms with a teacher keep the contract, and train together, alone and with TSSD."""

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import tssd
from tssd.models import vgg9
from tssd.objectives import (
    AttentionDistillation,
    BlurredFeatureDistillation,
    ConfidentSteps,
    EnsembleDistillation,
    FeatureDistillation,
    Frozen,
    SelectiveDistillation,
    SelfDistillation,
    StepwiseDistillation,
    TaskCrossEntropy,
    TeacherFreeDistillation,
    TemporalEfficientTraining,
    Timesteps,
    WeightedSoftLabels,
)
from tssd.objectives.later import LaterChecks
from tssd.testing import check_objective

N, K = 4, 5
IMAGES = 2 * torch.randn(N, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def net_of(**options):
    torch.manual_seed(0)
    return vgg9(num_classes=K, image_size=16, width=1 / 16, **options)


def ann():
    return Frozen(net_of(neuron=nn.ReLU), timesteps=1)


def blurred():  # what is drawn anew in each call is no function of its input
    return BlurredFeatureDistillation(ann(), masked=0)


MAKES = [
    lambda: AttentionDistillation(ann()),
    blurred,
    ConfidentSteps,
    lambda: EnsembleDistillation("right"),
    lambda: FeatureDistillation(ann()),
    lambda: SelectiveDistillation(ann()),
    lambda: StepwiseDistillation(ann()),
    TeacherFreeDistillation,
    lambda: WeightedSoftLabels(ann(), ramp_epochs=2),
]


@pytest.mark.parametrize("make", MAKES)
def test_it_keeps_the_contract_of_an_objective(make):
    check_objective(make)


@pytest.mark.parametrize(("method", "mixed"), [("vanilla", False), ("tssd", True)])
def test_they_train_alone_and_with_tssd(method, mixed):
    """Each reaches the network by itself, and every parameter gets a gradient."""
    net = net_of()
    own = {f"own{number}": make() for number, make in enumerate(MAKES)}
    others = dict(tssd.tssd(1, 2).terms.items()) if method == "tssd" else {}
    steps = Timesteps(1, 2) if method == "tssd" else Timesteps(2, 2)
    criterion = SelfDistillation({"task": TaskCrossEntropy(), **others, **own}, steps).connect(net)
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        loss = criterion.run(net, IMAGES, torch.arange(N))
    first = next(net.stages[0].parameters())
    for name in own:
        (found,) = torch.autograd.grad(loss.terms[name], [first], retain_graph=True)
        assert found.isfinite().all() and found.any(), name
    loss.total.backward()
    for name, parameter in [*net.named_parameters(), *criterion.named_parameters()]:
        assert parameter.grad is not None and parameter.grad.any(), name
        assert parameter.grad.isfinite().all(), name


def test_a_step_asks_the_device_for_nothing(monkeypatch):
    # As in test_later.py: whoever asks a tensor without numbers for one fails.
    monkeypatch.setattr(nn.Module, "to", lambda self, *_: self)
    with FakeTensorMode():
        net = net_of()
        terms = {f"own{number}": make() for number, make in enumerate(MAKES)}
        terms["task"] = TemporalEfficientTraining(0)
        criterion = SelfDistillation(terms, Timesteps(1, 2)).connect(net)
        x, y = torch.rand(N, 3, 16, 16), torch.zeros(N, dtype=torch.int64)
        criterion.run(net, x, y, later=LaterChecks())
