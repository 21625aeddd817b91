import pytest
from torch import nn

from tssd.adapters import AdaptedNet
from tssd.adapters.call import Call
from tssd.evaluation import EnergyModel, LayerOperations
from tssd.evaluation.exit_costs import exit_costs, tap_modules
from tssd.models import vgg9

ENERGY = EnergyModel(mac_pj=5e6, ac_pj=1e6, source="mine")


def layer(kind, *count, graded=0.0):
    zeros = (0.0,) * len(count)
    share = tuple(graded * n for n in count)
    return LayerOperations(kind, count, zeros, 0.0, share, zeros, count, share)


def costs(leaving, behind):
    return exit_costs(
        leaving,
        [layer("mac", 1, 2)],
        behind,
        [layer("ac", 3, 6, graded=0.5)],
        report_at=2,
        energy=ENERGY,
    )


def test_those_who_leave_save_what_stands_behind_and_all_pay_the_exit():
    found = costs((1.0, 0.25, 0.0), [layer("ac", 20, 40, graded=0.25)])
    # At T = 2: 2 MACs until the tap, 40 accumulates behind it, 6 in the exit.
    assert found.macs == (2, 2, 2)
    assert found.acs == (6, 6 + 30, 6 + 40)
    assert found.energy_uj == (10 + 6, 10 + 36, 10 + 46)
    assert found.weak_energy_uj == 6
    assert found.energy_saved == pytest.approx((1 - 16 / 50, 1 - 46 / 50, 1 - 56 / 50))
    assert found.energy_saved[-1] < 0  # nobody leaves, and the exit ran for nothing
    graded = [3 + (1 - leave) * 10 for leave in (1, 0.25, 0)]
    assert found.energy_graded_as_macs_uj == pytest.approx(
        [uj + 4 * n for uj, n in zip(found.energy_uj, graded, strict=True)]
    )


def test_a_tap_at_the_very_end_saves_nothing():
    found = costs((1.0, 0.0), [])
    assert found.energy_uj == (16, 16)
    assert found.energy_saved == pytest.approx((-0.6, -0.6))


def test_taps_are_modules_where_the_network_tells():
    net = vgg9(width=1 / 64)
    assert tap_modules(net, (1, 3)) == {1: net.stages[1], 3: net.stages[3]}
    inner = nn.Sequential(nn.Sequential(nn.Linear(2, 2)))
    adapted = AdaptedNet(inner, 2, places={}, call=Call("time_first"), sample_dims=1)
    assert tap_modules(adapted, ("0.0",)) == {"0.0": inner[0][0]}
    assert tap_modules(nn.Identity(), ("0",)) == {}
