"""On which processors runs were trained, and whether that has to be told."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tssd.errors import DataError
from tssd.reading import read_json


def processor_of(folder: Path) -> str | None:
    """The processor of a run, its model and vector extensions; None = it does not say."""
    try:
        cpu = read_json(folder / "environment.json").get("cpu")
    except (OSError, DataError):  # no run needs the file
        return None
    if not isinstance(cpu, dict) or not isinstance(cpu.get("model"), str):
        return None
    return in_words(cpu)


def in_words(cpu: Mapping[str, Any]) -> str:
    """A processor as `environment.json` has it: model and vector extensions."""
    extensions = cpu.get("extensions")
    return f"{cpu['model']} ({extensions})" if extensions else cpu["model"]


def processors(folders: Iterable[Path]) -> dict[str, int]:
    """How many runs come from each processor; those that do not say are left out."""
    return counted_processors(map(processor_of, folders))


def counted_processors(names: Iterable[str | None]) -> dict[str, int]:
    """How often each processor is named, the most frequent first; None is left out."""
    found = Counter(names)
    return {name: count for name, count in found.most_common() if name is not None}


def told(found: Mapping[str, int]) -> str | None:
    """One sentence where runs come from different processors; None where they do not."""
    if len(found) < 2:
        return None
    listed = "; ".join(f"{count} of {name}" for name, count in found.items())
    return (
        f"The runs come from different processors ({listed}): the same recipe and seed give other "
        "weights on another one, so that methods are best compared on the same one."
    )
