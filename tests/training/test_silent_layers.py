import logging
from dataclasses import replace

import pytest
import torch
from torch import nn

import tssd
from tssd import LIF, TimeFold
from tssd.neurons import Neuron
from tssd.time import repeat_in_time
from tssd.training import silent_layers
from tssd.training.silent_layers import SilentLayers, warning
from tssd.training.trainer import train

from .nets import two_stages
from .runs import is_same, small


class Shifted(nn.Module):
    """In place of a norm: whatever comes in, the neuron behind it is far above its threshold."""

    def forward(self, x):
        return x + 1e6


class Integrates(Neuron):
    """Puts out its membrane, which is never 0 and no spike."""

    def forward(self, x):
        return 1 + x.cumsum(0).sigmoid()


class Fires(nn.Module):
    """Somebody's own neuron without memory."""

    def __init__(self, above):
        super().__init__()
        self.above = above

    def forward(self, x):
        soft = x.sigmoid()
        return (x > self.above).float() + (soft - soft.detach())


def parts_of(net, **options):
    """The parts of a small run of a network, of one epoch."""
    parts = small({"trainer.epochs": 1, **options})
    criterion = tssd.tssd(student=2, teacher=4).connect(net)
    return replace(parts, net=net, criterion=criterion)


def stages():
    return two_stages(1, 10, 8)


def told(parts, caplog):
    """What is said while the parts are trained."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="tssd"):
        train(parts.module(), parts, callbacks=[SilentLayers()])
    hooks = [hook for part in parts.net.modules() for hook in part._forward_hooks]
    assert not hooks
    return [record.getMessage() for record in caplog.records if record.name == "tssd"]


def test_one_line_names_layers_rates_and_what_to_change():
    assert warning({}) is None
    assert warning({"a": 0.01, "b": 0.99}) is None
    assert warning({"a": 0.2, "b": 0.0, "c": 0.00002, "d": 0.9999}) == (
        "net: at the end of the first epoch 2 of 4 layers of neurons never fire (b 0 %, c 0.002 "
        "%), and nothing behind them learns from the input: lower their v_threshold or raise tau, "
        "put a norm in front of them, scale the input up, or lower the learning rate; 1 of 4 "
        "layers of neurons always fire (d 100 %), whatever the input: raise their v_threshold or "
        "lower tau, put a norm in front of them, scale the input down, or lower the learning rate"
    )
    assert "(0 0 %, 1 0 %, 2 0 %, 3 0 % and 2 more)" in warning(dict.fromkeys("012345", 0.0))


def test_a_sound_network_is_not_talked_of(caplog):
    assert told(parts_of(stages()), caplog) == []


def test_silent_and_stuck_layers_are_told_once(caplog):
    silent, stuck = stages(), stages()
    silent.stages[1][2] = LIF(v_threshold=1e6)
    stuck.stages[0][1] = Shifted()
    (line,) = told(parts_of(silent, **{"trainer.epochs": 2}), caplog)
    assert "1 of 3 layers of neurons never fire (stages.1.2 0 %), and" in line
    assert "always" not in line
    # With the norm of its exit and of the next stage all that follows is sound.
    (line,) = told(parts_of(stuck), caplog)
    assert "1 of 3 layers of neurons always fire (stages.0.2 100 %), whatever" in line
    assert "never" not in line


def test_an_exit_is_watched_and_a_membrane_is_no_spike(caplog):
    net = stages()
    net.stages[1][2] = Integrates()
    parts = parts_of(net)
    assert told(parts, caplog) == []
    parts.criterion.exit_at(0).neuron = LIF(v_threshold=1e6)
    (line,) = told(parts, caplog)
    assert "1 of 2 layers of neurons never fire (exits.0.neuron 0 %)" in line


@pytest.mark.parametrize(("above", "found"), [(0.0, []), (1e6, ["(module.1 0 %,"])])
def test_neurons_of_somebody_else_are_watched(caplog, above, found):
    images = torch.rand(4, 1, 8, 8)
    own = nn.Sequential(
        TimeFold(nn.Flatten(), nn.Linear(64, 32)),
        Fires(above),
        TimeFold(nn.Linear(32, 10)),
    )
    net = tssd.adapt(own, taps=["1"], example=images)
    lines = told(parts_of(net), caplog)
    assert [place in line for place, line in zip(found, lines, strict=True)] == [True] * len(found)


def test_too_few_outputs_tell_nothing(caplog, monkeypatch):
    net = stages()
    net.stages[1][2] = LIF(v_threshold=1e6)
    monkeypatch.setattr(silent_layers, "LEAST", 10**9)
    assert told(parts_of(net), caplog) == []


def test_rates_are_those_of_the_training_steps(monkeypatch):
    seen = []
    monkeypatch.setattr(silent_layers, "warning", seen.append)
    # One batch, and weights that stay: the same spikes can be had once more.
    parts = parts_of(stages(), **{"data.batch_size": 50, "optimizer.lr": 0.0})
    train(parts.module(), parts, callbacks=[SilentLayers()])
    (rates,) = seen
    ((x, _),) = parts.data.train_dataloader()
    with torch.no_grad():
        out = parts.net.train()(repeat_in_time(x, 4), taps=(0, 1))
    assert list(rates) == ["stages.0.2", "stages.1.2", "exits.0.neuron"]
    for stage, spikes in out.taps.items():
        assert rates[f"stages.{stage}.2"] == pytest.approx(spikes.mean().item(), abs=1e-3)


def test_training_is_the_same_with_it_and_without():
    ends = []
    for callbacks in ([], [SilentLayers()]):
        torch.manual_seed(0)
        parts = parts_of(two_stages(1, 10, 8, dropout=0.5), **{"trainer.epochs": 2})
        train(parts.module(), parts, callbacks=callbacks)
        ends.append(parts.module().state_dict())
    assert is_same(*ends)
