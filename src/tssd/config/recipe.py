"""Recipes by name or path, with one extending another and values overridden by dotted names."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from tssd.config.options import check_option
from tssd.config.suggest import nearest
from tssd.errors import DataError, UsageError

Config = dict[str, Any]


def recipe_names() -> list[str]:
    """Names of the recipes inside the package, such as `digits/tssd`.

    Parts that only serve to be extended start with an underscore and are not listed.
    """
    return sorted(name for name in _walk(files("tssd") / "recipes") if "/_" not in f"/{name}")


def recipe_text(name: str) -> str:
    """The YAML of a recipe, comments included; name: in the package, or a path.

    Raises: UsageError: there is none (names the nearest).
    """
    if name in _walk(files("tssd") / "recipes"):
        return (files("tssd") / "recipes" / f"{name}.yaml").read_text()
    path = Path(name)
    if path.is_dir():
        path = path / "config.yaml"
        if not path.exists():
            raise DataError(f"{name}: not a run folder (it has no config.yaml)")
    if path.suffix in (".yaml", ".yml") and path.exists():
        return path.read_text()
    raise UsageError(
        f"recipe: {name!r} is neither a recipe nor a YAML file; {nearest(name, recipe_names())} "
        "(`tssd recipes` lists all)"
    )


def load_recipe(name: str, overrides: Sequence[tuple[str, str]] = ()) -> Config:
    """A recipe as a mapping, `extends` followed, overrides (dotted name, YAML value) applied.

    Raises: UsageError: unknown recipe or option, or a value that is not YAML.
    """
    config = _merged(name, recipe_text(name))
    for option, text in overrides:
        override(config, option, text)
    return config


def override(config: Config, option: str, text: str) -> None:
    """Set one value in place. A class path replaces a class and keeps the options it shares.

    `objectives.temporal.weight` means `objectives.temporal.init_args.weight`.
    """
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"--{option}: {text!r} is not a YAML value ({error})") from None
    keys = check_option(config, option)
    node = config
    for key in keys[:-1]:
        node = node[key] if isinstance(node.get(key), dict) else node.setdefault(key, {})
    old = node.get(keys[-1])
    if isinstance(old, dict) and "class_path" in old and isinstance(value, str):
        value = {"class_path": value, "init_args": _shared(old.get("init_args", {}), value)}
    node[keys[-1]] = value


def _shared(old: Config, class_path: str) -> Config:
    from tssd.config.options import parameters

    return {key: value for key, value in old.items() if key in parameters(class_path)}


def _merged(name: str, text: str) -> Config:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{name}: not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(config, dict):
        raise UsageError(f"{name}: expected a mapping of options, found {type(config).__name__}")
    extends = config.pop("extends", [])
    merged: Config = {}
    for base in [extends] if isinstance(extends, str) else extends:
        merged = _merge(merged, _merged(base, recipe_text(base)))
    return _merge(merged, config)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Config:
    merged = deepcopy(dict(base))
    for key, value in over.items():
        old = merged.get(key)
        same_class = isinstance(old, dict) and isinstance(value, dict)
        if same_class and "class_path" in value and value["class_path"] != old.get("class_path"):
            same_class = False
        merged[key] = _merge(old, value) if same_class else deepcopy(value)
    # null removes what the base has, for example an objective.
    return {key: value for key, value in merged.items() if value is not None}


def _walk(folder: Traversable, prefix: str = "") -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".yaml"):
            yield prefix + entry.name.removesuffix(".yaml")
