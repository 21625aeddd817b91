"""What a table or figure of the paper consists of: a YAML file, read and checked."""

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self, get_args

import yaml

from tssd.config.suggest import nearest
from tssd.errors import UsageError
from tssd.report.comparison import EPOCHS, Epoch

Scale = Literal["paper", "small"]
SCALES: tuple[Scale, ...] = get_args(Scale)
# What is drawn, and what is written beside the table of accuracies.
Kind = Literal["table", "timesteps", "sweep", "curves", "rates", "exits", "theory"]
REQUIRED = ("title", "source", "kind", "cells")
OPTIONAL = ("epoch", "baseline", "notes", "not_here", "x_label")


@dataclass(frozen=True)
class Variant:
    """A recipe with options, as they would follow `tssd train`.

    Args:
        recipe: its name or path.
        options: pairs of dotted name and YAML value.
    """

    recipe: str
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read `RECIPE [--name=value ...]`. Raises: UsageError: anything else."""
        recipe, *options = shlex.split(words) or [""]
        pairs = [tuple(option.removeprefix("--").split("=", 1)) for option in options]
        wrong = [o for o in options if not o.startswith("--") or "=" not in o]
        if not recipe or wrong:
            raise UsageError(f"got {words!r}, expected RECIPE --name=value ...")
        return cls(recipe, tuple(sorted((name, value) for name, value in pairs)))

    @property
    def words(self) -> str:
        """The words that follow `tssd train`."""
        return " ".join([self.recipe, *(f"--{name}={value}" for name, value in self.options)])

    @property
    def name(self) -> str:
        """The folder of its runs: two variants share one only if they are the same."""
        # A recipe in a file is called by its own name, as `tssd compare` does.
        path = Path(self.recipe)
        recipe = path.stem if path.suffix in (".yaml", ".yml") else self.recipe
        return ",".join([recipe, *(f"{name}={value}" for name, value in self.options)])


@dataclass(frozen=True)
class Cell:
    """One number of the paper, and what is trained for it.

    Args:
        data: the data set; cells of one data set must have seen the same samples.
        row: of the table; the method.
        column: of the table; the network, or what is varied.
        at: timesteps T at which the run is read.
        runs: for each scale that has the cell.
        paper: the paper's mean in per cent; None = the paper gives none.
        std: the paper's standard deviation; None = not given.
        x: where a sweep draws it; None = a line across.
    """

    data: str
    row: str
    column: str
    at: int
    runs: Mapping[Scale, Variant]
    paper: float | None = None
    std: float | None = None
    x: float | None = None


@dataclass(frozen=True)
class Plan:
    """A table or figure.

    Args:
        name: of the plan.
        title: what it shows.
        source: where in the paper.
        kind: what is drawn.
        cells: the numbers.
        epoch: whose weights count, for each scale.
        text: baseline (the row that gains are over), x_label, notes and not_here.
    """

    name: str
    title: str
    source: str
    kind: Kind
    cells: tuple[Cell, ...]
    epoch: Mapping[Scale, Epoch]
    text: Mapping[str, Any]

    def at_scale(self, scale: Scale, datasets: tuple[str, ...] = ()) -> tuple[Cell, ...]:
        """The cells that a scale has, of some data sets only if any are named.

        Raises: UsageError: an unknown data set.
        """
        cells = [cell for cell in self.cells if scale in cell.runs]
        known = list(dict.fromkeys(cell.data for cell in cells))
        for name in datasets:
            if name not in known:
                raise UsageError(f"--datasets: got {name!r}; {nearest(name, known)}")
        return tuple(cell for cell in cells if not datasets or cell.data in datasets)

    def variants(self, cells: tuple[Cell, ...], scale: Scale) -> list[Variant]:
        """What is trained for some cells, each once."""
        return list(dict.fromkeys(cell.runs[scale] for cell in cells))


def plan_names() -> list[str]:
    """Names of the plans inside the package, the paper's order."""
    found = (entry.name for entry in _folder().iterdir())
    names = sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml"))
    return sorted(names, key=lambda name: not name.startswith(("table", "figure")))


