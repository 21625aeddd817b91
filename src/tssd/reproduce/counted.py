"""What runs have left behind: which results count, and why others do not."""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tssd.errors import DataError
from tssd.reproduce.plan import Cell, Scale, Variant
from tssd.reproduce.record import Record, record_of
from tssd.reproduce.runs import Run
from tssd.runs.differences import fingerprints
from tssd.runs.evaluation import PerT
from tssd.runs.files import continued
from tssd.runs.find import run_folders
from tssd.runs.folder import RunFolder
from tssd.runs.processors import processor_of
from tssd.runs.results import Epoch, Results
from tssd.runs.text_files import read_text

# How many folders that belong to something else are named.
NAMED = 5
BEGUN = "no results yet; the same command finishes it"


@dataclass(frozen=True)
class Collected:
    """Finished runs, and what is not counted.

    Args:
        finished: results of each variant, one a seed, in the order of the seeds.
        listed: a line for everything that is in the folder, or was planned, and does not count.
        recalibrated: by variant and seed, accuracy with batch norm recalibrated at each T.
        processors: of the runs, by variant and seed, as far as they say.
        earlier: what is known of runs that are not here.
        options: that all runs were given besides those of the plan, in words.
    """

    finished: Mapping[Variant, Sequence[Results]]
    listed: Sequence[str]
    recalibrated: Mapping[tuple[Variant, int], PerT] = field(default_factory=dict)
    processors: Mapping[tuple[Variant, int], str] = field(default_factory=dict)
    earlier: Mapping[Run, Record] = field(default_factory=dict)
    options: str = ""

    def records(self, epoch: Epoch) -> dict[Variant, dict[int, Record]]:
        """What a table needs of every run, here or earlier, by variant and seed."""
        found: dict[Variant, dict[int, Record]] = {}
        for run, record in self.earlier.items():
            found.setdefault(run.variant, {})[run.seed] = record
        for variant, several in self.finished.items():
            for results in several:
                place = variant, results.seed
                found.setdefault(variant, {})[results.seed] = record_of(
                    results,
                    variant,
                    epoch,
                    options=self.options,
                    recalibrated=self.recalibrated.get(place, ()),
                    processor=self.processors.get(place),
                )
        return {variant: dict(sorted(own.items())) for variant, own in found.items()}

    def curves(self, cell: Cell, scale: Scale, epoch: Epoch) -> dict[int, PerT]:
        """Accuracy at every T, 0 to 1, of a cell's runs by their seeds."""
        records = self.records(epoch).get(cell.runs[scale], {})
        found = {seed: tuple(record.curve(cell).values()) for seed, record in records.items()}
        return {seed: curve for seed, curve in found.items() if curve}


def collect(
    runs: Sequence[Run],
    output: Path,
    reasons: Mapping[Run, str] = {},
    others: Container[str] = (),
    earlier: Mapping[Run, Record] = {},
    options: str = "",
) -> Collected:
    """Read what there is; trains nothing and builds nothing.

    Args:
        runs: that were planned.
        output: the folder above all of them.
        reasons: why some of them have no results.
        others: names of variants of other plans, which share the folder.
        earlier: what is known of some of them, which are not looked for.
        options: that all were given besides those of the plan, in words.
    """
    finished: dict[Variant, list[Results]] = {run.variant: [] for run in runs}
    found: dict[tuple[Variant, int], str] = {}
    # The seeds of a variant with the same problem stand in one line.
    problems: dict[tuple[str, str], list[int]] = {}
    for run in runs:
        if run in earlier:
            continue
        problem = reasons.get(run)
        if problem is None and not run.is_finished:
            # Said of a table, which others read, not of a folder of this machine.
            problem = BEGUN if run.folder.exists() else "not trained"
        if problem is None:
            try:
                results = RunFolder(run.folder).read_results()
                config = read_text(RunFolder(run.folder).config)
                problem = problem_with(results, run.seed) or continued(results, config)
                if problem is None:
                    finished[run.variant].append(results)
                    if processor := processor_of(run.folder):
                        found[run.variant, run.seed] = processor
            except (DataError, OSError) as error:
                problem = str(error).removeprefix(f"{run.folder}: ").removeprefix(f"{run.folder}/")
        if problem is not None:
            problems.setdefault((run.variant.words, problem), []).append(run.seed)
    listed = [
        f"{with_seeds(words, seeds)}: {problem}" for (words, problem), seeds in problems.items()
    ]
    planned = {run.folder for run in runs}
    foreign = sorted(
        folder
        for folder, name, problem in run_folders(output / "runs")
        if not problem and folder not in planned and name.rpartition("/")[0] not in others
    )
    listed += [f"{folder}: of no plan" for folder in foreign[:NAMED]]
    if len(foreign) > NAMED:
        listed.append(f"{len(foreign) - NAMED} more runs in {output} are of no plan")
    return Collected(finished, listed, processors=found, earlier=earlier, options=options)


def with_seeds(words: str, seeds: Sequence[int]) -> str:
    """What was trained, and which of its runs are meant."""
    return f"{words}, seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"


def problem_with(results: Results, seed: int) -> str | None:
    """Why results cannot be counted; None = they can."""
    if results.seed != seed:
        return f"results.json is of seed {results.seed}; the folder was moved or copied"
    return None


def shared_epoch(
    finished: Mapping[Variant, Sequence[Results]], earlier: Iterable[Record] = ()
) -> Epoch:
    """The epoch that counts for all runs by their recipes.

    Raises: DataError: the best for some, the last for others; names two of them.
    """
    found: dict[Epoch, str] = {}
    for variant, runs in finished.items():
        for results in runs:
            found.setdefault(results.selected, f"{variant.words}, seed {results.seed}")
    for record in earlier:
        found.setdefault(record.epoch, f"{record.train}, seed {record.seed}")
    if len(found) > 1:
        raise DataError(
            f"the best epoch counts for {found['best']}, the last for {found['last']}: one table "
            "needs one of them; give --epoch best or --epoch last"
        )
    return "last" if "last" in found else "best"


def refuse_other_splits(
    cells: Iterable[Cell], scale: Scale, records: Mapping[Variant, Mapping[int, Record]]
) -> dict[str, str]:
    """The split hash of each data set.

    Raises: DataError: runs of one data set saw different samples; names two of them.
    """
    runs = [
        (cell.data, f"{record.train}, seed {record.seed}", record)
        for cell in cells
        for record in records.get(cell.runs[scale], {}).values()
    ]
    seen: dict[str, tuple[str, str]] = {}
    splits: dict[str, str] = {}
    prints = fingerprints([record for _, _, record in runs])
    for (data, who, record), found in zip(runs, prints, strict=True):
        first, other = seen.setdefault(data, (found, who))
        if found != first:
            raise DataError(
                f"{data}: {other} used split {first}, but {who} used split {found}: they saw "
                "different samples; train both with the same data"
            )
        splits[data] = record.split_hash
    return splits


def as_json(content: Any) -> str:
    """For people to read."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
