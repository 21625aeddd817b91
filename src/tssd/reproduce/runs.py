"""From a plan to the runs that are trained for it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from tssd.config import load_recipe
from tssd.config.recipe import Config
from tssd.errors import TssdError
from tssd.reproduce.plan import Variant
from tssd.runs.folder import write_text
from tssd.runs.folder_names import refuse_shared

Override = tuple[str, str]


class Run(NamedTuple):
    """A variant, a seed, and the folder they are trained into."""

    variant: Variant
    seed: int
    folder: Path


def plan_runs(variants: Iterable[Variant], seeds: Sequence[int], output: Path) -> list[Run]:
    """All runs: what several cells need is trained once.

    Raises: UsageError: two runs that would share a folder, or one inside the other's.
    """
    found = list(dict.fromkeys(variants))
    folders = {variant: output / "runs" / variant.name for variant in found}
    runs = [Run(v, seed, folders[v] / f"seed{seed}") for v in found for seed in seeds]
    refuse_shared((run.folder, f"{run.variant.words}, seed {run.seed}") for run in runs)
    return runs


def read(variant: Variant, overrides: Sequence[Override] = ()) -> Config:
    """The recipe of a variant with its own options and then others.

    Raises: UsageError: something about either is wrong; names the variant.
    """
    try:
        return load_recipe(variant.recipe, [*variant.options, *overrides])
    except TssdError as error:
        raise type(error)(f"{variant.words}: {error}") from error


def recipe_of(variant: Variant, output: Path) -> str:
    """What `tssd train` takes for a variant: its recipe, or a file written for it."""
    if not variant.options:
        return variant.recipe
    config = read(variant)
    said = " ".join(f"--{name}={value}" for name, value in variant.options)
    config["description"] = f"{config['description']}; {said}"
    path = output / "recipes" / f"{variant.name}.yaml"
    text = f"# {variant.words}\n{yaml.safe_dump(config, sort_keys=False)}"
    # An equal file stays, so that commands side by side do not disturb each other.
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return str(path)
