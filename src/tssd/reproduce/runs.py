"""From a plan to the runs that are trained for it."""

import json
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tssd.config import load_recipe
from tssd.config.recipe import Config
from tssd.config.sections import option_parts
from tssd.errors import TssdError
from tssd.many_runs import PlannedRun
from tssd.many_runs.planned import Override
from tssd.reproduce.plan import Variant
from tssd.runs.differences import NOT_TRAINED
from tssd.runs.folder import RunFolder
from tssd.runs.folder_names import refuse_shared


class Run(NamedTuple):
    """A variant, a seed, and the folder they are trained into."""

    variant: Variant
    seed: int
    folder: Path

    @property
    def is_finished(self) -> bool:
        """Whether its folder has its results."""
        return RunFolder(self.folder).is_finished

    def planned(self, overrides: Sequence[Override] = ()) -> PlannedRun:
        """The run with the variant's options, and then others; its description names the former."""
        options = self.variant.options
        if options:
            said = " ".join(f"--{name}={value}" for name, value in options)
            description = f"{read(self.variant)['description']}; {said}"
            options += (("description", json.dumps(description, ensure_ascii=False)),)
        return PlannedRun(self.variant.recipe, self.seed, self.folder, (*options, *overrides))


def plan_runs(variants: Iterable[Variant], seeds: Sequence[int], output: Path) -> list[Run]:
    """All runs: what several cells need is trained once.

    Raises: UsageError: two runs that would share a folder, or one inside the other's.
    """
    found = list(dict.fromkeys(variants))
    folders = {variant: output / "runs" / variant.name for variant in found}
    runs = [Run(v, seed, folders[v] / f"seed{seed}") for v in found for seed in seeds]
    refuse_shared((run.folder, f"{run.variant.words}, seed {run.seed}") for run in runs)
    return runs


def trained_options(overrides: Sequence[Override]) -> str:
    """Options that were given to all runs, in words, without what changes nothing in training."""
    free = {".".join(option_parts(name)) for name in NOT_TRAINED}
    named = sorted((".".join(option_parts(name)), value) for name, value in overrides)
    return shlex.join(f"--{name}={value}" for name, value in named if name not in free)


def read(variant: Variant, overrides: Sequence[Override] = ()) -> Config:
    """The recipe of a variant with its own options and then others.

    Raises: UsageError: something about either is wrong; names the variant.
    """
    try:
        return load_recipe(variant.recipe, [*variant.options, *overrides])
    except TssdError as error:
        raise type(error)(f"{variant.words}: {error}") from error
