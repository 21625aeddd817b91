import pytest
import torch

from tssd.errors import UsageError
from tssd.evaluation import EnergyModel
from tssd.evaluation.operations import RULE, layer_operations, priced, total_operations
from tssd.evaluation.spike_counts import Tally, Work


def work(macs, taps=(1, 1, 1, 1)):
    """Of a layer of 4 inputs and 3 outputs."""
    return Work(macs, torch.tensor(taps), 3)


def tally(*spikes_per_step, samples=2, macs=12):
    """Two samples of 4 inputs each; so many spikes a step in both together."""
    counted = Tally(len(spikes_per_step))
    fire = torch.arange(8) < torch.tensor(spikes_per_step).unsqueeze(1)
    x = fire.float().view(-1, samples, 4)
    counted.add(x, samples, work(macs * x.shape[0] * samples))
    counted.close_pass(samples)
    return counted


def test_accumulates_are_macs_times_the_share_of_spikes():
    layer = layer_operations(tally(2, 0, 8), 2, analogue=False)
    assert layer.kind == "ac"
    assert layer.count == (12 * 2 / 8, 12 * 2 / 8, 12 * 10 / 8)
    assert layer.density == (2 / 8, 2 / 16, 10 / 24)
    assert layer.dense_macs == 12


def test_a_layer_that_runs_twice_a_step_has_twice_the_macs_of_a_timestep():
    fire = (torch.arange(8) < torch.tensor([2, 0, 8]).unsqueeze(1)).float().view(-1, 2, 4)
    whole, steps, once = Tally(3), Tally(3), Tally(3)
    for _ in range(2):
        whole.add(fire, 2, work(12 * 6))
        once.add(fire[:1], 2, work(12 * 2))
    for x in (*fire, *fire):
        steps.add(x.unsqueeze(0), 2, work(12 * 2))
    for counted in (whole, steps, once):
        counted.close_pass(2, once=counted is once)
        layer = layer_operations(counted, 2, analogue=True)
        assert layer.dense_macs == 24
        assert layer.count == ((24, 24, 24) if counted is once else (24, 48, 72))


def test_an_analogue_layer_costs_all_its_macs():
    layer = layer_operations(tally(2, 0, 8), 2, analogue=True)
    assert layer.kind == "mac"
    assert layer.count == (12, 24, 36)


def test_shares_that_are_no_binary_fractions_are_exact():
    counted = Tally(1)
    for spikes in (1, 1, 1):
        x = (torch.arange(3) < spikes).float().view(1, 1, 3)
        counted.add(x, 1, Work(10, torch.ones(3, dtype=torch.int64), 1))
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"mac_pj": -1.0},
        {"ac_pj": float("nan")},
        {"mac_pj": float("inf")},
        {"mac_pj": "4.6"},
        {"ac_pj": None},
    ],
)
def test_an_energy_below_zero_is_refused(wrong):
    [name] = wrong
    with pytest.raises(UsageError, match=f"{name}: got"):
        EnergyModel(**wrong)


def graded(*values, taps=(1, 1, 1, 1)):
    """One sample, one timestep, 4 inputs, 3 outputs; nominally each input meets 4 taps."""
    counted = Tally(1)
    counted.add(torch.tensor(values).view(1, 1, 4), 1, work(4 * 4 * 3, taps))
    counted.close_pass(1)
    return counted


def test_graded_inputs_are_told_apart_and_so_are_taps_on_padding():
    layer = layer_operations(graded(1.0, 0.25, 0.0, 2.0, taps=(1, 2, 3, 4)), 1, analogue=False)
    assert layer.count == (48 * 3 / 4,)
    assert layer.graded == (48 * 2 / 4,)
    assert layer.graded_share == (2 / 3,)
    assert layer.unpadded == (3 * (1 + 2 + 4),)
    assert layer.unpadded_graded == (3 * (2 + 4),)


def test_an_analogue_layer_has_no_graded_accumulates_and_its_padding():
    layer = layer_operations(graded(1.0, 0.25, 0.0, 2.0, taps=(1, 2, 3, 4)), 1, analogue=True)
    assert (layer.count, layer.unpadded) == ((48,), (3 * 10,))
    assert layer.graded == layer.graded_share == layer.unpadded_graded == (0,)


def test_both_prices_with_and_without_padding():
    layers = {
        "stem": layer_operations(graded(0.5, 0.5, 0.5, 0.5, taps=(1, 1, 1, 2)), 1, analogue=True),
        "pooled": layer_operations(graded(1.0, 0.25, 0.0, 2.0), 1, analogue=False),
        "silent": layer_operations(graded(0.0, 0.0, 0.0, 0.0), 1, analogue=False),
    }
    total = total_operations(layers, (), EnergyModel(mac_pj=5e6, ac_pj=1e6, source="mine"))
    assert (total.macs, total.acs, total.graded_acs) == ((48,), (36,), (24,))
    assert total.graded_share == (24 / 36,)
    assert total.energy_uj == (48 * 5 + 36,)
    assert total.energy_graded_as_macs_uj == (48 * 5 + 12 + 24 * 5,)
    bare = total.unpadded
    assert (bare.macs, bare.acs, bare.graded_acs) == ((15,), (9,), (6,))
    assert bare.energy_uj == (15 * 5 + 9,)
    assert bare.energy_graded_as_macs_uj == (15 * 5 + 3 + 6 * 5,)


def test_nothing_costs_nothing():
    total = priced([], EnergyModel())
    assert total.macs == total.acs == total.energy_uj == ()
