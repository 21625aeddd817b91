"""What a run leaves behind before its first step, and compares when it is resumed."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tssd.data import EventFolder, ImageFolder
from tssd.data.given import GivenData
from tssd.errors import DataError, UsageError
from tssd.reading import read_json
from tssd.runs.differences import LENGTH
from tssd.runs.folder import RunFolder, write_json
from tssd.runs.results import LengthChange
from tssd.runs.saved import load_checkpoint
from tssd.runs.typed_json import plain, read_as
from tssd.trained.model_file import Model
from tssd.training.environment import environment
from tssd.training.parts import Parts
from tssd.training.teachers import fingerprints, refuse_others

log = logging.getLogger("tssd")

REMEDY = "restore it, or delete it to continue unchecked"
HASHES = {"split_hash": "the choice of samples", "content_hash": "what the samples hold"}


@dataclass(frozen=True)
class Noted:
    """What environment.json says of a run that is resumed, besides the fingerprints of its data."""

    changes: tuple[LengthChange, ...] = ()


def begin(parts: Parts, run: RunFolder) -> tuple[LengthChange, ...]:
    """Write environment.json and model.json; with a checkpoint they make a run that can be read.

    Returns the changes of the run's length so far.

    Raises: DataError: data, teachers or the weights that it started from are not those of the run's
        beginning, or a file is damaged.
        UsageError: more epochs are trained than the run is to have now.
    """
    noted = read_facts(run.environment)
    refuse_other_data(run, read_facts(run.model) | noted, parts)
    teachers = fingerprints(parts)
    refuse_others(run.path, noted.get("teachers", {}), teachers)
    changes = (*_noted_changes(run, noted), *_change_of_length(parts, run))
    data = parts.data
    hashes = {name: getattr(data, name) for name in HASHES}
    facts = environment() | hashes | {"changes": plain(changes)}
    facts |= {"precision": parts.trainer.precision}
    facts |= {"teachers": teachers} if teachers else {}
    if parts.init is not None:
        resumes = run.last.exists()
        facts["init"] = parts.init.noted(noted.get("init"), where=run.path, resumes=resumes)
    write_json(run.environment, facts)
    if changes:
        # After the note of it: what is killed in between notes it once more, never not at all.
        run.write_config(run.read_config() | {"trainer": parts.config["trainer"]})
    model = Model(
        net=parts.config["net"],
        timesteps=parts.criterion.timesteps,
        class_names=tuple(data.class_names),
        sample_shape=data.sample_shape,
        mean=tuple(data.mean),
        std=tuple(data.std),
        crop_share=data.crop_share if isinstance(data, ImageFolder) else 1.0,
        as_given=data.kind if isinstance(data, GivenData) else None,
        weights=parts.config.get("weights"),
        sensor=data.camera if isinstance(data, EventFolder) else None,
        **hashes,
    )
    write_json(run.model, model.to_dict())
    return changes


def refuse_other_data(run: RunFolder, before: Mapping[str, Any], parts: Parts) -> None:
    """Compare the data with what a run has noted of it; what it has not noted passes.

    Raises: DataError: another split or other content; gives both fingerprints.
    """
    for name, what in HASHES.items():
        noted = before.get(name)
        if noted is not None and noted != (now := getattr(parts.data, name)):
            raise DataError(
                f"{run.path}: the data has changed since this run began: {what} ({name}) was "
                f"{noted}, now it is {now}; put the data back as it was, or train into another "
                "--output"
            )


def _noted_changes(run: RunFolder, noted: Mapping[str, Any]) -> tuple[LengthChange, ...]:
    try:
        return read_as(Noted, noted).changes
    except ValueError as error:
        raise DataError(f"{run.environment}: {error}; {REMEDY}") from None


def _change_of_length(parts: Parts, run: RunFolder) -> list[LengthChange]:
    old, new = run.read_config()["trainer"].get("epochs"), parts.trainer.epochs
    if old == new:
        return []
    trained = load_checkpoint(run.last)["epoch"] + 1 if run.last.exists() else 0
    if new < trained:
        raise UsageError(
            f"{run.path}: {trained} epochs are trained already, now trainer.epochs is {new}; "
            f"give {trained} or more, or train into another --output"
        )
    log.warning(
        "%s: %d epochs instead of %s, %d of them trained; from here on the learning rate is that "
        "of a run of %d epochs",
        run.path, new, old, trained, new,
    )  # fmt: skip
    return [LengthChange(LENGTH, old, new, trained)]


def read_facts(path: Path) -> dict[str, Any]:
    """A JSON mapping of a run, empty where there is none yet. Raises: DataError: damaged."""
    try:
        return read_json(path, remedy=REMEDY)
    except FileNotFoundError:
        return {}
