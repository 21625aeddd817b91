"""The runs of a comparison: methods with their seeds, and why other runs do not count."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tssd.errors import DataError
from tssd.reading import read_json
from tssd.report.method_labels import split_names
from tssd.runs.differences import fingerprints, other_option
from tssd.runs.state import FinishedRun, LeftOut, find_runs


@dataclass(frozen=True)
class Collection:
    """The runs of a comparison.

    Args:
        methods: finished runs by method, seeds ascending. The methods are in the order of a
            comparison.json in the folder, which `tssd compare` writes in the order of its recipes;
            others by name.
        left_out: everything else that was found.
    """

    methods: dict[str, list[FinishedRun]]
    left_out: list[LeftOut]


def collect(folder: Path) -> Collection:
    """Find and sort the runs below a folder.

    Raises: DataError: no run at all, none that is finished, or no split of the data that more than
        half of the finished runs share.
    """
    found = list(find_runs(folder))
    finished = [run for run in found if isinstance(run, FinishedRun)]
    left_out = [run for run in found if isinstance(run, LeftOut)]
    if not found:
        raise DataError(f"{folder}: no run in it or below it; expected what `tssd train` makes")
    if not finished:
        first_left = left_out[0]
        raise DataError(
            f"{folder}: none of the {len(found)} runs below it counts; {first_left.name}: "
            f"{first_left.state}, {first_left.reason}"
        )
    prints = fingerprints([run.results for run in finished])
    split_of = {run.name: found for run, found in zip(finished, prints, strict=True)}
    split = _shared_split(folder, finished, split_of)
    methods: dict[str, list[FinishedRun]] = {}
    taken: dict[tuple[str, int], FinishedRun] = {}
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
            left_out.append(LeftOut(run.path, run.name, "refused", reason))
        else:
            taken[run.method, run.seed] = run
            methods.setdefault(run.method, []).append(run)
    places = _order(folder, list(methods))
    ordered = sorted(methods.items(), key=lambda item: places.get(item[0], math.inf))
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


def _shared_split(folder: Path, finished: list[FinishedRun], split_of: Mapping[str, str]) -> str:
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
