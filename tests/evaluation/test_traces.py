import numpy as np
import pytest
import torch
from torch import nn

import tssd
from tssd.evaluation import evaluate
from tssd.evaluation.traces import latency_ms, trace
from tssd.time import repeat_in_time, running_mean

T, N, K = 3, 4, 5


@pytest.fixture
def net():
    torch.manual_seed(0)
    return tssd.models.vgg9(in_channels=1, num_classes=K, image_size=16, width=0.03125)


@pytest.fixture
def x():
    return repeat_in_time(torch.rand(N, 1, 16, 16, generator=torch.Generator().manual_seed(1)), T)


def test_decisions_are_those_of_the_mean_logits(net, x):
    found = trace(net, x)
    with torch.no_grad():
        share = running_mean(net.eval()(x).logits.double()).softmax(-1)
    assert np.array_equal(found.predicted, share.argmax(-1).numpy())
    assert np.allclose(found.confidence, share.amax(-1).numpy())


def test_maps_average_to_the_firing_rates_of_the_evaluation(net, x):
    found = trace(net, x)
    rates = evaluate(net, [(x[0], torch.zeros(N, dtype=torch.int64))], T).firing_rates
    assert list(found.maps) == [name for name in rates if name in found.maps]
    assert len(found.maps) > 5
    for name, maps in found.maps.items():
        assert maps.shape[:2] == (T, N)
        assert np.allclose(maps.mean((1, 2, 3)), rates[name], atol=1e-6)


def test_the_network_is_left_as_it_was(net, x):
    net.train()
    trace(net, x)
    latency_ms(net, x[:, :1], repeats=1)
    assert all(module.training for module in net.modules())
    assert not any(module._forward_hooks for module in net.modules())


def test_layers_without_rows_and_columns_have_no_map():
    inner = nn.Sequential(
        tssd.TimeFold(nn.Flatten(), nn.Linear(16, 8)), tssd.LIF(), tssd.TimeFold(nn.Linear(8, K))
    )
    images = torch.rand(N, 1, 4, 4)
    net = tssd.adapt(inner, taps=["1"], example=images)
    assert trace(net, repeat_in_time(images, T)).maps == {}


def test_latency_is_measured_at_every_t(net, x):
    found = latency_ms(net, x[:, :1], repeats=3)
    assert len(found) == T
    assert all(0 < value < 10_000 for value in found)
