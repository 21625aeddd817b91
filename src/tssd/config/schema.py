"""The sections of a recipe and their types: what jsonargparse checks and builds."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from jsonargparse import ArgumentParser
from torch import nn

from tssd.config.recipe import Config
from tssd.config.sections import MEANINGS
from tssd.errors import UsageError
from tssd.objectives import ExitPlan, Objective, Timesteps
from tssd.training.schedule import Schedule
from tssd.training.settings import TrainerSettings


class Sections(Mapping[str, tuple[Any, str]]):
    """Type and meaning of each section.

    A type is imported when it is asked for: the trainer takes seconds to import, and a network is
    built without it.
    """

    def __getitem__(self, name: str) -> tuple[Any, str]:
        return _kind(name), MEANINGS[name]

    def __iter__(self) -> Iterator[str]:
        return iter(MEANINGS)

    def __len__(self) -> int:
        return len(MEANINGS)


SECTIONS = Sections()


@cache
def _kind(name: str) -> Any:
    if name == "data":
        from tssd.data import DataModule

        return DataModule
    if name == "callbacks":
        from lightning.pytorch.callbacks import Callback

        return dict[str, Callback]
    if name == "logger":
        from lightning.pytorch.loggers import Logger

        return Logger | None
    if name == "rule":
        from tssd.rules import Rule

        return Rule
    if name == "weights":
        from tssd.models import Weights

        return Weights
    if name == "optimizer":
        from tssd.training.module import MakeOptimizer

        return MakeOptimizer
    kinds = {
        "description": str,
        "seed": int,
        "net": nn.Module,
        "timesteps": Timesteps,
        "objectives": dict[str, Objective],
        "exits": ExitPlan,
        "schedule": Schedule,
        "trainer": TrainerSettings,
        "init": str | None,
        "freeze": list[str] | str,
    }
    return kinds[name]


def parser(sections: Iterable[str] = tuple(MEANINGS)) -> ArgumentParser:
    """A parser of some sections of a recipe, made once: that takes as long as what it parses."""
    return _parser(tuple(sections))


@cache
def _parser(sections: tuple[str, ...]) -> ArgumentParser:
    made = ArgumentParser(exit_on_error=False)
    for name in sections:
        kind, text = SECTIONS[name]
        made.add_argument(f"--{name}", type=kind, help=text)
    return made


def parse(config: Config, sections: Iterable[str] = tuple(MEANINGS)) -> Any:
    """Check sections of a recipe and fill in defaults.

    Raises: UsageError: whatever jsonargparse finds, in one line.
    """
    # A copy, since jsonargparse writes into what it parses.
    chosen = deepcopy({name: config[name] for name in sections if name in config})
    try:
        return parser(sections).parse_object(chosen)
    except Exception as error:  # jsonargparse lets the errors of imported code through
        raise UsageError(" ".join(str(error).split())) from error
