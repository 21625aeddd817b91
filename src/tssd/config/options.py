"""Which options a recipe has: the names that may be overridden, and what each means."""

import inspect
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from typing import Any

from docstring_parser import parse as parse_docstring

from tssd.config.suggest import nearest
from tssd.errors import UsageError


def load_object(path: str) -> Any:
    """The class or function at an import path.

    Raises: UsageError: there is none.
    """
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        raise UsageError(
            f"{path}: no such class or function can be imported; expected a path such as "
            "tssd.models.vgg9"
        ) from None


@cache
def parameters(path: str) -> Mapping[str, inspect.Parameter]:
    """Parameters of the class or function at an import path."""
    return inspect.signature(load_object(path)).parameters


@cache
def descriptions(path: str) -> Mapping[str, str]:
    """What each parameter means, from the docstring of the class or function."""
    thing = load_object(path)
    return _documented(thing)


def _documented(thing: Any) -> dict[str, str]:
    doc = parse_docstring(inspect.getdoc(thing) or "")
    return {p.arg_name: " ".join((p.description or "").split()) for p in doc.params}


def children(node: Any, section: str) -> dict[str, str] | None:
    """Names and meanings of the options below a node; None where any name may stand."""
    from tssd.config.schema import SECTIONS

    if not section:
        return {name: text for name, (_, text) in SECTIONS.items()}
    kind = SECTIONS.get(section, (None,))[0]
    if is_dataclass(kind):
        return {name: _documented(kind).get(name, "") for name in kind.__dataclass_fields__}
    if isinstance(node, dict) and "class_path" in node:
        path = node["class_path"]
        return {name: descriptions(path).get(name, "") for name in parameters(path)}
    return None


def check_option(config: Mapping[str, Any], option: str) -> list[str]:
    """The keys under which a dotted option stands in the configuration.

    Raises: UsageError: an unknown name; says which is nearest.
    """
    keys: list[str] = []
    node: Any = config
    section = ""
    names = option.split(".")
    for depth, name in enumerate(names):
        valid = children(node, section)
        if name in ("class_path", "init_args") and isinstance(node, dict) and name in node:
            valid = None
        if valid is not None and name not in valid:
            prefix = ".".join(names[:depth])
            full = [f"{prefix}.{v}".lstrip(".") for v in valid]
            raise UsageError(f"--{option}: no such option; {nearest(option, full)}")
        if isinstance(node, dict) and "class_path" in node and valid is not None:
            keys.append("init_args")
            node = node.setdefault("init_args", {})
        keys.append(name)
        node = node.get(name) if isinstance(node, dict) else None
        section = name if depth == 0 else f"{section}.{name}"
    return keys
