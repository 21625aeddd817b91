import math
from types import SimpleNamespace

import pytest
import torch

from tssd.config import build, load_recipe
from tssd.dry_run.shapes import data_shape, with_stand_in
from tssd.dry_run.stand_in import STEPS
from tssd.errors import TssdError
from tssd.training.needs import measured as module
from tssd.training.needs.measured import measure, peak_memory

SMALL = [("net.width", "0.02"), ("data.batch_size", "2"), ("trainer.threads", "1")]


@pytest.fixture
def parts():
    config = load_recipe("digits/tssd", [*SMALL, ("trainer.accelerator", "cpu")])
    return build(with_stand_in(config, data_shape(config)))


def test_real_steps_are_measured_and_nothing_is_written(parts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = [p.detach().clone() for p in parts.net.parameters()]
    found = measure(parts, budget=1e9)
    pairs = zip(before, parts.net.parameters(), strict=True)
    assert not any(torch.equal(old, new) for old, new in pairs)
    assert 0 < found.step < 60
    assert 0 < found.validation < 60
    assert 0 < found.evaluation < 60
    assert (found.steps, found.device) == (STEPS - 1, "cpu")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("compiles", "budget", "steps", "expected"),
    [
        # The first step is none of those that count, and the median no mean.
        (False, 100, [9, 2, 1, 9, 2], [9, 2, 1, 9, 2]),
        # Enough after the first two; a first one that takes as long as many is all there is,
        # unless it compiles.
        (False, 1, [2, 2, 1, 1], [2, 2]),
        (False, 1, [3, 1, 1, 1], [3]),
        (True, 1, [3, 2, 1, 1], [3, 2]),
    ],
)
def test_the_stopwatch_by_hand(monkeypatch, compiles, budget, steps, expected):
    ends = iter([0.0, *(float(sum(steps[:n])) for n in range(1, len(steps) + 1))])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(ends))
    watch = module._Stopwatch(budget, compiles=compiles)
    trainer, net = SimpleNamespace(should_stop=False), SimpleNamespace(device="cpu")
    watch.on_train_start(trainer, net)
    for index in range(len(steps)):
        if not trainer.should_stop:
            watch.on_train_batch_end(trainer, net, None, None, index)
    assert watch.steps == expected


def test_memory_is_that_of_a_process_with_torch():
    assert 100e6 < peak_memory(torch.device("cpu")) < 1e12


def test_a_weight_that_is_not_finite_is_an_error(parts):
    next(parts.net.parameters()).data[0] = math.nan
    with pytest.raises(TssdError, match="^weights: net.stages.* became infinite or nan"):
        measure(parts)
