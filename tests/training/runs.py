"""Real runs that take a second: digits of 8x8 pixels, a net of two stages, two steps an epoch."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.optim import Optimizer

from tssd.config import build, load_recipe
from tssd.runs.folder import RunFolder
from tssd.runs.results import Results
from tssd.training.parts import Parts

from .nets import two_stages

RECIPE = "digits/tssd"
OPTIONS = {
    "net": f"{two_stages.__module__}.two_stages",
    "data.image_size": 8,
    "data.train_samples": 50,
    "data.batch_size": 25,
    "data.val_share": 0.05,
    "timesteps": "{student: 2, teacher: 4}",
    "optimizer.lr": 0.3,
    "trainer.epochs": 2,
    "trainer.threads": 1,
    "trainer.progress": False,
}
# Learns for four epochs and is then ruined by its learning rate: the best epoch is in the middle.
RUINED = OPTIONS | {
    "trainer.epochs": 7,
    "schedule": "{class_path: tssd.training.schedule.StepDecay, init_args: {every: 4, by: 10}}",
    "net.dropout": 0.1,
    "trainer.select": "best",
    "data.augment": True,
}


def small(options: Mapping[str, Any] = {}) -> Parts:
    """The parts of a small run, some options changed."""
    pairs = [(name, str(value)) for name, value in (OPTIONS | dict(options)).items()]
    return build(load_recipe(RECIPE, pairs))


def watched(parts: Parts, watch: Any) -> Parts:
    """The same parts; `watch(optimizer)` runs after every optimisation step."""
    make = parts.make_optimizer

    def make_watched(parameters: Any) -> Optimizer:
        optimizer = make(parameters)
        optimizer.register_step_post_hook(lambda optimizer, *_: watch(optimizer))
        return optimizer

    parts.make_optimizer = make_watched
    return parts


def stopped(parts: Parts, *, step: int) -> Parts:
    """The same parts; Ctrl-C comes after an optimisation step, counted from 0."""
    left = iter(range(step))

    def stop(optimizer: Optimizer) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    return watched(parts, stop)


def weights(folder: Path) -> dict[str, Tensor]:
    """All exported tensors of a run, of the network and of the exits."""
    run = RunFolder(folder)
    return load_file(run.weights) | load_file(run.exits)


def is_same(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    """Whether two sets of tensors are bit-equal."""
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def table(folder: Path) -> list[dict[str, float]]:
    """The rows of metrics.csv, without the seconds, which are never the same."""
    with RunFolder(folder).metrics.open(newline="") as file:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    assert all(row.pop("seconds") > 0 for row in rows)
    return rows


def untimed(results: Results) -> Results:
    """What a run came to, without what depends on the speed of the machine."""
    training = replace(results.training, seconds=None, seconds_to={})
    return replace(results, train_seconds=None, training=training)
