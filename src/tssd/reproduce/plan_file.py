"""Plans in YAML files, read and checked: those of the package and a user's own."""

import math
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from tssd.config.suggest import nearest
from tssd.errors import DataError, UsageError
from tssd.report.shown_names import printable
from tssd.reproduce.plan import SCALES, Cell, Kind, Plan, Scale, Variant
from tssd.runs.folder_names import file_name
from tssd.runs.which_epoch import EPOCHS
from tssd.yaml_text import load_yaml

REQUIRED = ("title", "source", "kind", "cells")
OPTIONAL = ("epoch", "baseline", "also_over", "notes", "not_here", "x_label")
CELL_REQUIRED = ("data", "row", "column", "at", "runs")
CELL_OPTIONAL = ("paper", "x", "recalibrated", "longer")
# Kinds that show more than accuracies.
ONLY_AS_TRAINED = ("curves", "rates", "exits", "theory")


def plan_names() -> list[str]:
    """Names of the plans inside the package, the paper's order."""
    found = (entry.name for entry in _folder().iterdir())
    names = sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml"))
    return sorted(names, key=lambda name: not name.startswith(("table", "figure")))


def variant_names(scale: Scale) -> set[str]:
    """Folders of all runs of the plans inside the package."""
    plans = map(load_plan, plan_names())
    return {cell.runs[scale].name for p in plans for cell in p.cells if scale in cell.runs}


