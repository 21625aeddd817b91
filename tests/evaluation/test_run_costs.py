"""What an evaluation says of costs: graded inputs, padding, early exit, what is not counted."""

import math

import pytest
import torch
from spikingjelly.activation_based import neuron
from torch import nn

import tssd
from tssd.adapters import adapt
from tssd.errors import DataError, UsageError
from tssd.evaluation import CostCounter, EnergyModel, evaluate
from tssd.models import NetOutput, vgg9
from tssd.neurons import IF
from tssd.objectives import ExitCrossEntropy, ExitPlan, SelfDistillation
from tssd.time import TimeFold
from tssd.trained import GivenInput, TrainedNet

from .nets import PencilNet, firing_net, labelled_images, pencil_batches, pencil_images

ENERGY = EnergyModel(mac_pj=5e6, ac_pj=1e6, source="mine")


class PooledNet(PencilNet):
    """The pencil's spikes, averaged over 2x2 pixels, into a padded 3x3 convolution."""

    def __init__(self):
        super().__init__()
        self.second = TimeFold(nn.AvgPool2d(2), nn.Conv2d(2, 2, 3, padding=1, bias=False))
        self.last = IF()
        self.head = TimeFold(nn.Flatten(), nn.Linear(8, 2))

    def forward(self, x, taps=()):
        spikes = self.neuron(self.conv(x))
        return NetOutput(self.head(self.last(self.second(spikes))))


def test_pooled_spikes_are_graded_and_priced_both_ways_by_hand():
    # One 2x2 block is full, so that its mean is 1; another holds a single spike, a mean of 1/4.
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, :2, :2] = x[0, 0, 3, 3] = 1.25
    result = evaluate(PooledNet(), [(x, torch.zeros(1).long())], 1, energy=ENERGY)
    operations = result.operations
    layer = operations.layers["second.1"]
    # Channel 0 fires at t = 1, channel 1 does not: 2 inputs of 8, each with 9 weights x 2 outputs.
    assert (layer.kind, layer.count, layer.graded) == ("ac", (36,), (18,))
    assert layer.graded_share == (0.5,)
    # On 2x2 pixels every input is in a corner and meets 4 weights.
    assert (layer.unpadded, layer.unpadded_graded) == ((16,), (8,))
    assert operations.layers["conv.0"].unpadded == (2 * 10 * 10,)  # (4 + 2 * 3)^2 taps, 2 outputs
    rest = operations.layers["head.1"].count[0]
    assert operations.energy_uj == (288 * 5 + 36 + rest,)
    assert operations.energy_graded_as_macs_uj == (288 * 5 + 18 + 18 * 5 + rest,)
    assert operations.unpadded.energy_uj == (200 * 5 + 16 + rest,)
    assert operations.graded_share == (18 / (36 + rest),)


@pytest.mark.parametrize("timesteps", [1, 2, 3, 4])
@pytest.mark.parametrize("stepped", [False, True])
def test_a_layer_in_front_of_all_spikes_costs_as_often_as_it_is_used(timesteps, stepped):
    class Twice(PencilNet):
        """Its stem stands twice before the neuron, on all timesteps of an image at once."""

        def __init__(self):
            super().__init__()
            self.stem = TimeFold(nn.Conv2d(1, 1, 3, padding=1, bias=False))
            self.neuron = neuron.IFNode(step_mode="s") if stepped else IF()

        def forward(self, x, taps=()):
            steps = x.unsqueeze(1) if stepped else [x]
            stems = [self.stem(self.stem(part)) for part in steps]
            return NetOutput(torch.cat([self.head(self.fires(stem)) for stem in stems]))

        def fires(self, stem):
            current = self.conv(stem)
            return self.neuron(current[0]).unsqueeze(0) if stepped else self.neuron(current)

    operations = evaluate(Twice(), [(torch.rand(3, 1, 4, 4), torch.ones(3).long())], timesteps)
    stem = operations.operations.layers["stem.0"]
    assert (stem.count, stem.dense_macs) == ((2 * 144,) * timesteps, 2 * 144)


def test_padding_is_a_third_of_a_small_vgg():
    operations = evaluate(firing_net(vgg9), labelled_images(), 2).operations
    for name, layer in operations.layers.items():
        if "head" not in name:
            assert all(b < c for b, c in zip(layer.unpadded, layer.count, strict=True))
    without = evaluate(PencilNet(), pencil_batches(2, 2), 2).operations
    assert without.unpadded.acs == without.acs  # a linear layer has no padding
    assert 0.5 < operations.unpadded.acs[-1] / operations.acs[-1] < 0.9
    assert 0.1 < operations.graded_share[-1] < 0.9  # behind average pools


def criterion_for(net, tap):
    torch.manual_seed(1)
    plan = ExitPlan([tap])
    criterion = SelfDistillation({"exit": ExitCrossEntropy()}, tssd.Timesteps(2, 4), exits=plan)
    return criterion.connect(net)