def variant_names(scale: Scale) -> set[str]:
    """Folders of all runs of the plans inside the package."""
    plans = map(load_plan, plan_names())
    return {variant.name for p in plans for variant in p.variants(p.at_scale(scale), scale)}


def load_plan(name: str) -> Plan:
    """A plan by its name, or from a YAML file.

    Raises: UsageError: unknown, or something in it is missing, unknown or of the wrong kind.
    """
    if name in plan_names():
        text = (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    elif (path := Path(name)).suffix in (".yaml", ".yml") and path.is_file():
        text, name = path.read_text(encoding="utf-8"), path.stem
    else:
        raise UsageError(
            f"reproduce: there is no {name!r}; {nearest(name, plan_names(), shown=99)}"
        )
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{name}: not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise UsageError(f"{name}: expected a mapping with {', '.join(REQUIRED)}")
    _keys(content, REQUIRED, OPTIONAL, name)
    if content["kind"] not in get_args(Kind):
        valid = ", ".join(get_args(Kind))
        raise UsageError(f"{name}: kind: got {content['kind']!r}, expected one of {valid}")
    cells = tuple(_cell(cell, f"{name}: cells: {n}") for n, cell in enumerate(content["cells"]))
    places = [(cell.data, cell.row, cell.column, cell.at) for cell in cells]
    if twice := next((place for place in places if places.count(place) > 1), None):
        raise UsageError(f"{name}: cells: {', '.join(map(str, twice))} stands there twice")
    chosen = content.get("epoch") or {}
    _keys(chosen, (), SCALES, f"{name}: epoch")
    if wrong := next((word for word in chosen.values() if word not in EPOCHS), None):
        raise UsageError(f"{name}: epoch: got {wrong!r}, expected one of {', '.join(EPOCHS)}")
    epoch: dict[Scale, Epoch] = {scale: chosen.get(scale, "best") for scale in SCALES}
    text_of = {key: content.get(key) for key in OPTIONAL if key != "epoch"}
    head = {key: content[key] for key in REQUIRED if key != "cells"}
    return Plan(name=name, cells=cells, epoch=epoch, text=text_of, **head)


def _cell(given: Any, where: str) -> Cell:
    if not isinstance(given, dict):
        raise UsageError(f"{where}: expected a mapping, got {given!r}")
    _keys(given, ("data", "row", "column", "at", "runs"), ("paper", "x"), where)
    paper = given.get("paper") or [None]
    numbers = [value for value in paper if value is not None]
    if len(paper) > 2 or not all(isinstance(v, int | float) and math.isfinite(v) for v in numbers):
        raise UsageError(f"{where}: paper: got {paper}, expected [mean] or [mean, std] in per cent")
    if not isinstance(given["at"], int) or given["at"] < 1:
        raise UsageError(f"{where}: at: got {given['at']}, expected a whole number of timesteps")
    _keys(given["runs"], (), SCALES, f"{where}: runs")
    try:
        runs = {scale: Variant.parse(words) for scale, words in given["runs"].items()}
    except UsageError as error:
        raise UsageError(f"{where}: runs: {error}") from None
    mean, std = [None if v is None else float(v) for v in [*paper, None][:2]]
    return Cell(
        data=str(given["data"]),
        row=str(given["row"]),
        column=str(given["column"]),
        at=given["at"],
        runs=runs,
        paper=mean,
        std=std,
        x=given.get("x"),
    )


def _keys(
    given: Mapping[str, Any], required: tuple[str, ...], optional: tuple[str, ...], where: str
) -> None:
    for key in required:
        if key not in given:
            raise UsageError(f"{where}: {key} is missing")
    for key in given:
        if key not in (*required, *optional):
            raise UsageError(f"{where}: {key}: no such key; {nearest(key, required + optional)}")


def _folder() -> Any:
    return files("tssd") / "reproduce" / "plans"
