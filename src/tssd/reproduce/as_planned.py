"""What runs that are there were trained with, where nothing trains them and so compares it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tssd.config.assemble import resolve
from tssd.config.recipe import Config
from tssd.config.sections import with_defaults, without_empty
from tssd.errors import DataError, TssdError
from tssd.many_runs.planned import Override
from tssd.reproduce.counted import with_seeds
from tssd.reproduce.plan import Variant
from tssd.reproduce.runs import Run, read
from tssd.runs.differences import NOT_TRAINED
from tssd.runs.folder import RunFolder

# What differs from seed to seed or from machine to machine, and what the data's shapes decide.
FREE = (
    *NOT_TRAINED,
    *("seed", "data.init_args.seed"),
    *(f"trainer.{name}" for name in ("threads", "accelerator", "evaluate_timesteps")),
    *(f"net.init_args.{name}" for name in ("in_channels", "num_classes", "image_size")),
)
# Of a teacher that the same command trains: where it is, in the place of its recipe.
OF_TEACHERS = ("run", "recipe")


def otherwise_trained(runs: Iterable[Run], overrides: Sequence[Override] = ()) -> list[str]:
    """A line for finished runs that were trained with other options than a plan would give them.

    Args:
        runs: that were planned; those that are not finished, or damaged, are left to others.
        overrides: options that all are given besides those of the plan.
    Raises: UsageError: an option is wrong.
    """
    planned: dict[Variant, Config] = {}
    found: dict[tuple[str, str], list[int]] = {}
    for run in runs:
        if not run.is_finished:
            continue
        if run.variant not in planned:
            planned[run.variant] = _complete(read(run.variant, overrides))
        try:
            own = RunFolder(run.folder).read_config()
        except (DataError, OSError):
            continue
        if (difference := _difference(own, planned[run.variant])) is not None:
            name, had, wanted = difference
            other = f"{name.replace('.init_args', '')} = {had}, not {wanted}"
            found.setdefault((run.variant.words, other), []).append(run.seed)
    return [
        f"trained with other options than this table is made with: {with_seeds(words, seeds)}: "
        f"{other}"
        for (words, other), seeds in found.items()
    ]


def _complete(config: Config) -> Config:
    """With all defaults, but for what only the data tells."""
    try:
        return resolve(without_empty(with_defaults(config)))
    except TssdError:  # what it names may not be installed here; what it says can be compared
        return config


def _difference(own: Any, planned: Any, name: str = "") -> tuple[str, Any, Any] | None:
    """Dotted name and both values of the first option that both say, and in which they differ."""
    if not (isinstance(own, Mapping) and isinstance(planned, Mapping)):
        return None if own == planned else (name, own, planned)
    for key, value in planned.items():
        below = f"{name}.{key}".lstrip(".")
        of_teacher = below.startswith("objectives.") and key in OF_TEACHERS
        if key not in own or below in FREE or of_teacher:
            continue
        if (found := _difference(own[key], value, below)) is not None:
            return found
    return None
