"""A tiny run, trained without interruption and with one: the same weights, bit by bit."""

import csv
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from tssd.config import build, load_recipe
from tssd.doctor.finding import Finding
from tssd.listed import and_more
from tssd.runs.folder import RunFolder
from tssd.runs.weights import read_weights
from tssd.training.fit import fit
from tssd.training.parts import Parts

RECIPE = "digits+vgg9+tssd"
OPTIONS = {
    "net.width": 1 / 32,
    "data.train_samples": 50,
    "data.batch_size": 25,
    "data.val_share": 0.0,
    "timesteps.teacher": 2,
    "trainer.epochs": 2,
    "trainer.evaluate_timesteps": 2,
    "trainer.progress": False,
}
STEPS_AN_EPOCH = 2


class _InterruptedError(Exception):
    """What ends the second run in its second epoch."""


def training(folder: Path) -> Finding:
    """Train the run into a folder: the loss is finite, and every weight has learnt.

    Args:
        folder: a new one.
    """
    begun, parts = time.monotonic(), _parts()
    before = {name: weight.detach().clone() for name, weight in parts.module().named_parameters()}
    device = parts.device.type
    fit(parts, folder)
    seconds = time.monotonic() - begun
    after = dict(parts.module().named_parameters())
    same = [name for name, weight in before.items() if torch.equal(weight, after[name].cpu())]
    if same:
        return Finding("training", "fails", f"{and_more(same, 1)} did not change in four steps")
    with RunFolder(folder).metrics.open(newline="") as file:
        losses = [float(row["train/loss"]) for row in csv.DictReader(file)]
    fell = " to ".join(f"{loss:.3g}" for loss in losses)
    text = f"a tiny VGG-9 on {device}, 2 epochs of digits in {seconds:.1f} s: loss {fell}"
    return Finding("training", "ok", text)


def resume(straight: Path, folder: Path) -> Finding:
    """Train the run once more, interrupted, and compare its weights with the first one's.

    Args:
        straight: the run that `training` has left.
        folder: a new one.
    """
    parts = _interrupted(_parts(), step=STEPS_AN_EPOCH)
    try:
        fit(parts, folder)
    except _InterruptedError:
        pass
    else:
        return Finding("resume", "fails", "the run was not interrupted, so nothing was resumed")
    fit(_parts(), folder, resume=True)
    return same_weights(straight, folder)


def same_weights(straight: Path, resumed: Path) -> Finding:
    """Compare the weights of a run with those of one that was interrupted.

    Args:
        straight: the run that was not.
        resumed: the one that was.
    """
    ours, theirs = _weights(resumed), _weights(straight)
    far = [name for name in theirs if not torch.equal(ours[name], theirs[name])]
    if far:
        most = max(float((ours[name].double() - theirs[name]).abs().max()) for name in far)
        text = f"interrupted and continued, the same run ends elsewhere: {len(far)} of "
        text += f"{len(theirs)} tensors differ, by up to {most:.2g}"
        return Finding("resume", "fails", text)
    text = "interrupted in its second epoch and continued, it ends with the same weights bit by bit"
    return Finding("resume", "ok", text)


def _parts() -> Parts:
    return build(load_recipe(RECIPE, [(name, str(value)) for name, value in OPTIONS.items()]))


def _interrupted(parts: Parts, *, step: int) -> Parts:
    """The same parts, which fail after an optimisation step, counted from 0."""
    make, left = parts.make_optimizer, iter(range(step))

    def make_failing(parameters: Any) -> Optimizer:
        optimizer = make(parameters)
        optimizer.register_step_post_hook(fail)
        return optimizer

    def fail(*_: Any) -> None:
        if next(left, None) is None:
            raise _InterruptedError

    parts.make_optimizer = make_failing
    return parts


def _weights(folder: Path) -> dict[str, Tensor]:
    run = RunFolder(folder)
    exits = {f"exits.{name}": tensor for name, tensor in read_weights(run.exits).items()}
    return read_weights(run.weights) | exits
