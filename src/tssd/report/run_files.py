"""What a run folder holds for people to read."""

import csv
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tssd.errors import DataError
from tssd.report.results_shape import misfit

Json = dict[str, Any]


@dataclass(frozen=True)
class RunFiles:
    """The readable files of a finished run; what is missing beside the results is empty.

    Args:
        name: what to call the run.
        results: results.json.
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


def read_run(path: Path, *, name: str = "") -> RunFiles:
    """Read a finished run.

    Raises: DataError: no results, or results that are none of ours.
    """
    results = read_json(path / "results.json")
    if not results:
        raise DataError(f"{path}: no results yet; finish the run with `tssd train {path} --resume`")
    if (reason := fault(results)) is not None:
        raise DataError(f"{path / 'results.json'}: {reason}; expected what `tssd train` writes")
    config = path / "config.yaml"
    return RunFiles(
        name=name or str(path),
        results=results,
        metrics=read_metrics(path / "metrics.csv"),
        config=config.read_text(encoding="utf-8", errors="replace") if config.is_file() else "",
        environment=read_json(path / "environment.json"),
        model=read_json(path / "model.json"),
        evaluation=read_json(path / "evaluation.json"),
    )


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
        for t, share in enumerate(results[which]["accuracy"], 1):
            if not isinstance(share, int | float):
                return f"{which}.accuracy at T = {t} is {share!r}"
            if not math.isfinite(share):
                return f"{which}.accuracy at T = {t} is {share}"
    return misfit(results)


def read_json(path: Path) -> Json:
    """A mapping, empty where there is no file. Raises: DataError: damaged."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DataError(f"{path}: damaged ({error}); restore it or train again") from None
    return content if isinstance(content, dict) else {"content": content}


def read_metrics(path: Path) -> list[dict[str, float]]:
    """Rows of a table of metrics; none where there is no file."""
    try:
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            return [
                {key: _number(text) for key, text in row.items() if isinstance(key, str)}
                for row in csv.DictReader(file)
            ]
    except FileNotFoundError:
        return []


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return math.nan
