"""Neurons and surrogates that are derived from what a certain norm does, in a recipe without it."""

from typing import Any

from tssd.config.options import content, parameters
from tssd.config.paths import load_object, path_of
from tssd.config.recipe import Config
from tssd.config.types import MISSING, wanted
from tssd.errors import UsageError


def check_needed_norms(config: Config) -> None:
    """Refuse a neuron, or its surrogate, that says `needs_norm` where the norm is another.

    Args:
        config: a recipe whose options are known to be right.
    Raises: UsageError: names both, and how to get the norm.
    """
    net, exits = config.get("net"), config.get("exits")
    norm = _norm(net)
    _check("net", net, norm)
    _check("exits", exits, _given(exits, "norm") or norm)


def _check(section: str, node: Any, norm: str | None) -> None:
    neuron = content(node).get("neuron")
    parts = {"neuron": _given(node, "neuron"), "neuron.surrogate": _given(neuron, "surrogate")}
    for option, path in parts.items():
        if path is None or norm is None:
            continue
        needed = getattr(load_object(path), "needs_norm", None)
        if needed is not None and not _is_a(norm, needed):
            name = path.rpartition(".")[2]
            raise UsageError(
                f"{section}.{option}: {name} needs the norm {needed}, from which it is derived, "
                f"but {section}.norm is {norm}; add --{section}.norm {needed}, or leave {name} out"
            )


def _norm(node: Any) -> str | None:
    """Import path of a network's norm; None where it has no such option, or is not known."""
    if (given := _given(node, "norm")) is not None:
        return given
    path = _path(node)
    slot = parameters(load_object(path)).get("norm") if path is not None else None
    default = None if slot is None or slot.default is MISSING else slot.default
    return path_of(default) if callable(default) else None


def _given(node: Any, name: str) -> str | None:
    """The import path given for an option, if that takes one and not plain words."""
    value, owner = content(node).get(name), _path(node)
    if value is None or owner is None:
        return None
    slot = parameters(load_object(owner)).get(name)
    return _path(value) if slot is not None and wanted(slot.kind) is not None else None


def _path(node: Any) -> str | None:
    """The import path of a class or function, however it stands in a recipe."""
    path = node.get("class_path") if isinstance(node, dict) else node
    return path if isinstance(path, str) else None


def _is_a(path: str, needed: str) -> bool:
    thing, wanted = load_object(path), load_object(needed)
    both = isinstance(thing, type) and isinstance(wanted, type)
    return thing is wanted or (both and issubclass(thing, wanted))
