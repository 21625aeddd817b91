import pytest
import torch

from tssd.errors import UsageError
from tssd.evaluation import EnergyModel
from tssd.evaluation.events import Tally
from tssd.evaluation.operations import RULE, layer_operations, total_operations


def tally(*spikes_per_step, samples=2, macs=12):
    """Two samples of 4 inputs each; so many spikes a step in both together."""
    counted = Tally(len(spikes_per_step))
    fire = torch.arange(8) < torch.tensor(spikes_per_step).unsqueeze(1)
    x = fire.float().view(-1, samples, 4)
    counted.add(x, samples, macs * x.shape[0] * samples)
    counted.close_pass(samples)
    return counted


def test_accumulates_are_macs_times_the_share_of_spikes():
    layer = layer_operations(tally(2, 0, 8), 2, analogue=False)
    assert layer.kind == "ac"
    assert layer.count == (12 * 2 / 8, 12 * 2 / 8, 12 * 10 / 8)
    assert layer.density == (2 / 8, 2 / 16, 10 / 24)
    assert layer.dense_macs == 12


def test_an_analogue_layer_costs_all_its_macs():
    layer = layer_operations(tally(2, 0, 8), 2, analogue=True)
    assert layer.kind == "mac"
    assert layer.count == (12, 24, 36)


def test_shares_that_are_no_binary_fractions_are_exact():
    counted = Tally(1)
    for spikes in (1, 1, 1):
        counted.add((torch.arange(3) < spikes).float().view(1, 1, 3), 1, macs=10)
        counted.close_pass(1)
    assert layer_operations(counted, 3, analogue=False).count == (10 / 3,)


def test_totals_and_energy():
    layers = {
        "a": layer_operations(tally(8, 8), 2, analogue=True),
        "b": layer_operations(tally(2, 4), 2, analogue=False),
        "c": layer_operations(tally(4, 0, macs=40), 2, analogue=False),
    }
    total = total_operations(layers, ("d",), EnergyModel())
    assert total.macs == (12, 24)
    assert total.acs == (3 + 20, 9 + 20)
    assert total.energy_uj == pytest.approx(
        ((12 * 4.6 + 23 * 0.9) / 1e6, (24 * 4.6 + 29 * 0.9) / 1e6), rel=1e-12
    )
    assert total.uncounted == ("d",)
    assert total.rule == RULE
    assert (total.energy_model.mac_pj, total.energy_model.ac_pj) == (4.6, 0.9)


def test_the_energy_model_can_be_replaced():
    layers = {"a": layer_operations(tally(2), 2, analogue=False)}
    total = total_operations(layers, (), EnergyModel(mac_pj=0, ac_pj=2e6, source="mine"))
    assert total.energy_uj == (6.0,)
    assert total.energy_model.source == "mine"


@pytest.mark.parametrize("wrong", [{"mac_pj": -1.0}, {"ac_pj": float("nan")}])
def test_an_energy_below_zero_is_refused(wrong):
    [name] = wrong
    with pytest.raises(UsageError, match=f"{name}: got"):
        EnergyModel(**wrong)
