"""The runs below a folder: which count for a comparison, and why the others do not."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tssd.errors import DataError
from tssd.reading import read_json
from tssd.report.confidence import overconfidence
from tssd.report.find import run_folders
from tssd.report.method_labels import split_names
from tssd.report.run_files import continued, fault, is_training, planned_epochs
from tssd.report.same_options import other_option
from tssd.report.same_samples import fingerprints
from tssd.report.text_files import read_metrics, read_text

State = Literal["finished", "half-finished", "failed", "damaged", "foreign", "refused"]
# Large parts of results.json that a comparison does not show.
PER_RUN = ("confusion", "early_exit", "firing_rates", "reliability")


@dataclass(frozen=True)
class Found:
    """A folder that holds a run, or looks like it.

    Args:
        path: of the folder.
        name: relative to the folder that was searched.
        state: finished, or why it does not count, in a word.
        reason: in words; empty for a finished run.
        results: of a finished run, without what differs in size from run to run.
    """

    path: Path
    name: str
    state: State
    reason: str = ""
    results: dict[str, Any] | None = None

    @property
    def method(self) -> str:
        """The folder above `seed0`, `seed1`, ...; other runs stand alone."""
        above, _, last = self.name.rpartition("/")
        seeded = re.fullmatch(r"seed\d+", last) is not None
        return (above or self.path.parent.name) if seeded else self.name

    @property
    def seed(self) -> int:
        """Of a finished run."""
        return (self.results or {})["seed"]


@dataclass(frozen=True)
class Collection:
    """The runs of a comparison.

    Args:
        methods: finished runs by method, seeds ascending. The methods are in the order of a
            comparison.json in the folder, which `tssd compare` writes in the order of its recipes;
            others by name.
        left_out: everything else that was found.
    """

    methods: dict[str, list[Found]]
    left_out: list[Found]


def collect(folder: Path) -> Collection:
    """Find and sort the runs below a folder.

    Raises: DataError: no run at all, none that is finished, or no split of the data that more than
        half of the finished runs share.
    """
    found = list(find_runs(folder))
    finished = [run for run in found if run.state == "finished"]
    left_out = [run for run in found if run.state != "finished"]
    if not found:
        raise DataError(f"{folder}: no run in it or below it; expected what `tssd train` makes")
    if not finished:
        first = found[0]
        raise DataError(
            f"{folder}: none of the {len(found)} runs below it counts; {first.name}: "
            f"{first.state}, {first.reason}"
        )
    split_of = dict(
        zip(
            (run.name for run in finished),
            fingerprints([r.results or {} for r in finished]),
            strict=True,
        )
    )
    split = _shared_split(folder, finished, split_of)
    methods: dict[str, list[Found]] = {}
    taken: dict[tuple[str, int], Found] = {}
    for run in sorted(finished, key=lambda run: (run.method, run.seed, run.name)):
        own = split_of[run.name]
        reason = None
        if own != split:
            reason = f"other samples: its split is {own}, that of the others {split}"
        elif other := taken.get((run.method, run.seed)):
            reason = f"seed {run.seed} of this method is in {other.name} already"
        elif first := methods.get(run.method):
            difference = other_option(run.path / "config.yaml", first[0].path / "config.yaml")
            reason = f"other options: {difference}" if difference else None
        if reason:
            left_out.append(replace(run, state="refused", reason=reason, results=None))
        else:
            taken[run.method, run.seed] = run
            methods.setdefault(run.method, []).append(run)
    first = _order(folder, list(methods))
    ordered = sorted(methods.items(), key=lambda item: first.get(item[0], math.inf))
    return Collection(dict(ordered), sorted(left_out, key=lambda run: (run.state, run.name)))


def _order(folder: Path, methods: list[str]) -> dict[str, int]:
    """Places of methods in the comparison that they were trained for, if it is there."""
    shared = split_names(methods)[0].split("/")
    for above in ("/".join(shared[:depth]) for depth in range(len(shared) + 1)):
        if found := _listed(folder / above, f"{above}/".lstrip("/")):
            return found
    # What `tssd compare` has trained into one folder, seen from a folder in it.
    inside = f"{folder.resolve().name}/"
    above = _listed(folder.resolve().parent)
    return {n.removeprefix(inside): place for n, place in above.items() if n.startswith(inside)}


def _listed(folder: Path, prefix: str = "") -> dict[str, int]:
    """Places of methods in a folder's comparison.json, empty without one."""
    try:
        rows = read_json(folder / "comparison.json").get("rows")
    except (OSError, DataError):  # all is as well without it
        return {}
    found: dict[str, int] = {}
    for row in rows if isinstance(rows, list) else []:
        method = str(row.get("method")) if isinstance(row, dict) else ""
        # The folder of a recipe in a file is called by its path, or by its name alone.
        own = method.removesuffix(".yaml").removesuffix(".yml")
        for name in (own, own.rpartition("/")[2]):
            found.setdefault(f"{prefix}{name}", len(found))
    return found


