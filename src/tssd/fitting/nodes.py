"""Objects as they stand in a configuration, where a file can rebuild them."""

import dataclasses
import functools
import inspect
from collections.abc import Mapping
from typing import Any

from tssd.config.paths import load_object, path_of
from tssd.errors import UsageError

PLAIN = (bool, int, float, str, type(None))


class NotPlainError(Exception):
    """A value that no file can hold."""


def import_path(thing: object) -> str | None:
    """The path by which any program imports a class or function.

    None: there is none, as of what a notebook, a script or another function defines.
    """
    if not (isinstance(thing, type) or inspect.isroutine(thing)):
        return None
    module, name = getattr(thing, "__module__", None), thing.__qualname__
    if module in (None, "__main__", "__mp_main__") or "." in name or "<" in name:
        return None
    try:
        path = path_of(thing)
        return path if load_object(path) is thing else None
    except (UsageError, KeyError):
        return None


def maker_node(maker: object) -> dict[str, Any] | None:
    """A class or function, or a functools.partial of one with keywords, as a configuration has it.

    None: no file can hold it.
    """
    inside = maker.func if isinstance(maker, functools.partial) else maker
    if isinstance(maker, functools.partial) and maker.args:
        return None
    options = maker.keywords if isinstance(maker, functools.partial) else {}
    path = import_path(inside)
    if path is None:
        return None
    try:
        return {"class_path": path, "init_args": plain(options)}
    except NotPlainError:
        return None


def object_node(thing: Any) -> dict[str, Any] | None:
    """A dataclass's object as a configuration has it; None: no file can hold it."""
    try:
        found = plain(thing)
    except NotPlainError:
        return None
    return found if isinstance(found, dict) and "class_path" in found else None


def plain(value: Any) -> Any:
    """A value as YAML holds it; objects of dataclasses by their class and fields.

    Raises: NotPlainError: it can't.
    """
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if (path := import_path(value)) is not None:
        return path
    path = import_path(type(value))
    if path is None or not _is_made_of_fields(type(value)):
        raise NotPlainError(f"{value!r:.80}")
    options = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
    return {"class_path": path, "init_args": plain(options)}


def _is_made_of_fields(kind: type) -> bool:
    """Whether a class takes what its dataclass's fields hold, and nothing else."""
    maker = next(each for each in kind.__mro__ if "__init__" in vars(each))
    return "__dataclass_fields__" in vars(maker)
