"""The sections of a recipe and their types: what jsonargparse checks and builds."""

from collections.abc import Iterable
from typing import Any

from jsonargparse import ArgumentParser
from lightning.pytorch.cli import OptimizerCallable
from torch import nn

from tssd.data import ImageData
from tssd.errors import UsageError
from tssd.objectives import ExitPlan, Objective, Timesteps
from tssd.training.schedule import Schedule
from tssd.training.settings import TrainerSettings

SECTIONS: dict[str, tuple[Any, str]] = {
    "description": (str, "one line on what the recipe is"),
    "seed": (int, "seed of weights, order and augmentation; the split does not depend on it"),
    "data": (ImageData, "data module"),
    "net": (nn.Module, "network, or a function that builds it; its shapes come from the data"),
    "timesteps": (Timesteps, "timesteps of student and teacher"),
    "objectives": (dict[str, Objective], "terms of the loss by name"),
    "exits": (ExitPlan, "how weak classifiers are built"),
    "optimizer": (OptimizerCallable, "torch optimizer"),
    "schedule": (Schedule, "learning-rate schedule"),
    "trainer": (TrainerSettings, "length, precision and machine"),
}


def parser(sections: Iterable[str] = tuple(SECTIONS)) -> ArgumentParser:
    """A parser of some sections of a recipe."""
    made = ArgumentParser(exit_on_error=False)
    for name in sections:
        kind, text = SECTIONS[name]
        made.add_argument(f"--{name}", type=kind, help=text)
    return made


def parse(config: dict[str, Any], sections: Iterable[str] = tuple(SECTIONS)) -> Any:
    """Check sections of a recipe and fill in defaults.

    Raises: UsageError: whatever jsonargparse finds, in one line.
    """
    chosen = {name: config[name] for name in sections if name in config}
    try:
        return parser(sections).parse_object(chosen)
    except Exception as error:  # jsonargparse lets the errors of imported code through
        raise UsageError(one_line(error)) from error


def one_line(error: BaseException) -> str:
    """A message of jsonargparse without its line breaks and indents."""
    return " ".join(str(error).split())
