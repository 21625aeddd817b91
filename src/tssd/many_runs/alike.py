"""Runs that are to be compared must have seen the same samples, and be known at the same T."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tssd.config import build, load_recipe
from tssd.errors import TssdError, UsageError
from tssd.evaluation.recalibration import refuse_no_norms
from tssd.many_runs.planned import PlannedRun
from tssd.training.parts import Parts


def refuse_unlike(
    runs: Sequence[PlannedRun],
    *,
    longest: int = 1,
    recalibrates: bool = False,
    tell: Callable[[str], object] | None = None,
) -> None:
    """Build each recipe once: mistakes surface before hours of training.

    Args:
        runs: that are to be compared; the first of each recipe is built.
        longest: the T that all must be evaluated at.
        recalibrates: whether batch norm is measured anew in each.
        tell: receives, once, each line that `load_recipe` has to say.
    Raises: UsageError: a mistake in a recipe, recipes that see different samples or share a name, a
        T that they are not evaluated at, no batch norm to recalibrate.
    """
    firsts: dict[str, PlannedRun] = {}
    folders: dict[Path, str] = {}
    for run in runs:
        firsts.setdefault(run.recipe, run)
        if (other := folders.setdefault(run.folder, run.recipe)) != run.recipe:
            names = f"{other} and {run.recipe}"
            raise UsageError(f"{names} have the same name; rename one of the files")
    images: dict[str, str] = {}
    told: dict[str, None] = {}
    for recipe, run in firsts.items():
        try:
            parts = build(
                load_recipe(run.recipe, run.overrides, tell=lambda line: told.setdefault(line))
            )
            _refuse_short(parts, longest)
            if recalibrates:
                refuse_no_norms(parts.net, parts.criterion)
            images[recipe] = parts.data.split_hash
        except TssdError as error:
            raise type(error)(f"{recipe}: {error}") from error
    for line in told:
        if tell is not None:
            tell(line)
    if len(set(images.values())) > 1:
        found = ", ".join(f"{recipe}: {split}" for recipe, split in images.items())
        raise UsageError(
            f"the recipes use different samples (split {found}); give all the same data"
        )


def _refuse_short(parts: Parts, longest: int) -> None:
    """Raises: UsageError: runs are not evaluated at the longest T."""
    if longest > parts.evaluate_timesteps:
        raise UsageError(
            f"--timesteps: got {longest}, but runs are evaluated at T = 1 to "
            f"{parts.evaluate_timesteps}; add --trainer.evaluate_timesteps {longest}"
        )
