import json

import pytest

from tssd.runs.evaluation import (
    EarlyExit,
    EnergyModel,
    Evaluation,
    ExitCosts,
    LayerOperations,
    Operations,
)
from tssd.runs.folder import RunFolder
from tssd.runs.results import Results
from tssd.runs.training_cost import (
    TeacherCost,
    TrainingCost,
    forward_operations,
    seconds_to_levels,
    training_operations,
)
from tssd.runs.typed_json import plain, read_as


def layer(kind, dense, *, steps):
    """Of a layer that ran at so many of two timesteps, every input counted."""
    counts = (dense, dense * steps)
    return LayerOperations(kind=kind, count=counts, density=(1.0, 1.0), dense_macs=dense)


def evaluation(layers, exit_macs=0.0):
    operations = Operations(
        layers=layers, macs=(), acs=(), energy_uj=(), energy_model=EnergyModel(), rule=""
    )
    costs = ExitCosts((), (), (), (), (), 0.0, exit_macs)
    exits = {"1": EarlyExit((), (), (), costs), "2": EarlyExit((), (), ())}
    return Evaluation(accuracy=(0.5, 0.5), operations=operations, early_exit=exits)


def test_operations_by_hand():
    layers = {
        "stem": layer("mac", 1000.0, steps=1),  # of an image, once
        "graded": layer("mac", 10.0, steps=2),  # of a changing analogue input
        "deep": layer("ac", 100.0, steps=2),
    }
    found = training_operations(
        evaluation(layers, exit_macs=5.0), network_steps=4, samples=50, epochs=3
    )
    forward = 1000 + 4 * 10 + 4 * 100 + 4 * 5
    assert found == 2 * 3 * forward * 50 * 3
    # What a teacher says comes without the exits.
    assert forward_operations(evaluation(layers, 5.0), network_steps=4) == 2 * (forward - 20)


def test_nothing_measured_is_nothing_known():
    bare = Evaluation(accuracy=(0.5,))
    assert training_operations(bare, network_steps=4, samples=50, epochs=3) is None
    # None of its layers could be counted, which is not 0.
    assert training_operations(evaluation({}), network_steps=4, samples=50, epochs=3) is None


def test_operations_of_a_real_run_are_those_of_its_shapes(trained):
    """Of the network and the exit, from their modules' shapes on paper."""
    run = RunFolder(trained)
    results = run.read_results()
    layers = results.last.operations.layers
    steps = results.timesteps.teacher
    assert results.training.network_steps == steps
    stem, *behind = layers.values()
    exits = sum(early.costs.weak_dense_macs for early in results.last.early_exit.values())
    assert exits > 0
    forward = stem.dense_macs + steps * (sum(one.dense_macs for one in behind) + exits)
    passes = results.epochs * results.split_sizes["train"]
    assert results.training.operations == pytest.approx(6 * forward * passes)
    assert json.loads(run.results.read_text())["training"]["operations"] > 0


def test_the_time_to_a_level_is_that_of_the_first_epoch_that_reached_it():
    rows = [
        {"seconds": 1.5, "val/accuracy": 0.3},
        {"seconds": 3.0, "val/accuracy": 0.6},  # exactly, and 50 with it
        {"seconds": 4.5, "val/accuracy": 0.55},
        {"seconds": 6.0, "val/accuracy": 0.8499},
        {"val/accuracy": 0.99},
        {"seconds": 9.0},
    ]
    assert seconds_to_levels(rows) == {"50": 3.0, "60": 3.0, "70": 6.0, "80": 6.0}
    assert seconds_to_levels([]) == {}


def test_a_file_without_it_is_read(trained):
    content = json.loads(RunFolder(trained).results.read_text())
    del content["training"]
    assert Results.of(content).training == TrainingCost()


def test_it_survives_json():
    cost = TrainingCost(4, 3.1e14, 60.5, {"80": 30.25}, {"kd.teacher": TeacherCost("a", 0.5, 1)})
    assert read_as(TrainingCost, json.loads(json.dumps(plain(cost)))) == cost


def test_teachers_together_count_a_run_once_and_all_its_answers():
    same = {name: TeacherCost("a", 0.5, 1, 3e9, 2.0, 1e9) for name in ("x.teacher", "y.teacher")}
    assert TrainingCost(teachers=same).of_teachers == TeacherCost("a", None, 1, 3e9, 2.0, 2e9)
    two = {"x.teacher": same["x.teacher"], "y.teacher": TeacherCost("b", 0.7, 4, 1e9)}
    assert TrainingCost(teachers=two).of_teachers == TeacherCost("a, b", None, 5, 4e9)
    assert TrainingCost().of_teachers is None
