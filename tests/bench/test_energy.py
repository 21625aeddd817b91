from dataclasses import replace

import pytest

from engine.small import network
from tssd.bench.energy import energy_uj, whole_in_engine
from tssd.graph import Graph
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
        (1, False, (), 110 * 4.6),
        (2, False, LAYERS, 220 * 0.23),
        (1, True, (), 10 * 4.6 + 4 * 0.9),
        (2, True, {"spikes"}, 20 * 4.6 + 10 * 0.03),
        # Other layers that see spikes stay in floating point.
        (2, True, {"another"}, 20 * 4.6 + 10 * 0.9),
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
    found = energy_uj(operations, timesteps, events=False, whole=())
    assert found == pytest.approx((5 + 100 * timesteps) * 4.6)


def test_what_was_not_counted_is_not_known():
    assert energy_uj(None, 1, events=True, whole=()) is None
    assert energy_uj(OPERATIONS, 3, events=True, whole=()) is None


def test_the_first_layer_the_last_and_those_behind_means_stay_in_floating_point():
    graph = network()
    layers = [node.name for node in graph.nodes if node.op in ("conv", "linear")]
    assert {"stem", "early", "head"} < {*layers}
    whole = {"a", "b", "c", "d", "shortcut", "hidden"}
    assert whole_in_engine(layers, graph, "int8") == whole
    assert whole_in_engine(layers, graph, "float32") == set()
    inside = {f"module.{name}" for name in layers}
    assert whole_in_engine(inside, graph, "int7") == {f"module.{name}" for name in whole}


def test_a_layer_that_runs_twice_is_whole_if_it_is_both_times():
    graph = network()
    for name, twice in {"d": "a:2", "early": "a:2"}.items():
        nodes = tuple(replace(n, name=twice) if n.name == name else n for n in graph.nodes)
        nodes = tuple(
            replace(n, inputs=tuple(twice if i == name else i for i in n.inputs)) for n in nodes
        )
        again = Graph(nodes, graph.sample_shape, "head")
        assert whole_in_engine(["a"], again, "int8") == ({"a"} if name == "d" else set()), name
