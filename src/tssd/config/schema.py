"""The sections of a recipe and their types: what jsonargparse checks and builds."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from jsonargparse import ArgumentParser
from torch import nn

from tssd.config.recipe import Config
from tssd.config.sections import MEANINGS
from tssd.data import DataModule
from tssd.errors import UsageError
from tssd.objectives import ExitPlan, Objective, Timesteps
from tssd.training.module import MakeOptimizer
from tssd.training.schedule import Schedule
from tssd.training.settings import TrainerSettings

TYPES: dict[str, Any] = {
    "description": str,
    "seed": int,
    "data": DataModule,
    "net": nn.Module,
    "timesteps": Timesteps,
    "objectives": dict[str, Objective],
    "exits": ExitPlan,
    "optimizer": MakeOptimizer,
    "schedule": Schedule,
    "trainer": TrainerSettings,
}

# Type and meaning.
SECTIONS: dict[str, tuple[Any, str]] = {
    name: (TYPES[name], meaning) for name, meaning in MEANINGS.items()
}


def parser(sections: Iterable[str] = tuple(SECTIONS)) -> ArgumentParser:
    """A parser of some sections of a recipe."""
    made = ArgumentParser(exit_on_error=False)
    for name in sections:
        kind, text = SECTIONS[name]
        made.add_argument(f"--{name}", type=kind, help=text)
    return made


def parse(config: Config, sections: Iterable[str] = tuple(SECTIONS)) -> Any:
    """Check sections of a recipe and fill in defaults.

    Raises: UsageError: whatever jsonargparse finds, in one line.
    """
    # A copy, since jsonargparse writes into what it parses.
    chosen = deepcopy({name: config[name] for name in sections if name in config})
    try:
        return parser(sections).parse_object(chosen)
    except Exception as error:  # jsonargparse lets the errors of imported code through
        raise UsageError(" ".join(str(error).split())) from error
