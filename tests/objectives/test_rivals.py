"""Each loss of the paper's rivals keeps the contract, and trains alone and with TSSD."""

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import tssd
from tssd.models import vgg9
from tssd.objectives import (
    AdjacentDistillation,
    ContrastiveDistillation,
    ExitContrast,
    ExitImitation,
    FeatureHints,
    IMLoss,
    PerturbedPredictions,
    RankedDistillation,
    RecDisLoss,
    ReliableDistillation,
    RMPLoss,
    SelfDistillation,
    StableSpikes,
    SurrogateModuleLearning,
    TaskCrossEntropy,
    TemporalConsistency,
    TemporalEfficientTraining,
    TemporalKnowledgeSharing,
    TemporalWeightPenalty,
    Timesteps,
)
from tssd.objectives.later import LaterChecks
from tssd.testing import check_objective

N, K = 4, 5
IMAGES = 2 * torch.randn(N, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def net_of(**options):
    torch.manual_seed(0)
    return vgg9(num_classes=K, image_size=16, width=1 / 16, **options)


def contrast():
    return ContrastiveDistillation(net_of(neuron=nn.ReLU), ramp_epochs=2)


MAKES = [
    TemporalEfficientTraining,
    RMPLoss,
    IMLoss,
    RecDisLoss,
    SurrogateModuleLearning,
    contrast,
    ExitContrast,
    RankedDistillation,
    TemporalConsistency,
    AdjacentDistillation,
    TemporalKnowledgeSharing,
    StableSpikes,
    ExitImitation,
    FeatureHints,
    ReliableDistillation,
]


@pytest.mark.parametrize("make", MAKES)
def test_it_keeps_the_contract_of_an_objective(make):
    check_objective(make)


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("mixed", [False, True], ids=["float32", "bfloat16"])
def test_it_trains_alone_and_with_tssd(make, mixed):
    others = {"vanilla": {}, "tssd": dict(tssd.tssd(1, 2).terms.items())}
    for method, terms in others.items():
        net, term = net_of(), make()
        named = "task" if isinstance(term, TaskCrossEntropy) else "own"
        terms = {"task": TaskCrossEntropy(), **terms, named: term}
        steps = Timesteps(1, 2) if method == "tssd" else Timesteps(2, 2)
        criterion = SelfDistillation(terms, steps).connect(net)
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            loss = criterion.run(net, IMAGES, torch.arange(N))
        if named == "own":  # what it does by itself
            loss.terms["own"].backward(retain_graph=True)
            parts = criterion.exits if term.needs_exits else net.stages[:1]
            assert any(p.grad is not None and p.grad.any() for p in parts.parameters())
        loss.total.backward()
        parameters = {**dict(net.named_parameters()), **dict(criterion.named_parameters())}
        for name, parameter in parameters.items():
            assert parameter.grad is not None and parameter.grad.any(), (method, name)
            assert parameter.grad.isfinite().all(), (method, name)


def test_a_step_asks_the_device_for_nothing(monkeypatch):
    # As in test_later.py: whoever asks a tensor without numbers for one fails.
    monkeypatch.setattr(nn.Module, "to", lambda self, *_: self)
    with FakeTensorMode():
        net = net_of()
        terms = {make.__name__: make() for make in MAKES if make is not TemporalEfficientTraining}
        # Those that draw, or look at weights alone, are none of `MAKES`.
        terms |= {"perturbed": PerturbedPredictions(), "weights": TemporalWeightPenalty()}
        others = SelfDistillation(terms, Timesteps(1, 2)).connect(net)
        task = SelfDistillation({"task": TemporalEfficientTraining()}, Timesteps(1, 2)).connect(net)
        x, y = torch.rand(N, 3, 16, 16), torch.zeros(N, dtype=torch.int64)
        for criterion in (others, task):
            criterion.run(net, x, y, later=LaterChecks())
