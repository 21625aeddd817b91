"""What a run folder holds for people to read."""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tssd.errors import DataError
from tssd.reading import RESTORE, read_json
from tssd.runs.later_evaluation import LaterEvaluation
from tssd.runs.recalibration import Recalibration, Recalibrations
from tssd.runs.results import REPEAT, Results
from tssd.runs.sound_metrics import metrics_or_none
from tssd.runs.text_files import read_text

Json = dict[str, Any]

# What a configuration names where a part was given as an object: see tssd.fitting.
OBJECTS = "tssd.fitting.record."


@dataclass(frozen=True)
class RunFiles:
    """The readable files of a run; what is missing is empty.

    Args:
        name: what to call the run.
        results: results.json; None for a run that is not finished.
        metrics: rows of metrics.csv, without what is empty; a cell that is no number is NaN.
        config: config.yaml, as text.
        environment: environment.json.
        model: model.json.
        evaluation: evaluation.json; None without one.
        recalibrated: what belongs beside the results of recalibrated.json; None = nothing.
    """

    name: str
    results: Results | None
    metrics: list[dict[str, float]] = field(default_factory=list)
    config: str = ""
    environment: Json = field(default_factory=dict)
    model: Json = field(default_factory=dict)
    evaluation: LaterEvaluation | None = None
    recalibrated: Recalibration | None = None

    def class_names(self) -> list[str]:
        """Names of the classes, or their numbers where they are not known."""
        count = len(self.results.best.confusion) if self.results else 0
        names = self.model.get("class_names")
        if isinstance(names, list) and len(names) == count:
            return [str(name) for name in names]
        return [f"class {k}" for k in range(count)]


def continued(results: Results, config: str) -> str | None:
    """What to say of results of a run that has been given another length since; None = they hold.

    Args:
        results: of the run.
        config: its config.yaml, as text.
    """
    planned = planned_epochs(config)
    if results.planned is None or planned is None or results.planned == planned:
        return None
    trained = results.epochs
    return f"not finished: the results are those of {trained} epochs, now {planned} are planned"


def read_run(path: Path, *, name: str = "") -> RunFiles:
    """Read a run; one that is not finished has no results.

    Metrics that are damaged are left out, with a warning: the rest is none the worse.

    Raises: DataError: a damaged file, results that are none of ours, or neither results nor a
        configuration of a training.
    """
    content = _json(path / "results.json", remedy=REPEAT)
    try:
        results = Results.of(content) if content else None
    except ValueError as error:
        told = f"{path / 'results.json'}: {error}; expected what `tssd train` writes; {REPEAT}"
        raise DataError(told) from None
    config = read_text(path / "config.yaml")
    if results is None and not is_training(config):
        raise DataError(f"{path}: its config.yaml is not one of `tssd train`, expected a run")
    recalibrated = Recalibrations.read(path / "recalibrated.json")
    return RunFiles(
        name=name or str(path),
        results=results,
        metrics=metrics_or_none(
            path / "metrics.csv",
            epochs=results and results.epochs,
            lacks="are no learning curves" + (" and no number of epochs" * (results is None)),
        ),
        config=config,
        environment=_json(path / "environment.json"),
        model=_json(path / "model.json"),
        evaluation=LaterEvaluation.read(path / "evaluation.json"),
        recalibrated=results and recalibrated.of(results.evaluated(), results.split_hash),
    )


def is_training(config: str) -> bool:
    """Whether a configuration is one of a training, by its sections."""
    sections = (re.search(f"^{name}:", config, re.M) for name in ("timesteps", "objectives"))
    return all(found is not None for found in sections)


def is_of_objects(config: str) -> bool:
    """Whether a training was given a part, from Python, that no file can rebuild."""
    return OBJECTS in config


def resuming(place: str | Path, config: str) -> str:
    """What continues a run: a command, or the call in Python where no file can rebuild a part.

    Args:
        place: path of its folder.
        config: its configuration, as text.
    """
    if is_of_objects(config):
        return f"tssd.fit(net, train, ..., folder={str(place)!r}, resume=True)"
    return shlex.join(["tssd", "train", str(place), "--resume"])


def planned_epochs(config: str) -> int | None:
    """How long a training is to take by its configuration, read as text; None = it is not said."""
    found = re.search(r"^trainer:\n(?:[ ].*\n)*?  epochs: (\d{1,9})$", config, re.M)
    return int(found[1]) if found else None


def _json(path: Path, *, remedy: str = RESTORE) -> Json:
    try:
        return read_json(path, remedy=remedy)
    except FileNotFoundError:
        return {}
