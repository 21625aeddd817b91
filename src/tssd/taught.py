"""Teachers that are trained before their student, by the same command, and found again later."""

import json
import logging
import os
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from tssd.config import build
from tssd.config.options import content, in_yaml
from tssd.config.override import override
from tssd.config.recipe import Config
from tssd.config.teacher_recipe import teacher_recipe
from tssd.data import DataModule
from tssd.data.events import EventData
from tssd.errors import TssdError, UsageError
from tssd.objectives import Frozen
from tssd.runs.differences import NOT_TRAINED, TEACHERS
from tssd.runs.folder import RunFolder
from tssd.runs.folder_names import hashed_name
from tssd.teachers import Teacher
from tssd.training.beginning import HASHES, read_facts
from tssd.training.fit import fit
from tssd.training.followers import FOLLOWS
from tssd.training.parts import Parts
from tssd.training.place import is_started
from tssd.training.settings import TrainerSettings

log = logging.getLogger("tssd")

# What has no part in which teacher it is, or is known besides: the seed, which is a folder's name,
# the data by its fingerprints, and which epoch counts.
FREE = (*NOT_TRAINED, "seed", "data.init_args.seed")


def prepared(
    config: Config,
    parts: Parts,
    folder: str | Path,
    *,
    resume: bool = False,
    relength: bool = False,
) -> Parts:
    """The parts of a run with all its teachers trained, those that are missing.

    Args:
        config: from `load_recipe`.
        parts: built from it.
        folder: of the run.
        resume: whether the run may exist; an interrupted teacher is continued in any case.
        relength: see `fit`.
    Raises: UsageError: the run exists already or a teacher does not fit its student, before any is
        trained. As `fit` besides.
    """
    waiting = _waiting(parts)
    if not waiting:
        return parts
    run = RunFolder(Path(folder))
    data = _fingerprints(run, parts.data)
    config, recipes = deepcopy(config), dict[Path, Config]()
    for option, teacher in waiting.items():
        own = _recipe(option, config, teacher, in_time=_are_frames(parts.data))
        if run.config.exists():  # a student may be resumed with another one, its teacher stays
            own["trainer"] = {**own["trainer"], "select": _counts(run.read_config())}
        where = teacher_folder(Path(folder), own, f"{teacher.recipe}", parts.seed, data)
        recipes[where] = own
        override(config, f"{option}.run", in_yaml(str(where)))
        override(config, f"{option}.recipe", "null")
    parts = build(config)
    missing = {w: own for w, own in recipes.items() if not RunFolder(w).is_finished}
    if not missing or (run.is_finished and not relength):
        return parts
    if run.config.exists():
        run.create(parts.config, resume=resume, relength=relength)  # which refuses another run
    if is_started() and FOLLOWS not in os.environ and parts.trainer.processes > 1:
        raise UsageError(
            f"{next(iter(waiting))}: is trained before its student, and the processes of one start "
            "train one run; train it by itself (+ann) and give its folder as run"
        )
    for where, own in missing.items():
        log.info("%s: its teacher is trained first, %s", folder, where)
        fit(build(own), where, resume=True)
    return build(config)


def untrained(config: Config, parts: Parts, *, in_time: bool) -> list[str]:
    """Give teachers that are to be trained first networks with random weights; their options.

    To measure what a step takes.

    Args:
        config: from `load_recipe`, whose data is there or stood in for.
        parts: built from it.
        in_time: whether samples are sequences.
    """
    waiting = _waiting(parts)
    recipes = teacher_recipes(config, parts, in_time=in_time)
    for option, teacher in waiting.items():
        made = build(recipes[option])
        above, _, name = option.removeprefix("objectives.").rpartition(".")
        steps = teacher.timesteps or made.criterion.timesteps.teacher
        setattr(parts.criterion.terms.get_submodule(above), name, Frozen(made.net, timesteps=steps))
    return [*waiting]


def teacher_recipes(config: Config, parts: Parts, *, in_time: bool) -> dict[str, Config]:
    """Recipes of the teachers that are to be trained first, by their options; see `untrained`."""
    return {
        option: _recipe(option, config, teacher, in_time=in_time)
        for option, teacher in _waiting(parts).items()
    }


def teacher_folder(
    student: Path, recipe: Config, pieces: str, seed: int, data: Mapping[str, str]
) -> Path:
    """Where a teacher is: beside the runs, one folder for all students that share it.

    Earlier versions called it without regard to the data; such a folder is taken if it is of the
    same, or the student's run names it, and there is none of the present name.

    Args:
        student: folder of its run; seedN is one of several of a recipe.
        recipe: the teacher's.
        pieces: that it was asked for by.
        seed: of both.
        data: fingerprints of what both learn.
    """
    beside = student.parent.parent if re.fullmatch(r"seed\d+", student.name) else student.parent
    kinds = (_class(recipe[section]) for section in ("data", "net"))
    name, trained = "-".join([*kinds, pieces]), _trained(recipe)
    where, earlier = (
        beside / TEACHERS / hashed_name(name, _as_text(known)) / f"seed{seed}"
        for known in (trained | {"data_hashes": {**data}, "select": _counts(recipe)}, trained)
    )
    if where.exists():
        return where
    own = RunFolder(student)
    gone = not earlier.exists() and own.config.exists()
    named = gone and json.dumps(f"{earlier}") in _as_text(own.read_config())
    return earlier if named or _is_of(RunFolder(earlier), recipe, data) else where


def _is_of(run: RunFolder, recipe: Config, data: Mapping[str, str]) -> bool:
    """Whether a run is there, with the same epoch that counts, and as far as it says on this data.

    Raises: DataError: a damaged file.
    """
    if not run.config.exists():
        return False
    noted = read_facts(run.model) | read_facts(run.environment)
    same = all(noted.get(name) in (None, now) for name, now in data.items())
    return same and _counts(run.read_config()) == _counts(recipe)


def _counts(recipe: Config) -> str:
    """Which epoch counts by a recipe."""
    return content(recipe.get("trainer")).get("select", TrainerSettings.select)


def _fingerprints(run: RunFolder, data: DataModule) -> dict[str, str]:
    """Of the data of a student, as its run has noted them: then nothing is read for them."""
    noted = read_facts(run.model) | read_facts(run.environment)
    return {name: noted.get(name) or getattr(data, name) for name in HASHES}


def _waiting(parts: Parts) -> dict[str, Teacher]:
    """By their options."""
    every = parts.criterion.teachers.items()
    return {
        f"objectives.{name}": teacher
        for name, teacher in every
        if isinstance(teacher, Teacher) and teacher.run is None
    }


def _recipe(option: str, config: Config, teacher: Teacher, *, in_time: bool) -> Config:
    try:
        return teacher_recipe(config, f"{teacher.recipe}", in_time=in_time)
    except TssdError as error:
        text = str(error).removeprefix("recipe: ")
        raise type(error)(f"{option}.recipe: {text}") from error


def _are_frames(data: DataModule) -> bool:
    return isinstance(data, EventData) or getattr(data, "kind", None) == "frames"


def _class(node: Any) -> str:
    path = node.get("class_path") if isinstance(node, dict) else node
    return f"{path}".rpartition(".")[2]


def _trained(value: Any, name: str = "") -> Any:
    """What of a recipe decides which network comes out."""
    if not isinstance(value, dict):
        return value
    named = {key: f"{name}.{key}".lstrip(".") for key in value}
    return {k: _trained(v, named[k]) for k, v in value.items() if named[k] not in FREE}


def _as_text(known: Any) -> str:
    return json.dumps(known, sort_keys=True, default=str)
