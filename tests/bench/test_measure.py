import numpy as np
import pytest

from tssd.bench.inputs import Inputs
from tssd.bench.measure import Plan, accuracies, measure
from tssd.bench.runtimes import Opening, Runtime, runtime
from tssd.errors import DataError, UsageError
from tssd.reopened.open_run import open_run
from tssd.runs.folder import RunFolder


def test_the_mean_of_the_logits_so_far_decides():
    # Classes 0, 1 at T = 1; the second sample's later logits say 0 ever louder.
    logits = np.float32([[[1, 0], [0, 1]], [[1, 0], [3, 0]]])
    inputs = Inputs(np.zeros((2, 1, 1, 1), np.float32), np.array([0, 1]))
    assert accuracies("a", lambda x, timesteps: logits[:timesteps], inputs, 2) == [1.0, 0.5]
    with pytest.raises(DataError, match="a: got logits that are NaN or infinite"):
        accuracies("a", lambda x, timesteps: logits + np.nan, inputs, 2)


def plan(*runtimes, **changed):
    usual = {"timesteps": [1, 3], "batches": [2], "seconds": 0, "samples": 100, "memory": False}
    return Plan(runtimes=runtimes, **usual | changed)


@pytest.fixture
def measured(trained, tmp_path):
    def measured(plan):
        steps = [("trainer.evaluate_timesteps", str(max(plan.timesteps)))]
        opening = Opening(str(trained), None, (), tmp_path, 1)
        told = []
        return measure(open_run(trained, steps), opening, plan, told.append), told

    return measured


def test_everything_stands_beside_each_other(measured, trained):
    def wrong(opening):
        return lambda x, timesteps: np.zeros((timesteps, x.shape[0], 10), np.float32)

    zero = Runtime("zero", "int8", True, (), None, None, wrong)
    missing = Runtime("gone", "int8", True, ("no_such_package",), "engine", None, wrong)
    found, told = measured(plan(runtime("pytorch"), zero, missing, samples=359))
    results = RunFolder.open(trained).read_results()
    evaluation = results.evaluated()
    assert [(c.runtime, c.timesteps, c.batch) for c in found.cells] == [
        ("pytorch", 1, 2),
        ("zero", 1, 2),
        ("pytorch", 3, 2),
        ("zero", 3, 2),
    ]
    first, other = found.cells[2:]
    assert first.accuracy == pytest.approx(evaluation.accuracy[2])
    assert (first.speedup, first.cpu_speedup) == (1, 1)
    assert other.speedup > 1
    assert other.per_second == pytest.approx(2000 / other.wall_ms.median)
    assert other.energy_uj < evaluation.operations.energy_uj[2] < first.energy_uj
    assert first.memory_mib is None
    assert found.absent == {"gone": "no_such_package is not installed: pip install 'tssd[engine]'"}
    assert (found.samples, found.split_hash) == (359, results.split_hash)
    assert found.environment["packages"]
    assert told[:2] == ["preparing", "accuracy on 359 samples"]


@pytest.mark.parametrize("apart", [True, False])
def test_a_model_of_each_t_has_the_accuracy_of_its_own(measured, apart):
    def wrong_at_three(opening):
        def call(x, timesteps):
            logits = np.zeros((timesteps, len(x), 11), np.float32)
            logits[..., 10 if timesteps == 3 else 0] = 1
            return logits

        return call

    own = Runtime("own", "int8", False, (), None, None, wrong_at_three, apart)
    found, _ = measured(plan(own))
    accuracy = {cell.timesteps: cell.accuracy for cell in found.cells}
    assert accuracy[3] == 0
    assert (accuracy[1] > 0) == apart


def test_nothing_is_left_where_nothing_is_installed(measured):
    missing = Runtime("gone", "int8", True, ("no_such_package",), "engine", None, None)
    with pytest.raises(UsageError, match=r"gone: no_such_package is not installed: pip"):
        measured(plan(missing))
