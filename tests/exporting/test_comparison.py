from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lowering.test_neurons import two_layers
from tssd.exporting.comparison import answers, compare, own_rounding, run_network
from tssd.exporting.request import Ran
from tssd.lowering import LoweredNet, lower
from tssd.models import StagedNet
from tssd.neurons import IF, MLF
from tssd.time import TimeFold


def ran_by(graph, x):
    with torch.no_grad():
        logits, spikes = LoweredNet(graph).run(x)
    return Ran(logits.numpy(), {name: s.numpy() for name, s in spikes.items()})


def test_a_network_runs_as_it_does_and_its_hooks_are_taken_off(graph, net, heads, x):
    own = run_network(graph, net.train(), x, heads)
    assert net.training
    net.eval()
    with torch.no_grad():
        out = net(x, [1])
        early = heads[1](out.taps[1]).numpy()
    assert np.array_equal(own.logits, out.logits.numpy())
    assert np.array_equal(own.exits["1"], early)
    assert not any(part._forward_hooks for part in net.modules())
    found = compare(graph, net, own, ran_by(graph, x), heads)
    assert found.label == "faithful"
    assert found.not_compared == ()
    without = compare(graph, net, run_network(graph, net, x), ran_by(graph, x))
    assert without.not_compared == ("exits.1.neuron",)
    assert found.spikes == sum(own.spikes[n].size for n in own.spikes)
    assert found.in_words().startswith(f"faithful: on 5 samples at T = 3, none of {found.spikes:,}")


def test_spikes_logits_and_classes_that_differ_are_counted(graph, net, x):
    own, ran = run_network(graph, net, x), ran_by(graph, x)
    name = graph.neurons()[1].name
    spikes = {n: s.copy() for n, s in ran.spikes.items()}
    spikes[name].flat[:3] = 1 - spikes[name].flat[:3]
    found = compare(graph, net, own, replace(ran, spikes=spikes))
    assert (found.label, found.spikes_differing) == ("approximate", {name: 3})
    logits = ran.logits.copy()
    logits[0, 2, own.logits[0, 2].argmin()] += 10
    found = compare(graph, net, own, replace(ran, logits=logits))
    assert found.label == "approximate"
    assert found.logits_difference == pytest.approx(10)
    assert found.classes_differing[0] == 1
    assert "approximate" in found.in_words() and "classes of 1" in found.in_words()


def test_what_rounding_alone_is_worth(graph, net, x):
    assert own_rounding(graph, net, x) == 0
    assert next(net.parameters()).dtype == torch.float32
    # 0.1 + 0.1 + 0.1 of float32 is 0.30000001 in float32, and 0.300000004 in float64.
    head = TimeFold(nn.Flatten(), nn.Linear(72, 3))
    stages, shapes = [IF(v_threshold=0.30000001)], [(2, 6, 6)]
    single = StagedNet(stages, head, shapes=shapes, num_classes=3, sample_shape=(2, 6, 6))
    assert own_rounding(lower(single), single, torch.full((3, 1, 2, 6, 6), 0.1)) == 72
    found = compare(graph, net, run_network(graph, net, x), ran_by(graph, x))
    told = replace(found, own_rounding=1234).in_words()
    assert told.endswith("; in float64 1,234 of the network's own spikes differ")


def test_pieces_add_up_to_the_whole(graph, net, heads, x):
    def of(x):
        return compare(graph, net, run_network(graph, net, x, heads), off(ran_by(graph, x)))

    def off(ran):
        ran.spikes["stages.0.2"][0] = 1
        return replace(ran, exits={"1": ran.logits})

    assert of(x[:, :2]) + of(x[:, 2:]) == of(x)


def test_a_runtime_that_shows_no_spikes_is_judged_by_its_logits(graph, net, x):
    own, ran = run_network(graph, net, x), ran_by(graph, x)
    found = compare(graph, net, own, Ran(ran.logits))
    assert (found.label, found.spikes, len(found.not_compared)) == ("faithful", 0, 5)
    assert "no spikes are shown" in found.in_words()


def test_exits_count(graph, net, heads, x):
    own, ran = run_network(graph, net, x, heads), ran_by(graph, x)
    off = own.exits["1"] + np.float32(0.01)
    found = compare(graph, net, own, replace(ran, exits={"1": off}))
    assert found.label == "approximate"
    assert found.exits_difference == pytest.approx(0.01, rel=1e-3)


def test_levels_of_one_neuron_are_compared_as_their_sum():
    net = two_layers(lambda: MLF((0.1, 0.2, 0.3))).eval()
    graph = lower(net)
    x = torch.rand(2, 3, 2, 6, 6, generator=torch.Generator().manual_seed(0))
    own, ran = run_network(graph, net, x), ran_by(graph, x)
    assert (own.spikes["stages.0.2"] > 1).any()
    assert compare(graph, net, own, ran).label == "faithful"
    ran.spikes["stages.0.2.levels.1"][:] = 1
    assert [*compare(graph, net, own, ran).spikes_differing] == ["stages.0.2"]


def test_answers_are_of_the_mean_so_far():
    logits = np.array([[[1.0, 0.0]], [[0.0, 3.0]], [[2.5, 0.0]]], np.float32)
    assert answers(logits)[:, 0].tolist() == [0, 1, 0]
