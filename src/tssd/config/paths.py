"""Import paths, by which a recipe names classes and functions.

Importing runs a module's code, and that is the point: a recipe can name a network of your own.
So treat a recipe or a run folder from a stranger like a script from a stranger.
"""

import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from tssd.config.suggest import nearest
from tssd.errors import UsageError


def load_object(path: str) -> Any:
    """The class or function at an import path.

    Raises: UsageError: there is none (names the nearest), or its module cannot be imported.
    """
    module, _, name = path.rpartition(".")
    if not module or path.startswith("."):
        raise UsageError(
            f"{path!r} is neither a known class nor an import path such as tssd.models.vgg9"
        )
    try:
        thing = getattr(_import(module), name)
    except (ModuleNotFoundError, AttributeError):
        raise UsageError(f"{path} does not exist; {_correction(path)}") from None
    if not callable(thing):
        raise UsageError(f"{path} is neither a class nor a function")
    return thing


def path_of(thing: Any) -> str:
    """The shortest import path of a class or function."""
    for module in _with_parents(thing.__module__):
        if getattr(sys.modules.get(module), thing.__name__, None) is thing:
            return f"{module}.{thing.__name__}"
    return f"{thing.__module__}.{thing.__qualname__}"


def known_classes(base: type) -> list[str]:
    """Import paths of the public subclasses of a class of tssd, sorted; none of other classes."""
    if not base.__module__.startswith("tssd."):
        return []
    return sorted({path_of(found) for found in _subclasses(base) if _is_public(found)})


def _import(module: str) -> ModuleType:
    """A module. Raises: ModuleNotFoundError: there is none. UsageError: its own code fails."""
    try:
        return import_module(module)
    except Exception as error:  # the module's own code runs, and may raise anything
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and f"{module}.".startswith(f"{missing}."):
            raise
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(f"{module} cannot be imported ({reason})") from error


def _correction(path: str) -> str:
    """What is near the first part of a path that does not exist."""
    known, *rest = path.split(".")
    for part in rest:
        try:
            module = _import(known)
        except ModuleNotFoundError:
            break
        names = {name for name in vars(module) if not name.startswith("_")}
        below = {found.name for found in pkgutil.iter_modules(getattr(module, "__path__", []))}
        if part not in names | below:
            # The last part names a class or function, those before it modules.
            last = f"{known}.{part}" == path
            wanted = set(getattr(module, "__all__", names - below)) if last else below
            return nearest(part, sorted(wanted), prefix=f"{known}.")
        known = f"{known}.{part}"
    return f"there is no module {known}"


def _with_parents(module: str) -> list[str]:
    """`a.b.c` gives a, a.b and a.b.c."""
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _subclasses(base: type) -> Iterator[type]:
    for found in base.__subclasses__():
        yield found
        yield from _subclasses(found)


def _is_public(found: type) -> bool:
    # What a package of tssd exports is public; the top package exports only a selection.
    top, *packages = _with_parents(found.__module__)
    exported = [getattr(sys.modules.get(package), "__all__", None) for package in packages]
    return top == "tssd" and all(e is None or found.__name__ in e for e in exported)
