"""An ANN, the same builder with torch.nn.ReLU: no spikes, and every operation is a MAC."""

import json

import pytest
import torch
from torch import nn

import tssd
from tssd.config import build, load_recipe
from tssd.evaluation import EnergyModel, evaluate
from tssd.models import resnet18, vgg9
from tssd.objectives import ExitCrossEntropy, ExitPlan, SelfDistillation
from tssd.training.fit import fit

from .nets import firing_net, labelled_images

ENERGY = EnergyModel(mac_pj=5e6, ac_pj=1e6, source="mine")


@pytest.mark.parametrize("build", [vgg9, resnet18])
def test_it_has_no_firing_rate_and_costs_all_its_macs_once(build):
    result = evaluate(firing_net(build, neuron=nn.ReLU), labelled_images(), 2, energy=ENERGY)
    assert result.firing_rates == {}
    assert result.mean_firing_rate is None
    assert result.uncounted == ()
    operations = result.operations
    dense = sum(layer.dense_macs for layer in operations.layers.values())
    assert operations.macs == (dense, dense)  # an image is the same at every timestep
    assert operations.acs == operations.graded_acs == (0, 0)
    assert operations.energy_uj == operations.energy_graded_as_macs_uj == (5 * dense,) * 2


def test_units_that_are_off_for_every_sample_cost_their_macs_too():
    net = firing_net(vgg9, neuron=nn.ReLU)
    norm = net.stages[1][1][1][0]
    nn.init.zeros_(norm.weight)
    nn.init.constant_(norm.bias, -1)  # nothing passes the ReLU
    operations = evaluate(net, labelled_images(), 1).operations
    assert all(layer.kind == "mac" for layer in operations.layers.values())
    assert operations.macs[0] == sum(layer.dense_macs for layer in operations.layers.values())


def test_an_exit_of_it_costs_macs_up_to_its_own_neuron():
    net = firing_net(vgg9, neuron=nn.ReLU)
    plan = ExitPlan([1])
    steps = tssd.Timesteps(1, 1)
    criterion = SelfDistillation({"exit": ExitCrossEntropy()}, steps, exits=plan).connect(net)
    result = evaluate(net, labelled_images(), 1, criterion=criterion, energy=ENERGY)
    costs = result.early_exit["1"].costs
    channels, height, width = net.tap_shape(1)
    convolution = 9 * channels**2 * height * width
    assert costs.weak_energy_uj >= 5 * convolution


def test_it_is_the_network_with_the_same_weights_and_another_layer_in_the_neurons_place():
    torch.manual_seed(0)
    spiking = vgg9(image_size=16, width=1 / 16)
    torch.manual_seed(0)
    ann = vgg9(image_size=16, width=1 / 16, neuron=nn.ReLU)
    assert spiking.state_dict().keys() == ann.state_dict().keys()
    assert all(map(torch.equal, spiking.state_dict().values(), ann.state_dict().values()))
    assert ann.make_neuron is nn.ReLU and spiking.make_neuron is tssd.LIF


def test_it_trains_by_the_same_recipe_and_its_run_says_that_nothing_spikes(tiny, tmp_path):
    ann = [("net.neuron", "torch.nn.ReLU"), ("timesteps", "{student: 1, teacher: 1}")]
    parts = build(load_recipe("digits/vanilla_ts", [*tiny, *ann]))
    fit(parts, tmp_path / "run")
    results = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    assert results["last"]["firing_rates"] == {}
    assert results["last"]["mean_firing_rate"] is None
    assert set(results["last"]["operations"]["acs"]) == {0.0}
    net = tssd.load(tmp_path / "run").net
    assert isinstance(net.make_neuron(), nn.ReLU)
    assert not any(isinstance(m, tssd.Neuron) for m in net.modules())
