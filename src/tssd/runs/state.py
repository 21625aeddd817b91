"""What a folder is that holds a run or looks like it: finished, half-finished, damaged, ..."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tssd.errors import DataError
from tssd.reading import read_json
from tssd.runs.evaluation import NotFiniteError
from tssd.runs.files import continued, is_training, planned_epochs, resuming
from tssd.runs.find import run_folders
from tssd.runs.results import REPEAT, EpochEvaluation, Results
from tssd.runs.text_files import read_metrics, read_text

State = Literal["half-finished", "failed", "damaged", "foreign", "refused"]


@dataclass(frozen=True)
class FinishedRun:
    """A run with its results.

    Args:
        path: of the folder.
        name: relative to the folder that was searched.
        results: without what would fill the memory of thousands of runs: layers, confusion, exits.
    """

    path: Path
    name: str
    results: Results

    @property
    def method(self) -> str:
        """The folder above `seed0`, `seed1`, ...; other runs stand alone."""
        above, _, last = self.name.rpartition("/")
        seeded = re.fullmatch(r"seed\d+", last) is not None
        return (above or self.path.parent.name) if seeded else self.name

    @property
    def seed(self) -> int:
        """Of the run."""
        return self.results.seed


@dataclass(frozen=True)
class LeftOut:
    """A folder that holds a run, or looks like it, and does not count.

    Args:
        path: of the folder.
        name: relative to the folder that was searched.
        state: why, in a word.
        reason: why, in words.
    """

    path: Path
    name: str
    state: State
    reason: str


def find_runs(folder: Path) -> Iterator[FinishedRun | LeftOut]:
    """Every folder at or below this one that holds a run or looks like it, by name."""
    for path, name, problem in run_folders(folder):
        yield LeftOut(path, name, "foreign", problem) if problem else classify(path, name)


def classify(path: Path, name: str) -> FinishedRun | LeftOut:
    """What a folder with config.yaml or results.json is."""
    try:
        content = read_json(path / "results.json", remedy=REPEAT)
        if not (path / "config.yaml").is_file():
            return LeftOut(path, name, "foreign", "results.json without config.yaml")
        config = read_text(path / "config.yaml")  # it is compared with those of other seeds
    except FileNotFoundError:
        try:
            return _unfinished(path, name)
        except DataError as error:
            return LeftOut(path, name, "damaged", str(error).removeprefix(f"{path}/"))
    except DataError as error:
        return LeftOut(path, name, "damaged", str(error).removeprefix(f"{path}/"))
    try:
        results = Results.of(content)
    except NotFiniteError as error:
        return LeftOut(path, name, "failed", f"results.json: {error}")
    except ValueError as error:
        state = "damaged" if "split_hash" in content else "foreign"
        return LeftOut(path, name, state, f"results.json: {error}")
    if (reason := continued(results, config)) is not None:
        remedy = f"continue with `{resuming(path, config)}`"
        return LeftOut(path, name, "half-finished", f"{reason.partition(': ')[2]}; {remedy}")
    return FinishedRun(path, name, _slim(results))


def _unfinished(path: Path, name: str) -> LeftOut:
    config = read_text(path / "config.yaml")
    if not is_training(config):
        return LeftOut(path, name, "foreign", "its config.yaml is not one of `tssd train`")
    rows = read_metrics(path / "metrics.csv")
    planned = planned_epochs(config)
    of = f" of {planned}" if planned is not None else ""
    last = rows[-1] if rows else {}
    bad = [key for key, value in last.items() if value != value]
    if bad and len(bad) < len(last):
        where = f"{', '.join(bad)} is NaN in epoch {len(rows)}{of}"
        return LeftOut(path, name, "failed", where)
    if not rows:
        return LeftOut(path, name, "failed", f"no epoch{of} was finished")
    remedy = f"continue with `{resuming(path, config)}`"
    return LeftOut(path, name, "half-finished", f"{len(rows)}{of} epochs; {remedy}")


def _slim(results: Results) -> Results:
    best, last = map(_slim_epoch, (results.best, results.last))
    return replace(results, best=best, last=last)


def _slim_epoch(found: EpochEvaluation) -> EpochEvaluation:
    operations = found.operations and replace(found.operations, layers={}, rule="")
    return replace(found, operations=operations, confusion=(), firing_rates=None, early_exit={})
