"""How two runs differ: in their options, and in the samples that they saw."""

import re
from collections.abc import Container, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

from tssd.earlier import unwritten, with_later_options
from tssd.reading import read_yaml
from tssd.runs.text_files import read_text

# Dotted names in a complete configuration that change nothing in what is trained. They say how
# a run is called and shown, where the data lies, who reads it, how many devices share a batch and
# which epoch counts: a run may be resumed with others, and two seeds of one method may differ in
# them.
NOT_TRAINED = (
    "description",
    "trainer.data_on_device",
    "trainer.progress",
    "trainer.select",
    "trainer.devices",
    "trainer.nodes",
    "trainer.strategy",
    "trainer.checkpoint_every_n_epochs",
    "trainer.log_every_n_steps",
    "data.init_args.root",
    "data.init_args.num_workers",
    "data.init_args.cache",
    "logger",
)
# May change on resuming, if that is asked for: the schedule becomes that of the new length.
LENGTH = "trainer.epochs"
# Beside the runs: teachers that were trained before their students, a folder each and a seed in it.
# What looks for runs passes over hidden folders, since an ANN is none to compare with.
TEACHERS = ".teachers"
# Students of other seeds have other teachers, made in the same way.
_OF_SEED = re.compile(rf"({re.escape(TEACHERS)}/[^/\s]+)/seed\d+")
# Keys as they stand in a line of YAML, without the sections above them.
FREE = ("seed", *(name.rpartition(".")[2] for name in NOT_TRAINED))


def first_difference(
    before: Any, now: Any, name: str = "", *, free: Container[str] = NOT_TRAINED
) -> tuple[str, Any, Any] | None:
    """Dotted name and both values of the first leaf in which two configurations differ.

    Args:
        before: a complete configuration, or a part of it.
        now: the other.
        name: of the part.
        free: dotted names that may differ.
    """
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        return None if before == now else (name, before, now)
    for key in dict.fromkeys([*before, *now]):
        below = f"{name}.{key}".lstrip(".")
        if below in free:
            continue
        found = first_difference(before.get(key), now.get(key), below, free=free)
        if found is not None:
            return found
    return None


def other_option(path: Path, like: Path) -> str | None:
    """The first line in which two configurations differ, in words; None = they are alike.

    Raises: DataError: one of both cannot be read.

    Args:
        path: config.yaml of the run in question.
        like: config.yaml of the run that it is compared with.
    """
    own, others = _lines(path), _lines(like)
    if own == others or _same_meaning(path, like):
        return None
    pairs = zip_longest(own, others, fillvalue="nothing")
    found, expected = next((a, b) for a, b in pairs if a != b)
    return f"{found.strip()!r} where {like.parent.name} has {expected.strip()!r}"


def _same_meaning(*paths: Path) -> bool:
    """Whether they differ in nothing but their order, and in what an earlier version left out."""
    own, other = (_of_any_seed(with_later_options(read_yaml(path))) for path in paths)
    free = ("seed", "data.init_args.seed", *NOT_TRAINED, *unwritten(own, other))
    return first_difference(own, other, free=free) is None


def _lines(path: Path) -> list[str]:
    """The lines that count. Compared as text: a YAML parser takes milliseconds a file."""
    lines = _OF_SEED.sub(r"\1", read_text(path)).splitlines()
    return [line for line in lines if line.lstrip().partition(":")[0] not in FREE]


def _of_any_seed(value: Any) -> Any:
    """A configuration whose teachers are named without their seed."""
    if isinstance(value, Mapping):
        return {key: _of_any_seed(inside) for key, inside in value.items()}
    return _OF_SEED.sub(r"\1", value) if isinstance(value, str) else value


class SawSamples(Protocol):
    """What says which samples it saw."""

    @property
    def split_hash(self) -> str:
        """Of those that were chosen."""
        ...

    @property
    def content_hash(self) -> str | None:
        """Of what they hold; None = not recorded."""
        ...


def fingerprints(runs: Sequence[SawSamples]) -> list[str]:
    """Of each run: which samples were chosen, and what they held if all runs say so.

    Runs of earlier versions do not say what they held.
    """
    if all(run.content_hash for run in runs):
        return [f"{run.split_hash}/{run.content_hash}" for run in runs]
    return [run.split_hash for run in runs]
