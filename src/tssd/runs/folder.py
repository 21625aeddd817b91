"""What a run leaves on disk, and how to read it back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from tssd.atomic import PARTIAL, remove_leftovers, write_atomically
from tssd.earlier import PRINTED, unwritten, with_later_options
from tssd.errors import DataError, UsageError
from tssd.lock import LOCK
from tssd.reading import read_json, read_yaml
from tssd.runs.differences import LENGTH, NOT_TRAINED, first_difference
from tssd.runs.files import OBJECTS, is_of_objects, resuming
from tssd.runs.results import REPEAT, Results
from tssd.runs.text_files import read_text

# Where runs go that are not told where to.
OUTPUT = "runs"
# What a configuration names where a schedule was given as a function, which no length changes.
OWN_SCHEDULE = f"{OBJECTS}GivenScheduler"


@dataclass(frozen=True)
class RunFolder:
    """The files of one training run.

    Args:
        path: of the folder.
    """

    path: Path

    config = property(lambda self: self.path / "config.yaml")
    environment = property(lambda self: self.path / "environment.json")
    metrics = property(lambda self: self.path / "metrics.csv")
    checkpoints = property(lambda self: self.path / "checkpoints")
    last = property(lambda self: self.path / "checkpoints" / "last.ckpt")
    best = property(lambda self: self.path / "checkpoints" / "best.ckpt")
    weights = property(lambda self: self.path / "model.safetensors")
    exits = property(lambda self: self.path / "exits.safetensors")
    model = property(lambda self: self.path / "model.json")
    results = property(lambda self: self.path / "results.json")
    evaluation = property(lambda self: self.path / "evaluation.json")
    recalibrated = property(lambda self: self.path / "recalibrated.json")
    bench = property(lambda self: self.path / "bench.json")

    @property
    def is_finished(self) -> bool:
        """Whether its training has come to the end: results.json is written last."""
        return self.results.exists()

    @property
    def is_of_objects(self) -> bool:
        """Whether objects of a program made it, which no command can rebuild."""
        return is_of_objects(read_text(self.config))

    @property
    def resuming(self) -> str:
        """What continues the run: a command, or the call in Python."""
        return resuming(self.path, read_text(self.config))

    def kept(self, epoch: int) -> Path:
        """The checkpoint of an epoch, counted from 1, that is kept besides best and last."""
        return self.checkpoints / f"epoch{epoch}.ckpt"

    def kept_epochs(self) -> list[int]:
        """The epochs whose checkpoints are kept."""
        names = (path.stem.removeprefix("epoch") for path in self.checkpoints.glob("epoch*.ckpt"))
        return sorted(int(name) for name in names if name.isdecimal())

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """An existing run. Raises: DataError: the folder is not one."""
        run = cls(Path(path))
        if run.path.is_file():
            runs = [above for above in run.path.parents if cls(above).config.exists()]
            raise DataError(
                f"{path}: a file, expected the folder of a run"
                + "".join(f"; did you mean {above}?" for above in runs[:1])
            )
        if not run.path.is_dir():
            # A recipe, which is in everybody's mind, in place of the folder of its run.
            trained = sorted(Path(OUTPUT, path).glob(f"seed*/{run.config.name}"))
            raise DataError(
                f"{path}: no such folder; expected a run that `tssd train` has made"
                + "".join(f"; did you mean {config.parent}?" for config in trained[:1])
            )
        if not run.config.exists():
            inside = sorted(config.parent for config in run.path.glob(f"*/{run.config.name}"))
            raise DataError(
                f"{path}: not a run folder (it has no config.yaml)"
                + "".join(f"; did you mean {first}?" for first in inside[:1])
            )
        return run

    def read_config(self) -> dict[str, Any]:
        """The complete configuration. Raises: DataError: damaged."""
        return with_later_options(read_yaml(self.config))

    def read_results(self) -> Results:
        """Content of results.json. Raises: DataError: it is not there, damaged or none of ours."""
        try:
            return Results.of(read_json(self.results, remedy=REPEAT))
        except FileNotFoundError:
            raise DataError(
                f"{self.path}: no results yet; finish the run with `{self.resuming}`"
            ) from None
        except ValueError as error:
            raise DataError(
                f"{self.results}: {error}; expected what `tssd train` writes; {REPEAT}"
            ) from None

    def write_results(self, results: Results) -> None:
        """Write results.json, which makes a run a finished one."""
        write_json(self.results, results.to_dict())

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write config.yaml."""
        write_text(self.config, yaml.safe_dump(dict(config), sort_keys=False))

    def refuse_begun(self) -> None:
        """Refuse a folder that holds a run. Raises: UsageError: it does, finished or not."""
        if self.config.exists():
            raise UsageError(
                f"{self.path}: this run exists already; continue it with `{self.resuming}` or "
                f"choose another {'folder' if self.is_of_objects else '--output'}"
            )

    def create(self, config: Mapping[str, Any], *, resume: bool, relength: bool = False) -> None:
        """Start the folder with its configuration, or check that a resumed run has the same.

        Args:
            config: the complete configuration.
            resume: whether the run may exist.
            relength: whether a resumed run may have another number of epochs.
        Raises: UsageError: it exists and `resume` is off, or the configurations differ.
            DataError: something else is there.
        """
        if self.path.exists() and not self.path.is_dir():
            raise DataError(f"{self.path}: a file, expected a folder; choose another --output")
        leftovers = list(self.path.rglob(f".*{PARTIAL}"))
        if not self.config.exists():
            if self.path.exists() and set(self.path.iterdir()) - {*leftovers, self.path / LOCK}:
                raise DataError(
                    f"{self.path}: neither empty nor a run folder; choose another --output"
                )
            self.write_config(config)
            return
        if not resume:
            self.refuse_begun()
        free = (*NOT_TRAINED, LENGTH) if relength else NOT_TRAINED
        own = self.read_config()
        free = (*free, *unwritten(own))
        if (found := first_difference(own, config, free=free)) is not None:
            name, before, now = found
            if name == PRINTED:
                raise UsageError(
                    f"{self.path}: print shows another network than the run was begun with; "
                    f"{self._remedy(config, name, now)}"
                )
            raise UsageError(
                f"{self.path}: the run has {name.replace('.init_args', '')} = {before}, now it is "
                f"{now}; {self._remedy(config, name, now)}"
            )
        for folder in {leftover.parent for leftover in leftovers}:
            remove_leftovers(folder)

    def _remedy(self, config: Mapping[str, Any], name: str, now: Any) -> str:
        """What to do where an option of a run is another one now."""
        if is_of_objects(f"{config} {self.read_config()}"):  # no command can rebuild it
            other = "give tssd.fit what the run was trained with"
            if name == LENGTH:
                other = "tssd.fit(..., resume=True) changes that"
                if OWN_SCHEDULE in f"{config.get('schedule')}":
                    other += ", unless its schedule is a function, made for one length"
            return f"{other}, or choose another folder"
        resumed = self.resuming
        other = f"`{resumed}` takes the run's own options"
        if name == LENGTH:
            other = f"`{resumed} --trainer.epochs {now}` changes that"
        return f"{other}, or choose another --output"


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file atomically, for people to read."""
    write_text(path, json.dumps(content, indent=2) + "\n")
