from copy import deepcopy
from functools import partial

import pytest
from torch import nn

from lowering.alike import assert_alike, trained
from tssd.errors import UsageError
from tssd.lowering import lower
from tssd.models import StagedNet
from tssd.models.blocks import conv_norm_neuron
from tssd.neurons import (
    DSRIF,
    DSRLIF,
    GLIF,
    IF,
    LIF,
    MLF,
    MPBNLIF,
    PLIF,
    QCFS,
    RealSpike,
    SmoothedLIF,
    folded,
)
from tssd.norms import pooled_batch_norm
from tssd.surrogates import Rectangular
from tssd.surrogates.asgl import ASGL
from tssd.time import TimeFold


def two_layers(neuron):
    layers = [conv_norm_neuron(c, 8, neuron, pooled_batch_norm) for c in (2, 8)]
    head = TimeFold(nn.Flatten(), nn.Linear(8 * 36, 3))
    shapes = [(8, 6, 6)] * 2
    return StagedNet(layers, head, shapes=shapes, num_classes=3, sample_shape=(2, 6, 6))


@pytest.mark.parametrize(
    "neuron",
    [
        partial(LIF, 3.0, 0.7),
        partial(LIF, v_reset=0.1, decay_input=True, strict=True, v_threshold=0.5),
        partial(LIF, v_reset=-0.2, surrogate=ASGL()),
        IF,
        partial(IF, v_reset=0.0),
        partial(PLIF, v_reset=0.1, v_threshold=0.6),
        partial(PLIF, 3.0, v_reset=None, decay_input=False),
        partial(MLF, (0.4, 0.8, 1.2)),
        partial(MPBNLIF, v_reset=0.1),
        partial(MPBNLIF, v_reset=None, foldable=False, strict=True),
        RealSpike,
        partial(DSRIF, 0.7),
        DSRLIF,
        partial(QCFS, v_threshold=0.6),
    ],
)
def test_each_neuron_spikes_as_it_does(neuron):
    graph = assert_alike(trained(two_layers(neuron)), (2, 6, 6), timesteps=5)
    assert {node.op for node in graph.nodes} <= {"conv", "linear", "flatten", "lif", "add"}


def test_membranes_of_mpbn_are_turned_over_where_the_norm_is_negative():
    net = trained(two_layers(MPBNLIF))
    norm = net.stages[0][2].norm
    norm.weight.data[0], norm.weight.data[1] = -1.0, 0.0
    norm.bias.data[1] = 2.0  # which is above the threshold, so that the channel always fires
    graph = assert_alike(net, (2, 6, 6))
    first = graph.neurons()[0]
    assert first.arrays["input_scale"][:2].tolist() == [-1, 0]
    assert_alike(folded(net), (2, 6, 6))


def test_spikingjellys_neurons_are_known_by_name():
    neuron = pytest.importorskip(
        "spikingjelly.activation_based.neuron", reason="needs the extra: pip install tssd[interop]"
    )
    damped = LIF(3.0, 0.8, v_reset=0.0, decay_input=True)
    for theirs, ours in (
        (neuron.LIFNode(3.0, v_threshold=0.8, step_mode="m"), damped),
        (neuron.IFNode(v_reset=None, step_mode="m"), IF()),
        (neuron.ParametricLIFNode(step_mode="m"), PLIF()),
    ):
        expected, found = (
            lower(two_layers(lambda made=made: deepcopy(made))).neurons()[0].options
            for made in (ours, theirs)
        )
        assert found == pytest.approx(expected)


def above(s):
    return (s > 0).to(s)


def at_a_tenth(s):
    return (s >= 0.1).to(s)


def test_a_surrogate_of_spikingjellys_neurons_decides_when_they_fire():
    library = "spikingjelly.activation_based"
    neuron = pytest.importorskip(
        f"{library}.neuron", reason="needs the extra: pip install tssd[interop]"
    )
    from spikingjelly.activation_based import surrogate

    def fires(surrogate):
        made = neuron.IFNode(surrogate_function=surrogate, step_mode="m")
        return lower(two_layers(lambda: deepcopy(made))).neurons()[0].options["fires"]

    assert (fires(surrogate.ATan()), fires(above)) == ("at", "above")
    for other in (surrogate.Sigmoid(spiking=False), at_a_tenth):
        with pytest.raises(UsageError, match=r"\(IFNode\): its surrogate_function gives something"):
            fires(other)


class Other(LIF):
    def scan(self, x, state=None):
        return super().scan(2 * x, state)


class InAWay(Rectangular):
    def spike(self, s):
        return s.sigmoid()


@pytest.mark.parametrize(
    ("neuron", "said"),
    [
        (GLIF, r"stages\.0\.2 \(GLIF\): its gains differ between timesteps"),
        (SmoothedLIF, r"stages\.0\.2 \(SmoothedLIF\): its membrane remembers"),
        (nn.ReLU, r"stages\.0\.2 \(ReLU\): it does not spike"),
        (partial(QCFS, pre_steps=2), r"stages\.0\.2 \(QCFS\): its first 2 timesteps decide"),
        (partial(QCFS, spiking=False), r"stages\.0\.2 \(QCFS\): it does not spike"),
        (Other, r"stages\.0\.2 \(Other\): it is no neuron that a graph knows"),
        (partial(LIF, surrogate=InAWay()), r"stages\.0\.2 \(LIF\): InAWay spikes in a way of its"),
    ],
)
def test_what_is_no_recurrence_is_refused_by_name(neuron, said):
    with pytest.raises(UsageError, match=said):
        lower(two_layers(neuron))


def test_a_subclass_that_computes_the_same_is_taken():
    class Mine(LIF):
        pass

    assert len(lower(two_layers(Mine)).neurons()) == 2
