from functools import partial

import pytest
import torch
import yaml

from tssd.config.recipe import recipe_text
from tssd.errors import UsageError
from tssd.models import plif_net
from tssd.models.dropout import SharedDropout
from tssd.models.plif_nets import (
    CIFAR10_STAGES,
    CIFAR10DVS_STAGES,
    GESTURE_STAGES,
    MNIST_STAGES,
)
from tssd.neurons import PLIF
from tssd.testing import check_network

NETS = {
    "mnist": (MNIST_STAGES, 1, 10, 28, 2048),
    "cifar10": (CIFAR10_STAGES, 3, 10, 32, 2048),
    "cifar10dvs": (CIFAR10DVS_STAGES, 2, 10, 128, 512),
    "gesture": (GESTURE_STAGES, 2, 11, 128, 512),
}
# 3x3 weights, a scale and a shift for each channel, and two linear layers without biases.
BY_HAND = {
    "mnist": 9 * (1 + 128) * 128 + 2 * 2 * 128 + 128 * 7 * 7 * 2048 + 2048 * 100,
    "cifar10": 9 * (3 + 5 * 256) * 256 + 6 * 2 * 256 + 256 * 8 * 8 * 2048 + 2048 * 100,
    "cifar10dvs": 9 * (2 + 3 * 128) * 128 + 4 * 2 * 128 + 128 * 8 * 8 * 512 + 512 * 100,
    "gesture": 9 * (2 + 4 * 128) * 128 + 5 * 2 * 128 + 128 * 4 * 4 * 512 + 512 * 110,
}


def built(name, **options):
    *given, hidden = NETS[name]
    with torch.device("meta"):
        return plif_net(*given, **({"hidden": hidden, "head_norm": False} | options))


def count(net):
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("mnist", 13_198_976),
        ("cifar10", 36_718_336),
        ("cifar10dvs", 4_691_200),
        ("gesture", 1_698_304),
    ],
)
def test_parameters_by_hand(name, parameters):
    assert count(built(name)) == BY_HAND[name] == parameters
    # Biases, as in SpikingJelly, and a time constant a layer of neurons.
    *_, classes, _, hidden = NETS[name]
    layers = sum(len(stage) for stage in NETS[name][0]) + 2
    more = count(built(name, bias=True, neuron=PLIF)) - parameters
    assert more == hidden + 10 * classes + layers
    # And a scale and a shift for each neuron of the head.
    assert count(built(name, head_norm=True)) - parameters == 2 * (hidden + 10 * classes)


def test_the_public_code_has_more_hidden_neurons_for_cifar10_dvs():
    more = (2048 - 512) * (128 * 8 * 8 + 100)
    assert count(built("cifar10dvs", hidden=2048)) == BY_HAND["cifar10dvs"] + more == 17_427_712


@pytest.mark.parametrize("name", NETS)
def test_the_recipes_have_these_tables(name):
    options = yaml.safe_load(recipe_text(f"nets/plif_{name}"))["net"]["init_args"]
    stages, *_, hidden = NETS[name]
    assert options["stages"] == [list(stage) for stage in stages]
    assert options["hidden"] == hidden


def test_ten_neurons_vote_for_a_class():
    net = plif_net(((4,),), 1, 3, 4, hidden=8)
    spikes = torch.zeros(1, 1, 30)
    spikes[0, 0, [0, 3, 9, 10, 29]] = 1
    assert net.head[-1](spikes)[0, 0].tolist() == pytest.approx([0.3, 0.1, 0.1])
    logits = net(torch.rand(2, 5, 1, 4, 4)).logits
    assert logits.shape == (2, 5, 3)
    assert torch.equal(10 * logits, (10 * logits).round())


def test_dropout_stands_in_front_of_both_linear_layers():
    assert [m.p for m in built("gesture").modules() if isinstance(m, SharedDropout)] == [0.5] * 2
    assert not any(isinstance(m, SharedDropout) for m in built("gesture", dropout=0).modules())


def test_it_keeps_the_contract_of_a_network():
    made = partial(plif_net, MNIST_STAGES, 2, 5, (8, 12), width=1 / 16)
    check_network(made, (2, 8, 12), timesteps=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 3}, "^image_size: got 3, .* halves the image 2 times and needs >= 4"),
        ({"hidden": 0}, r"^hidden: got \[0\], expected a number >= 1"),
        ({"dropout": 1}, "^dropout: got 1, expected 0 or more and below 1"),
        ({"votes": 0}, "^votes: got 0, expected at least 1 neuron"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        plif_net(MNIST_STAGES, **options)