def find_runs(folder: Path) -> Iterator[Found]:
    """Every folder at or below this one that holds a run or looks like it, by name."""
    for path, name, problem in run_folders(folder):
        yield Found(path, name, "foreign", problem) if problem else classify(path, name)


def classify(path: Path, name: str) -> Found:
    """What a folder with config.yaml or results.json is."""
    try:
        results = read_json(path / "results.json")
        if not (path / "config.yaml").is_file():
            return Found(path, name, "foreign", "results.json without config.yaml")
        config = read_text(path / "config.yaml")  # it is compared with those of other seeds
    except FileNotFoundError:
        try:
            return _unfinished(path, name)
        except DataError as error:
            return Found(path, name, "damaged", str(error).removeprefix(f"{path}/"))
    except DataError as error:
        return Found(path, name, "damaged", str(error).removeprefix(f"{path}/"))
    if (reason := fault(results)) is not None:
        diverged = "accuracy at T = " in reason and reason.endswith(("nan", "inf"))
        state = "failed" if diverged else "damaged" if "split_hash" in results else "foreign"
        return Found(path, name, state, f"results.json: {reason}")
    if (reason := continued(results, config)) is not None:
        remedy = f"continue with `tssd train {path} --resume`"
        return Found(path, name, "half-finished", f"{reason.partition(': ')[2]}; {remedy}")
    return Found(path, name, "finished", results=_slim(results))


def _unfinished(path: Path, name: str) -> Found:
    config = read_text(path / "config.yaml")
    if not is_training(config):
        return Found(path, name, "foreign", "its config.yaml is not one of `tssd train`")
    rows = read_metrics(path / "metrics.csv")
    planned = planned_epochs(config)
    of = f" of {planned}" if planned is not None else ""
    bad = [key for key, value in (rows[-1] if rows else {}).items() if value != value]
    if bad and len(bad) < len(rows[-1]):
        where = f"{', '.join(bad)} is NaN in epoch {len(rows)}{of}"
        return Found(path, name, "failed", where)
    if not rows:
        return Found(path, name, "failed", f"no epoch{of} was finished")
    remedy = f"continue with `tssd train {path} --resume`"
    return Found(path, name, "half-finished", f"{len(rows)}{of} epochs; {remedy}")


def _shared_split(folder: Path, finished: list[Found], split_of: Mapping[str, str]) -> str:
    splits = Counter(split_of[run.name] for run in finished)
    ((split, count), *others) = splits.most_common()
    if 2 * count <= len(finished):
        listed = "; ".join(
            f"{hashed}: {n} runs such as {next(n for n, own in split_of.items() if own == hashed)}"
            for hashed, n in ((split, count), *others[:3])
        )
        raise DataError(
            f"{folder}: the runs used different samples, by their fingerprints {listed}; report a "
            "folder whose runs share them"
        )
    return split


def _slim(results: dict[str, Any]) -> dict[str, Any]:
    return results | {epoch: _slim_epoch(results[epoch]) for epoch in ("best", "last")}


def _slim_epoch(evaluation: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in evaluation.items() if key not in PER_RUN}
    kept["overconfidence"] = overconfidence(evaluation)
    operations = kept.get("operations")
    if isinstance(operations, dict):
        kept["operations"] = {k: v for k, v in operations.items() if k not in ("layers", "rule")}
    return kept
