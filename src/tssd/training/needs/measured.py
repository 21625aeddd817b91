"""What training takes, measured: a few real steps, a validation, an evaluation."""

import resource
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

from tssd.training.evaluating import evaluate_parts
from tssd.training.parts import Parts
from tssd.training.trainer import train

# Seconds after which no more steps begin.
BUDGET = 5.0
# Seconds of an evaluation below which one more is no loss of time.
QUICK = 1.0


@dataclass(frozen=True)
class Measured:
    """What a run takes on this machine.

    Args:
        step: seconds an optimisation step, median of some after the first.
        steps: how many that were.
        validation: seconds a batch of validation samples; 0 = there are none.
        evaluation: seconds a batch of test samples at the longest T, costs counted.
        memory: largest memory in bytes: CUDA's, or the whole process's on a CPU.
        device: where.
    """

    step: float
    steps: int
    validation: float
    evaluation: float
    memory: int
    device: str


def measure(parts: Parts, *, budget: float = BUDGET) -> Measured:
    """Train for an epoch, or for as long as the budget lasts, and evaluate.

    Args:
        parts: a run whose loaders give a few batches of the right shape.
        budget: seconds for steps.
    Raises: as `train` and `evaluate_parts`: DivergedError, DataError for too little memory.
    Side effects: as training has: the weights move.
    """
    parts.trainer.use_threads()
    device = parts.device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    watch = _Stopwatch(budget, compiles=bool(parts.trainer.compile))
    module = parts.module()
    train(module, parts, callbacks=[watch])
    module.to(device)
    if (evaluation := _evaluation(parts)) < QUICK:
        evaluation = _evaluation(parts)  # without what is done once
    # The first step also allocates, chooses kernels and compiles.
    timed = watch.steps[1:] or watch.steps
    return Measured(
        step=median(timed),
        steps=len(timed),
        validation=min(watch.validation, default=0.0),
        evaluation=evaluation / len(parts.data.test_dataloader()),
        memory=peak_memory(device),
        device=torch.cuda.get_device_name() if device.type == "cuda" else device.type,
    )


def peak_memory(device: torch.device) -> int:
    """Most bytes in use so far: allocated on a CUDA device, else resident in this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    # macOS counts bytes, Linux kilobytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _evaluation(parts: Parts) -> float:
    began = time.perf_counter()
    evaluate_parts(parts)
    return time.perf_counter() - began


class _Stopwatch(Callback):
    """Times batches, from the end of one to that of the next, and ends training when it is enough.

    Args:
        budget: seconds for the steps after the first.
        compiles: whether the first step says nothing of the others, however long it takes.
    """

    def __init__(self, budget: float, *, compiles: bool) -> None:
        self._budget, self._compiles = budget, compiles
        self._at = 0.0
        self.steps: list[float] = []
        self.validation: list[float] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._lap(pl_module)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.steps.append(self._lap(pl_module))
        slow = self.steps[0] > 2 * self._budget and not self._compiles
        trainer.should_stop = slow or sum(self.steps[1:]) > self._budget

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        trainer.should_stop = True

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._lap(pl_module)

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        self.validation.append(self._lap(pl_module))

    def _lap(self, module: LightningModule) -> float:
        torch.zeros(1, device=module.device).item()  # waits for the device
        before, self._at = self._at, time.perf_counter()
        return self._at - before
