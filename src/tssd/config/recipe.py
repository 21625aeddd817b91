"""Recipes by name or path, with one extending another. Only reads and merges YAML."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tssd.config.suggest import nearest
from tssd.errors import DataError, UsageError

Config = dict[str, Any]


class Layer(NamedTuple):
    """What one file says itself, and the name or path that it was asked for by."""

    source: str
    config: Config


def recipe_names() -> list[str]:
    """Names of the recipes inside the package, such as `digits/tssd`.

    Parts that only serve to be extended start with an underscore and are not listed.
    """
    return sorted(name for name in _walk(_folder()) if "/_" not in f"/{name}")


def recipe_text(name: str, asked_by: str = "recipe") -> str:
    """The YAML of a recipe, comments included.

    Args:
        name: of a recipe in the package, or the path of a YAML file or a run folder.
        asked_by: what names it, for messages.
    Raises: UsageError: there is none (names the nearest). DataError: it cannot be read.
    """
    if name in _walk(_folder()):
        return (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    path = Path(name)
    if path.is_dir():
        path = path / "config.yaml"
        if not path.exists():
            raise DataError(f"{name}: not a run folder (it has no config.yaml)")
    if not path.is_file():
        if path.suffix in (".yaml", ".yml"):
            raise UsageError(f"{asked_by}: there is no file {name!r}")
        raise UsageError(
            f"{asked_by}: {name!r} is neither a recipe nor a YAML file; "
            f"{nearest(name, recipe_names())} (`tssd recipes` lists all)"
        )
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}), expected a YAML file") from None


def layers(name: str, above: tuple[str, ...] = ()) -> list[Layer]:
    """A recipe and all that it extends, in the order in which they are merged.

    Args:
        name: see `recipe_text`; in a file that extends it, a path beside that file will do.
        above: the recipes that extend this one, outermost first.
    Raises: UsageError: unknown, not YAML, or extending itself.
    """
    if name in above:
        circle = " -> ".join([*above[above.index(name) :], name])
        raise UsageError(f"{above[-1]}: extends: it goes in a circle, {circle}")
    config = _mapping(name, recipe_text(name, f"{above[-1]}: extends" if above else "recipe"))
    bases = config.pop("extends", None) or []
    bases = [bases] if isinstance(bases, str) else bases
    if not (isinstance(bases, list) and all(isinstance(base, str) for base in bases)):
        raise UsageError(f"{name}: extends: got {bases!r}, expected a recipe or a list of recipes")
    found: list[Layer] = []
    for base in bases:
        beside = Path(name).parent / base
        found += layers(str(beside) if beside.is_file() else base, (*above, name))
    return [*found, Layer(name, config)]


def merge(found: list[Layer]) -> Config:
    """One mapping out of several, later ones over earlier ones.

    Mappings are merged; another class_path replaces a class and its init_args; null removes a
    section or an objective.
    """
    merged: Config = {}
    for layer in found:
        merged = without_removed(_merge(merged, layer.config))
    return merged


def without_removed(config: Config) -> Config:
    """A recipe without the sections and objectives that are null."""
    kept = {key: value for key, value in config.items() if value is not None}
    if isinstance(objectives := kept.get("objectives"), dict):
        kept["objectives"] = {k: v for k, v in objectives.items() if v is not None}
    return kept


def _mapping(name: str, text: str) -> Config:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{name}: not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(config, dict):
        found = "nothing" if config is None else type(config).__name__
        raise UsageError(
            f"{name}: expected a mapping of sections such as net and data, got {found}"
        )
    return config


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Config:
    merged = deepcopy(dict(base))
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and _same_class(old, value):
            merged[key] = _merge(old, value)
        else:
            merged[key] = deepcopy(value)
    return merged


def _same_class(old: Config, new: Config) -> bool:
    return "class_path" not in new or new["class_path"] == old.get("class_path")


def _folder() -> Traversable:
    return files("tssd") / "recipes"


def _walk(folder: Traversable, prefix: str = "") -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".yaml"):
            yield prefix + entry.name.removesuffix(".yaml")
