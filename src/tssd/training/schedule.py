"""Learning-rate schedules as functions of training's progress, so that they fit any length."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

import numpy as np
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR

from tssd.errors import UsageError


class Schedule:
    """A factor on the initial learning rate."""

    def factor(self, epoch: float, epochs: int) -> float:
        """The factor after `epoch` of `epochs` epochs; epoch may be fractional."""
        raise NotImplementedError

    def scheduler(self, optimizer: Optimizer, epochs: int, steps_per_epoch: int) -> LambdaLR:
        """A torch scheduler to be stepped after every optimisation step."""
        return LambdaLR(optimizer, lambda step: self.factor(step / steps_per_epoch, epochs))

    def configured(self, optimizer: Optimizer, epochs: int, steps_per_epoch: int) -> dict[str, Any]:
        """The scheduler, and when it is stepped, as Lightning takes them."""
        return {
            "scheduler": self.scheduler(optimizer, epochs, steps_per_epoch),
            "interval": "step",
        }


@dataclass(frozen=True)
class StepDecay(Schedule):
    """The paper's: multiply the rate every so many epochs.

    Args:
        every: epochs between two steps.
        by: factor of each step.
    """

    every: int = 30
    by: float = 0.1

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UsageError(f"schedule.every: got {self.every}, expected >= 1 epoch")
        if not (self.by > 0 and math.isfinite(self.by)):
            raise UsageError(f"schedule.by: got {self.by}, expected a finite factor > 0")

    def factor(self, epoch: float, epochs: int) -> float:
        """See `Schedule.factor`."""
        return self.by ** int(epoch // self.every)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from 1 down to `final`, after a linear warm-up.

    Args:
        final: factor at the end.
        warmup_epochs: epochs over which the rate rises linearly from 0.
        length: epochs after which it has come down, if training is stopped earlier, or goes on at
            `final`; null = those of the training.
    """

    final: float = 0.0
    warmup_epochs: float = 0.0
    length: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("final", self.final), ("warmup_epochs", self.warmup_epochs)):
            if not (value >= 0 and math.isfinite(value)):
                raise UsageError(f"schedule.{name}: got {value}, expected a finite number >= 0")
        if self.length is not None and self.length < 1:
            raise UsageError(f"schedule.length: got {self.length}, expected >= 1 epoch, or null")

    def factor(self, epoch: float, epochs: int) -> float:
        """See `Schedule.factor`."""
        epochs = self.length or epochs
        if epoch < self.warmup_epochs:
            return epoch / self.warmup_epochs
        progress = (epoch - self.warmup_epochs) / max(epochs - self.warmup_epochs, 1e-9)
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * min(progress, 1.0))) / 2


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up in a straight line, then down in another: what short trainings get furthest with.

    `optimizer.lr` is the rate at the top. The optimiser's momentum stays as it is.

    Args:
        warmup: share of the training over which the rate rises, 0 to below 1.
        start: factor at the start.
        end: factor at the end.

    Source: Smith and Topin 2017, arXiv:1708.07120; the defaults are those of Jordan 2024,
        arXiv:2404.00498, for CIFAR-10 in ten epochs.
    """

    warmup: float = 0.23
    start: float = 0.2
    end: float = 0.07

    def __post_init__(self) -> None:
        if not 0 <= self.warmup < 1:
            raise UsageError(
                f"schedule.warmup: got {self.warmup}, expected a share of the training, 0 or more "
                "and below 1"
            )
        for name, value in (("start", self.start), ("end", self.end)):
            if not (value >= 0 and math.isfinite(value)):
                raise UsageError(f"schedule.{name}: got {value}, expected a finite factor >= 0")

    def factor(self, epoch: float, epochs: int) -> float:
        """See `Schedule.factor`."""
        progress = epoch / epochs
        if progress < self.warmup:
            return float(np.interp(progress, [0, self.warmup], [self.start, 1]))
        return float(np.interp(progress, [self.warmup, 1], [1, self.end]))


def refuse_short(told: Mapping[str, Any], steps: float) -> None:
    """Refuse the one scheduler of torch's that ends a training which goes on after its last step.

    Args:
        told: a scheduler and when it is stepped, as Lightning takes them.
        steps: of the training.
    Raises: UsageError: it is stepped after every step, and has fewer.
    """
    scheduler = told["scheduler"]
    if told.get("interval") != "step" or told.get("frequency", 1) != 1:
        return
    if isinstance(scheduler, OneCycleLR) and scheduler.total_steps < steps:
        raise UsageError(
            f"schedule: OneCycleLR has {scheduler.total_steps} steps, but training has {steps}; "
            f"give it total_steps={steps}"
        )


def step_schedule(scheduler: Any, *, epoch: int = 0, steps: int = 0, metric: Any = None) -> None:
    """Step a scheduler of torch's, or one of timm's, which are told how far training is.

    Args:
        scheduler: to be stepped after an epoch or after an optimisation step.
        epoch: epochs that are over; 0 = a step is.
        steps: optimisation steps that are over.
        metric: that a scheduler follows, such as torch's ReduceLROnPlateau; None = it follows none.
    """
    if is_timms(scheduler):
        scheduler.step(epoch) if epoch else scheduler.step_update(steps)
    elif metric is not None:
        scheduler.step(metric)
    else:
        scheduler.step()


class _Timms(Protocol):
    t_in_epochs: bool

    def step(self, epoch: int) -> object: ...

    def step_update(self, num_updates: int) -> object: ...


def is_timms(scheduler: object) -> TypeGuard[_Timms]:
    """Whether a scheduler has the methods of timm's, which need not be installed."""
    return hasattr(scheduler, "step_update") and hasattr(scheduler, "t_in_epochs")