def load_plan(name: str) -> Plan:
    """A plan by its name, or from a YAML file.

    Raises: UsageError: unknown, or something in it is missing, unknown or of the wrong kind.
        DataError: the file cannot be read.
    """
    if name in plan_names():
        text = (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    elif (path := Path(name)).suffix in (".yaml", ".yml") and path.is_file():
        name = file_name(path.stem)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: cannot be read as text ({error})") from None
    else:
        raise UsageError(
            f"reproduce: there is no {name!r}; {nearest(name, plan_names(), shown=99)}"
        )
    try:
        content = load_yaml(text)
    except ValueError as error:
        raise UsageError(f"{name}: not valid YAML ({error})") from None
    return _plan(name, content)


def _plan(name: str, content: Any) -> Plan:
    given = _mapping(content, name, REQUIRED, OPTIONAL)
    epoch = _mapping(given.get("epoch") or {}, f"{name}: epoch", (), SCALES)
    if not isinstance(given["cells"], list) or not given["cells"]:
        raise UsageError(f"{name}: cells: got {given['cells']!r}, expected a list of cells")
    cells = tuple(
        cell
        for n, said in enumerate(given["cells"])
        for cell in _cells(said, f"{name}: cells: {n}")
    )
    places = [(cell.data, cell.row, cell.column, cell.at) for cell in cells]
    if twice := next((place for place in places if places.count(place) > 1), None):
        raise UsageError(f"{name}: cells: {', '.join(map(str, twice))} stands there twice")
    # Pictures of a data set are called by its name.
    files: dict[str, str] = {}
    for cell in cells:
        if (other := files.setdefault(cell.data.lower(), cell.data)) != cell.data:
            raise UsageError(
                f"{name}: cells: data {other!r} and {cell.data!r} differ in upper and lower case "
                "only; rename one"
            )
    kind = _one_of(given["kind"], get_args(Kind), f"{name}: kind")
    if kind in ONLY_AS_TRAINED and (own := next((c for c in cells if c.recalibrated), None)):
        raise UsageError(
            f"{name}: cells: {own.row} is recalibrated, but of such a network no {kind} are kept; "
            "leave it out, or make it a plan of its own, of kind table"
        )
    text: dict[str, Any] = {
        key: None if given.get(key) is None else _words(given[key], f"{name}: {key}")
        for key in ("baseline", "x_label")
    }
    for key in ("notes", "not_here", "also_over"):
        lines = given.get(key) or []
        if not isinstance(lines, list):
            raise UsageError(f"{name}: {key}: got {lines!r}, expected a list of texts")
        text[key] = [_words(line, f"{name}: {key}: {n}") for n, line in enumerate(lines)]
    rows = dict.fromkeys(cell.row for cell in cells)
    bases = {
        "baseline": [text["baseline"]] if text["baseline"] else [],
        "also_over": text["also_over"],
    }
    for key, names in bases.items():
        if unknown := next((row for row in names if row not in rows), None):
            raise UsageError(
                f"{name}: {key}: no row is called {unknown!r}; {nearest(unknown, rows)}"
            )
    if text["also_over"] and (kind != "ablation" or text["baseline"] is None):
        raise UsageError(f"{name}: also_over: is for an ablation with a baseline; leave it out")
    return Plan(
        name=name,
        title=_words(given["title"], f"{name}: title"),
        source=_words(given["source"], f"{name}: source"),
        kind=kind,
        cells=cells,
        epoch={
            scale: _one_of(epoch[scale], tuple(EPOCHS), f"{name}: epoch: {scale}")
            if scale in epoch
            else None
            for scale in SCALES
        },
        text=text,
    )


def _cells(content: Any, where: str) -> Iterator[Cell]:
    """One cell, or one for each T of a list."""
    given = _mapping(content, where, CELL_REQUIRED, CELL_OPTIONAL)
    at = given["at"]
    if isinstance(at, list) and len(at) > 1 and given.get("paper") is not None:
        raise UsageError(f"{where}: paper: one number for {len(at)} timesteps; give each its cell")
    for t in at if isinstance(at, list) and at else [at]:
        yield _cell(given | {"at": t}, where)


def _cell(given: Mapping[str, Any], where: str) -> Cell:
    at, x = given["at"], given.get("x")
    if type(at) is not int or at < 1:
        raise UsageError(f"{where}: at: got {at!r}, expected a whole number of timesteps")
    if x is not None and not _is_number(x):
        raise UsageError(f"{where}: x: got {x!r}, expected a number")
    recalibrated = given.get("recalibrated", False)
    if not isinstance(recalibrated, bool):
        raise UsageError(f"{where}: recalibrated: got {recalibrated!r}, expected true or false")
    longer = given.get("longer", 1)
    if type(longer) is not int or longer < 1:
        raise UsageError(f"{where}: longer: got {longer!r}, expected how many times the epochs")
    paper = given.get("paper") or [None]
    if (
        not isinstance(paper, list)
        or len(paper) > 2
        or not all(value is None or _is_number(value) for value in paper)
    ):
        raise UsageError(
            f"{where}: paper: got {paper!r}, expected [mean] or [mean, std] in per cent"
        )
    mean, std = [None if value is None else float(value) for value in [*paper, None][:2]]
    return Cell(
        data=_words(given["data"], f"{where}: data"),
        row=_words(given["row"], f"{where}: row"),
        column=_words(given["column"], f"{where}: column"),
        at=at,
        runs=_runs(given["runs"], f"{where}: runs"),
        paper=mean,
        std=std,
        x=x,
        recalibrated=recalibrated,
        longer=longer,
    )


def _runs(content: Any, where: str) -> dict[Scale, Variant]:
    runs = {}
    for scale, words in _mapping(content, where, (), SCALES).items():
        try:
            runs[scale] = Variant.parse(_words(words, scale))
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None
    if not runs:
        raise UsageError(f"{where}: got none, expected one for {' or '.join(SCALES)}")
    return runs


def _mapping(
    given: Any, where: str, required: tuple[str, ...], optional: tuple[str, ...]
) -> dict[Any, Any]:
    if not isinstance(given, dict):
        keys = ", ".join(required or optional)
        raise UsageError(f"{where}: expected a mapping with {keys}; got {given!r}")
    for key in required:
        if key not in given:
            raise UsageError(f"{where}: {key} is missing")
    for key in given:
        if key not in (*required, *optional):
            raise UsageError(
                f"{where}: {key}: no such key; {nearest(str(key), required + optional)}"
            )
    return given


def _words(value: Any, where: str) -> str:
    """Text; a number will do, as names such as `4` are written without quotes."""
    if not (isinstance(value, str) and value.strip()) and not _is_number(value):
        raise UsageError(f"{where}: got {value!r}, expected text")
    text = str(value)
    if printable(text) != " ".join(text.splitlines()):
        raise UsageError(f"{where}: got {text!r}, expected text without control characters")
    return text


def _one_of(value: Any, valid: tuple[str, ...], where: str) -> Any:
    if value not in valid:
        raise UsageError(f"{where}: got {value!r}, expected one of {', '.join(valid)}")
    return value


def _is_number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all others
        return False


def _folder() -> Any:
    return files("tssd") / "reproduce" / "plans"
