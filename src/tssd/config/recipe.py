"""Files of recipes, and one merged over another. Only reads and merges YAML."""

import os
from contextlib import suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tssd.config.pieces import folder, recipe_names, rooms
from tssd.config.suggest import nearest
from tssd.errors import DataError, UsageError
from tssd.reading import RESTORE, read_yaml
from tssd.yaml_text import load_yaml

Config = dict[str, Any]

# Bytes of a recipe: a thousand times what one has.
LARGEST = 1_000_000
# Sections that each run's configuration has, as mappings.
OF_RUNS = ("data", "net", "timesteps", "objectives")


class Layer(NamedTuple):
    """What one file says itself, and the name or path that it was asked for by."""

    source: str
    config: Config


class Replaced(NamedTuple):
    """A class that took the place of another, whose arguments are dropped.

    Args:
        option: dotted name.
        old: the node that was there, {class_path: ..., init_args: ...}.
        new: what stands there now.
        source: the file that did it.
    """

    option: str
    old: Config
    new: Any
    source: str


def recipe_text(name: str, asked_by: str = "recipe") -> str:
    """The YAML of a file, comments included.

    Args:
        name: of a file of the package, such as `nets/vgg9`, or the path of a YAML file or a run
            folder.
        asked_by: what names it, for messages.
    Raises: UsageError: there is none (names the nearest). DataError: it cannot be read.
    """
    if is_packaged(name):
        return (folder() / f"{name}.yaml").read_text(encoding="utf-8")
    path = Path(name)
    if "\0" in name:
        raise UsageError(f"{asked_by}: {name!r} is not the name of a file")
    if os.path.isdir(name):
        path = path / "config.yaml"
        if not path.exists():
            raise DataError(f"{name}: not a run folder (it has no config.yaml)")
    if not os.path.isfile(path):
        if path.suffix in (".yaml", ".yml"):
            raise UsageError(f"{asked_by}: there is no file {name!r}")
        known = [piece for names in rooms().values() for piece in names]
        raise UsageError(
            f"{asked_by}: {name!r} is neither a recipe nor a YAML file; "
            f"{nearest(name, recipe_names() if '/' in name else known)} (`tssd recipes` lists all)"
        )
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise DataError(f"{path}: {size} bytes, expected a recipe of {LARGEST} at most")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}), expected a YAML file") from None


def is_packaged(name: str) -> bool:
    """Whether a file of recipes is in the package under this path, such as `nets/vgg9`."""
    inside = all(part not in ("", ".", "..") for part in name.split("/"))
    with suppress(OSError, ValueError):  # too long a name, or one with a null character
        return inside and (folder() / f"{name}.yaml").is_file()
    return False


def file_content(name: str, asked_by: str = "recipe") -> tuple[list[str], Config]:
    """What a file extends, and what it says itself.

    Args: see `recipe_text`.
    Raises: UsageError: not a mapping in YAML, or `extends` is not made of names. DataError: a run's
        configuration is damaged.
    """
    of_run = Path(name) / "config.yaml"
    # Not Path.exists, which raises for a name that is too long.
    if not is_packaged(name) and os.path.exists(of_run):
        config = _of_run(of_run)
    else:
        config = _mapping(name, recipe_text(name, asked_by))
    bases = config.pop("extends", None) or []
    bases = [bases] if isinstance(bases, str) else bases
    if not (isinstance(bases, list) and all(isinstance(base, str) for base in bases)):
        raise UsageError(f"{name}: extends: got {bases!r}, expected a recipe or a list of recipes")
    return bases, config


def merge(found: list[Layer], replaced: list[Replaced] | None = None) -> Config:
    """One mapping out of several, later ones over earlier ones: see `merge_value`.

    null removes a section or an objective.

    Args:
        found: the files.
        replaced: receives the classes whose arguments are dropped.
    """
    merged: Config = {}
    for layer in found:
        told = [] if replaced is None else replaced
        merged = without_removed(merge_value(merged, layer.config, told, source=layer.source))
    return merged


def merge_value(
    old: Any, new: Any, replaced: list[Replaced], *, option: str = "", source: str = ""
) -> Any:
    """A value over another, which are both left as they are.

    Mappings are merged. The same class keeps its arguments, and another drops them all: a learning
    rate for SGD is none for Adam. Anything else takes the place of what was there.

    Args:
        old: the value so far; None = there is none.
        new: the value to come.
        replaced: receives the classes whose arguments are dropped.
        option: dotted name.
        source: the file that the new value is in.
    """
    if isinstance(old, str) and isinstance(new, dict) and "init_args" in new:
        old = {"class_path": old}
    was = old.get("class_path") if isinstance(old, dict) else None
    path = _class_path(new) if was is not None else None
    if isinstance(old, dict) and path is not None:
        if not _same_class(was, path):
            if old.get("init_args"):
                replaced.append(Replaced(option, deepcopy(old), deepcopy(new), source))
            return deepcopy(new)
        below = new if isinstance(new, dict) else {}
        new = below | {"class_path": was if "." not in path else path}
    if not (isinstance(old, dict) and isinstance(new, dict)) or (
        "class_path" in new and "class_path" not in old
    ):
        return deepcopy(new)
    merged = deepcopy(old)
    for key, value in new.items():
        # As on the command line, init_args is no part of an option's name.
        inside = option if key == "init_args" else f"{option}.{key}".lstrip(".")
        merged[key] = merge_value(old.get(key), value, replaced, option=inside, source=source)
    return merged


def without_removed(config: Config) -> Config:
    """A recipe without the sections and objectives that are null."""
    kept = {key: value for key, value in config.items() if value is not None}
    if isinstance(objectives := kept.get("objectives"), dict):
        kept["objectives"] = {k: v for k, v in objectives.items() if v is not None}
    return kept


def _of_run(path: Path) -> Config:
    # Nobody has typed it: what is wrong with it is damage, and no mistake of the user's.
    config = read_yaml(path)
    for section in () if "extends" in config else OF_RUNS:
        if not isinstance(config.get(section), dict):
            raise DataError(f"{path}: damaged (no section {section} in it); {RESTORE}")
    return config


def _mapping(name: str, text: str) -> Config:
    try:
        config = _parsed(text)
    except ValueError as error:
        raise UsageError(f"{name}: not valid YAML ({error})") from None
    if not isinstance(config, dict):
        found = "nothing" if config is None else type(config).__name__
        raise UsageError(
            f"{name}: expected a mapping of sections such as net and data, got {found}"
        )
    return dict(config)


# Many recipes extend the same few files.
_parsed = cache(load_yaml)


def _class_path(value: Any) -> str | None:
    """The import path that a value is, or has."""
    path = value.get("class_path") if isinstance(value, dict) else value
    return path if isinstance(path, str) else None


def _same_class(old: Any, new: str) -> bool:
    """Whether two paths name the same class, one of them perhaps by its last part only."""
    return old == new or (
        isinstance(old, str)
        and "." not in (new if "." in old else old)
        and old.rpartition(".")[2] == new.rpartition(".")[2]
    )
