from dataclasses import replace

import pytest

from tssd.bench.energy import energy_uj
from tssd.runs.evaluation import EnergyModel, LayerOperations, Operations

# 10 multiply-accumulates a timestep, and 4 then 6 of 100 accumulates, in millions.
LAYERS = {
    "image": LayerOperations("mac", (10e6, 20e6), (1, 1), 10e6),
    "spikes": LayerOperations("ac", (4e6, 10e6), (0.04, 0.05), 100e6),
}
OPERATIONS = Operations(
    layers=LAYERS,
    macs=(10e6, 20e6),
    acs=(4e6, 10e6),
    energy_uj=(49.6, 101.0),
    energy_model=EnergyModel(),
    rule="",
)


@pytest.mark.parametrize(
    ("timesteps", "events", "whole", "expected"),
    [
        (1, False, False, 110 * 4.6),
        (2, False, True, 220 * 0.23),
        (1, True, False, 10 * 4.6 + 4 * 0.9),
        (2, True, True, 20 * 4.6 + 10 * 0.03),
    ],
)
def test_what_is_computed_is_paid_for(timesteps, events, whole, expected):
    found = energy_uj(OPERATIONS, timesteps, events=events, whole=whole)
    assert found == pytest.approx(expected)
    if events and not whole:
        assert found == pytest.approx(OPERATIONS.energy_uj[timesteps - 1])


@pytest.mark.parametrize("timesteps", [1, 2])
def test_what_is_the_same_at_every_timestep_is_paid_for_once(timesteps):
    layers = LAYERS | {"image": LayerOperations("mac", (5e6, 5e6), (1, 1), 5e6)}
    operations = replace(OPERATIONS, layers=layers, macs=(5e6, 5e6))
    found = energy_uj(operations, timesteps, events=False, whole=False)
    assert found == pytest.approx((5 + 100 * timesteps) * 4.6)


def test_what_was_not_counted_is_not_known():
    assert energy_uj(None, 1, events=True, whole=False) is None
    assert energy_uj(OPERATIONS, 3, events=True, whole=False) is None
