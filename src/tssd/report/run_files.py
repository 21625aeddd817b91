"""What a run folder holds for people to read."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tssd.errors import DataError
from tssd.reading import read_json
from tssd.report.results_shape import misfit
from tssd.report.text_files import read_metrics, read_text

Json = dict[str, Any]
# Timesteps; recordings are cut into a hundred at most.
LONGEST = 10_000


@dataclass(frozen=True)
class RunFiles:
    """The readable files of a run; what is missing is empty.

    Args:
        name: what to call the run.
        results: results.json; empty for a run that is not finished.
        metrics: rows of metrics.csv; a cell that is no number is NaN.
        config: config.yaml, as text.
        environment: environment.json.
        model: model.json.
        evaluation: evaluation.json.
    """

    name: str
    results: Json
    metrics: list[dict[str, float]] = field(default_factory=list)
    config: str = ""
    environment: Json = field(default_factory=dict)
    model: Json = field(default_factory=dict)
    evaluation: Json = field(default_factory=dict)

    def class_names(self) -> list[str]:
        """Names of the classes, or their numbers where they are not known."""
        count = len(self.results.get("best", {}).get("confusion") or ())
        names = self.model.get("class_names")
        if isinstance(names, list) and len(names) == count:
            return [str(name) for name in names]
        return [f"class {k}" for k in range(count)]


def continued(results: Json, config: str) -> str | None:
    r"""What to say of results of a run that has been given another length since; None = they hold.

    >>> continued({"epochs": 2}, "trainer:\n  epochs: 6\n")
    'not finished: the results are those of 2 epochs, now 6 are planned'
    """
    trained, planned = results.get("epochs"), planned_epochs(config)
    if trained is None or planned is None or trained == planned:
        return None
    return f"not finished: the results are those of {trained} epochs, now {planned} are planned"


def read_run(path: Path, *, name: str = "") -> RunFiles:
    """Read a run; one that is not finished has no results.

    Raises: DataError: a damaged file, results that are none of ours, or neither results nor a
        configuration of a training.
    """
    results = _json(path / "results.json")
    if results and (reason := fault(results)) is not None:
        raise DataError(f"{path / 'results.json'}: {reason}; expected what `tssd train` writes")
    config = read_text(path / "config.yaml")
    if not results and not is_training(config):
        raise DataError(f"{path}: its config.yaml is not one of `tssd train`, expected a run")
    return RunFiles(
        name=name or str(path),
        results=results,
        metrics=read_metrics(path / "metrics.csv"),
        config=config,
        environment=_json(path / "environment.json"),
        model=_json(path / "model.json"),
        evaluation=_json(path / "evaluation.json"),
    )


def is_training(config: str) -> bool:
    """Whether a configuration is one of a training, by its sections."""
    sections = (re.search(f"^{name}:", config, re.M) for name in ("timesteps", "objectives"))
    return all(found is not None for found in sections)


def planned_epochs(config: str) -> int | None:
    """How long a training is to take by its configuration, read as text; None = it is not said."""
    found = re.search(r"^trainer:\n(?:[ ].*\n)*?  epochs: (\d{1,9})$", config, re.M)
    return int(found[1]) if found else None


def fault(results: object) -> str | None:
    """What keeps results from being those of a run, or None.

    >>> fault({"seed": 0})
    'it has no timesteps.student'
    """
    if not isinstance(results, dict):
        return "it holds no mapping"
    wanted = {"seed": int, "timesteps.student": int, "split_hash": str, "best.accuracy": list,
              "last.accuracy": list, "best.samples": int}  # fmt: skip
    for dotted, kind in wanted.items():
        value: Any = results
        for key in dotted.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, kind) or value == []:
            return f"it has no {dotted}"
    if results["best"]["samples"] < 1:
        return f"best.samples is {results['best']['samples']}, expected at least 1"
    for which in ("best", "last"):
        shares = results[which]["accuracy"]
        if len(shares) > LONGEST:
            return f"{which}.accuracy has {len(shares)} timesteps, expected at most {LONGEST}"
        for t, share in enumerate(shares, 1):
            if type(share) not in (int, float) or not 0 <= share <= 1:
                return f"{which}.accuracy at T = {t} is {_short(share)}"
    student = results["timesteps"]["student"]
    if not 1 <= student <= LONGEST:
        return f"timesteps.student is {_short(student)}, expected 1 to {LONGEST}"
    return misfit(results)


def _short(value: object) -> str:
    """A value for a message; a whole number may have thousands of digits."""
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a number of more than 18 digits"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _json(path: Path) -> Json:
    try:
        return read_json(path)
    except FileNotFoundError:
        return {}