@pytest.mark.parametrize("adapted", [False, True])
def test_early_exit_saves_the_layers_behind_its_tap(adapted):
    net, batches = firing_net(vgg9), labelled_images(12)
    tap = 1
    if adapted:
        net = adapt(Plain(net), ["net.stages.1"], example=batches[0][0])
        tap = "net.stages.1"
    result = evaluate(
        net, batches, 4, criterion=criterion_for(net, tap), report_at=2, energy=ENERGY
    )
    [curve] = result.early_exit.values()
    costs, layers = curve.costs, result.operations.layers

    def joules(names):
        return sum(
            layers[n].count[1] * (5 if layers[n].kind == "mac" else 1)
            for n in layers
            if any(f"stages.{index}." in n for index in names)
        )

    until, whole = joules([0, 1]), result.operations.energy_uj[1]
    early = costs.weak_energy_uj
    assert early > 0 and 0 < until < whole
    assert costs.energy_uj[0] == pytest.approx(until + early)  # all leave
    assert costs.energy_uj[-1] == pytest.approx(whole + early)  # nobody does
    for leaving, spent, saved in zip(
        curve.leaving, costs.energy_uj, costs.energy_saved, strict=True
    ):
        assert spent == pytest.approx(until + early + (1 - leaving) * (whole - until))
        assert saved == pytest.approx(1 - spent / whole)
    assert costs.energy_saved[-1] < 0


def test_a_loaded_network_costs_what_the_network_inside_costs():
    net, batches = firing_net(vgg9), labelled_images()
    criterion = criterion_for(net, 1)
    shape = GivenInput((3, 16, 16))
    loaded = TrainedNet(net, shape, class_names="abcde", timesteps=tssd.Timesteps(1, 2))
    expected = evaluate(net, batches, 2, criterion=criterion)
    [curve] = expected.early_exit.values()
    assert curve.costs is not None
    assert evaluate(loaded, batches, 2, criterion=criterion) == expected


class Plain(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x).logits


def test_an_exits_own_operations_are_counted_by_hand():
    # Flat features, 32 spikes wide: linear 32 -> 3, integrate-and-fire, linear 3 -> 2.
    class Flat(PencilNet):
        def tap_shape(self, tap):
            return (32,)

        def forward(self, x, taps=()):
            out = super().forward(x, taps)
            return NetOutput(out.logits, {tap: y.flatten(2) for tap, y in out.taps.items()})

    net = Flat()
    criterion = SelfDistillation(
        {"exit": ExitCrossEntropy()}, tssd.Timesteps(1, 2), exits=ExitPlan([0], channels=3)
    ).connect(net)
    early = criterion.exit_at(0)
    nn.init.constant_(early.features[0].weight, -1.0)  # its neurons stay silent
    result = evaluate(net, pencil_batches(4, 4), 2, criterion=criterion, energy=ENERGY)
    [curve] = result.early_exit.values()
    assert curve.costs is None  # a network of this kind does not tell where its tap is
    counter = CostCounter(early.eval(), 2)
    tap = net(tssd.repeat_in_time(pencil_images(4), 2), (0,)).taps[0]
    with counter.watching(), counter.counting(tap, spikes=True):
        early(tap)
    first, second = counter.operations().layers.values()
    assert (first.kind, first.count) == ("ac", (3 * 3, 3 * 9))  # 3 and 9 spikes, 3 outputs
    assert second.count == (0, 0)


def test_layers_of_kinds_that_are_not_counted_are_named():
    class Attentive(PencilNet):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(4, 1)
            self.up = TimeFold(nn.ConvTranspose2d(2, 2, 1))

        def forward(self, x, taps=()):
            spikes = self.up(self.neuron(self.conv(x)))
            rows = spikes.flatten(0, 3)
            self.attention(rows, rows, rows)
            return NetOutput(self.head(spikes))

    result = evaluate(Attentive(), pencil_batches(2, 2), 2)
    assert result.operations.uncounted == ("up.0", "attention")


class Keeper(nn.Module):
    """Keeps its state on itself, as the user's own neurons may; cleared by `reset` only."""

    def __init__(self):
        super().__init__()
        self.layer, self.v = nn.Linear(6, 2), torch.zeros(())

    def forward(self, x):
        logits = []
        for x_t in self.layer(x):
            self.v = self.v * self.layer.weight.mean() + 1
            logits.append(x_t + self.v)
        return torch.stack(logits)

    def forget(self):
        self.v = self.v.detach().zero_()


def test_a_network_that_keeps_state_can_be_trained_after_an_evaluation():
    x, y = torch.rand(4, 6), torch.arange(4) % 2
    net = adapt(Keeper(), example=x, reset=Keeper.forget)
    evaluate(net, [(x, y)], 3)
    assert not net.module.v.is_inference()
    tssd.vanilla(3).connect(net).run(net, x, y).total.backward()


def test_an_input_that_is_not_finite_and_a_single_class_are_refused():
    x = pencil_images(3)
    x[2, 0, 0, 0] = math.nan
    with pytest.raises(DataError, match="^input: sample 2 of the batch has the value nan"):
        evaluate(PencilNet(), [(x, torch.zeros(3).long())], 2)

    class One(PencilNet):
        num_classes = 1

    with pytest.raises(UsageError, match="^net: has num_classes = 1"):
        evaluate(One(), pencil_batches(2, 2), 2)
