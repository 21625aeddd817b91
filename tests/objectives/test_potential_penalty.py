"""Two layers by hand: which of them count, and in which unit."""

import math

import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput
from tssd.neurons import IF, LIF, MPBNLIF, Neuron
from tssd.objectives import Timesteps
from tssd.objectives.potential_penalty import PotentialPenalty, distance_to_spikes, threshold_of


class MeanPotential(PotentialPenalty):
    def of_layer(self, u):
        return u.mean()


def layers(**neurons):
    return nn.ModuleDict(neurons or {"a": LIF(v_threshold=2.0), "b": IF()})


def value(net=None, membranes=None, **options):
    term = MeanPotential(**options).connect(net or layers(), Timesteps(1, 2))
    shown = {"a": torch.full((2, 1, 3), 6.0), "b": torch.ones(2, 1, 5, dtype=torch.bfloat16)}
    return term(NetOutput(torch.zeros(2, 1, 3), membranes=membranes or shown), torch.tensor([0]))


def test_a_layers_threshold_is_its_unit_and_every_layer_counts_the_same():
    assert value().item() == (6 / 2 + 1) / 2
    assert value().dtype == torch.float32
    assert value(threshold=4.0).item() == (6 / 4 + 1 / 4) / 2


def test_chosen_layers():
    assert value(layers="a").item() == 3
    assert value(layers=["b", "b*"]).item() == 1


def test_a_neuron_of_ones_own_may_say_its_threshold_or_the_recipe_does():
    class Own(Neuron):
        threshold = 0.5

    class Learns(Neuron):
        def __init__(self):
            super().__init__()
            self.v_threshold = nn.Parameter(torch.ones(3))

    assert threshold_of("a", Own()) == 0.5
    told = r"^threshold: b \(Learns\) has no threshold that is one fixed number; say which"
    with pytest.raises(UsageError, match=told):
        value(layers(a=LIF(), b=Learns()))
    assert value(layers(a=LIF(), b=Learns()), threshold=1.0).item() == 3.5
    assert value(layers(a=LIF(), b=Learns()), layers="a").item() == 6


def test_a_neuron_that_is_made_of_others_counts_by_these():
    class Levels(Neuron):
        def __init__(self):
            super().__init__()
            self.levels = nn.ModuleList([LIF(v_threshold=2.0), LIF(v_threshold=3.0)])

    shown = {"a.levels.0": torch.full((2, 1, 3), 6.0), "a.levels.1": torch.full((2, 1, 3), 3.0)}
    assert value(layers(a=Levels()), shown).item() == (3 + 1) / 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": ["c*"]}, r"^layers: got 'c\*', but no layer of neurons is called so; .* a, b$"),
        ({"layers": []}, "^layers: got none, expected names such as"),
        ({"threshold": 0.0}, "^threshold: got 0.0, expected a finite potential > 0$"),
        ({"weight": -1.0}, "^weight: got -1.0"),
        (
            {"membranes": {"module.a": torch.ones(2, 1, 3)}},
            "^layers: none of a, b showed its membranes, only module.a; connect the loss",
        ),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=message):
        value(**options)


def test_membranes_before_a_norm_are_not_in_thresholds_of_what_is_behind_it():
    with pytest.raises(UsageError, match=r"^threshold: a \(MPBNLIF\) has one of normed membranes"):
        value(layers_of_mpbn := layers(a=MPBNLIF()))
    assert value(layers_of_mpbn, threshold=2.0).item() == 3


def test_distance_to_spikes():
    u = torch.tensor([-0.5, 0.25, 0.75, 1.5, math.nan])
    expected = torch.tensor([0.5, 0.25, 0.25, 0.5, math.nan])
    assert torch.equal(distance_to_spikes(u, 1.0).nan_to_num(9), expected.nan_to_num(9))
