"""Optimisers and schedules of the user's own, given as what makes them."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau

from tssd.errors import UsageError
from tssd.training.module import MakeOptimizer
from tssd.training.schedule import Schedule, is_timms
from tssd.training.trial import on_one_weight

# None is a part of a recipe that anybody would name.
__all__: list[str] = []

# What the metric of the plateau is where nobody says it.
MONITOR = "val/loss"
REFUSALS = (ValueError, TypeError, RuntimeError, ArithmeticError, KeyError, AttributeError)


def maker_of(optimizer: object) -> MakeOptimizer:
    """What makes the optimiser of parameters.

    Args:
        optimizer: a class of torch's or alike, a functools.partial of one, or a function of the
            parameters that returns one.
    Raises: UsageError: something else, such as an optimiser that has its parameters already. When
        it is called: what it returns is no optimiser.
    """
    if isinstance(optimizer, Optimizer):
        kind = type(optimizer).__name__
        raise UsageError(
            f"optimizer: got {kind} with parameters of its own, expected what makes one, since the "
            f"exits are trained too; give functools.partial(torch.optim.{kind}, lr=...)"
        )
    if not callable(optimizer):
        raise UsageError(
            f"optimizer: got {optimizer!r:.80}, expected a name such as 'AdamW', a class, or a "
            "function of the parameters"
        )
    make: Callable[..., Any] = optimizer

    def made(parameters: Iterable[Any]) -> Optimizer:
        found = make(parameters)
        if not isinstance(found, Optimizer):
            raise UsageError(
                f"optimizer: {named(optimizer)} returned a {type(found).__name__}, expected a "
                "torch.optim.Optimizer"
            )
        return found

    return made


class GivenSchedule(Schedule):
    """A scheduler of torch's or timm's.

    It is stepped after every epoch, as both libraries have it; one of timm's that counts steps
    (`t_in_epochs=False`) after every step, and any that comes in Lightning's words, {"scheduler":
    ..., "interval": "step"}, as these say.

    Args:
        make: from the optimiser to the scheduler, or to Lightning's dict.
    Raises: UsageError: `make` is no function.
    """

    def __init__(self, make: Callable[[Optimizer], Any]) -> None:
        if not callable(make):
            raise UsageError(
                f"schedule: got a {type(make).__name__}, expected one of tssd.training.schedule, "
                "or a function of the optimiser that returns a scheduler, such as lambda optimizer:"
                " torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)"
            )
        self.make = make

    def configured(self, optimizer: Optimizer, epochs: int, steps_per_epoch: int) -> dict[str, Any]:
        """See `Schedule.configured`. Raises: UsageError: what was made is no scheduler."""
        try:
            made = self.make(optimizer)
        except REFUSALS as error:
            raise UsageError(f"schedule: {named(self.make)}: {error}") from error
        told = dict(made) if isinstance(made, Mapping) else {"scheduler": made}
        scheduler = told.get("scheduler")
        if not (hasattr(scheduler, "step") and hasattr(scheduler, "state_dict")):
            raise UsageError(
                f"schedule: {named(self.make)} returned a {type(scheduler).__name__}, expected a "
                "scheduler of torch or timm, or Lightning's {'scheduler': ..., 'interval': 'step'}"
            )
        if is_timms(scheduler):
            if isinstance(getattr(scheduler, "lr_scheduler", None), ReduceLROnPlateau):
                raise UsageError(
                    f"schedule: {type(scheduler).__name__} of timm saves only a part of its state, "
                    "so that no run could be resumed; use torch's ReduceLROnPlateau"
                )
            told["interval"] = "epoch" if scheduler.t_in_epochs else "step"
        told.setdefault("interval", "epoch")
        if told["interval"] not in ("epoch", "step"):
            raise UsageError(
                f"schedule: got the interval {told['interval']!r}, expected 'epoch' or 'step'"
            )
        if type(every := told.get("frequency", 1)) is not int or every < 1:
            raise UsageError(
                f"schedule: got the frequency {every!r}, expected a whole number from 1 on"
            )
        told.setdefault("reduce_on_plateau", isinstance(scheduler, ReduceLROnPlateau))
        if told["reduce_on_plateau"]:
            told.setdefault("monitor", MONITOR)
        by_epochs = told["interval"] == "epoch"
        if by_epochs and isinstance(scheduler, OneCycleLR) and scheduler.total_steps != epochs:
            raise UsageError(
                f"schedule: OneCycleLR has {scheduler.total_steps} steps, but there are {epochs} "
                "epochs; return {'scheduler': ..., 'interval': 'step'} to step it after every batch"
            )
        return told

    def check(self, make_optimizer: MakeOptimizer, epochs: int) -> dict[str, Any]:
        """Make one before anything is trained. Raises: UsageError: see `configured`."""
        return self.configured(on_one_weight(make_optimizer), epochs, 1)


def named(thing: object) -> str:
    """What a function or class is called, a partial by what it is of."""
    while hasattr(thing, "func"):
        thing = thing.func  # pyright: ignore[reportAttributeAccessIssue]
    kind = thing if inspect.isroutine(thing) or isinstance(thing, type) else type(thing)
    return kind.__name__
