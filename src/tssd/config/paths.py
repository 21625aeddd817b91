"""Import paths, by which a recipe names classes and functions.

Importing runs a module's code, and that is the point: a recipe can name a network of your own. So
treat a recipe from a stranger like a script from a stranger. A run folder may name less: see
`tssd.config.trust`.
"""

import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from tssd.config.suggest import nearest
from tssd.config.trust import check_origin, check_path, is_restricted
from tssd.errors import UsageError

PLAIN = (int, float, bool, str, Path, NoneType)
# Text that jsonargparse takes for a word, a number or a time, never for an import path or for YAML.
HARMLESS = re.compile(r"\w*|[-+]?[\d.]+(e[-+]?\d+)?|\d+(:\d\d)+", re.ASCII)


def load_object(path: object) -> Any:
    """The class or function at an import path.

    Raises: UsageError: there is none (names the nearest), or its module cannot be imported, or a
        run folder names it and may not.
    """
    if not isinstance(path, str):
        raise UsageError(f"{path!r:.80} is not an import path, such as tssd.models.vgg9")
    check_path(path)
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
    check_origin(path, thing)
    return thing


def check_texts(kind: Any, value: Any) -> None:
    """Refuse text in a run folder that, given for a type, would be imported from.

    jsonargparse takes text for an import path wherever a type is not plain, and wherever it is not
    known.

    Raises: UsageError: see `load_object`.
    """
    if is_restricted() and not _is_plain(kind):
        for text in _texts(value):
            if not HARMLESS.fullmatch(text):
                load_object(text)


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
    _look_beside(module.partition(".")[0])
    try:
        return import_module(module)
    # The module's own code runs, and may raise anything: a script ends the program.
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and f"{module}.".startswith(f"{missing}."):
            raise
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, SystemExit):
            reason = "it ends the program; put what it runs below `if __name__ == '__main__':`"
        raise UsageError(f"{module} cannot be imported ({reason})") from error


def _look_beside(top: str) -> None:
    """Put the current folder on the import path, last, if what is named is only there.

    Never before: torch and others try to import many packages that are seldom installed, and one
    of the current folder, which may hold a stranger's files, would be run.
    """
    with suppress(OSError, ImportError, ValueError):  # no such folder any more; not a name at all
        here = os.getcwd()
        known = top in sys.modules or here in sys.path or PathFinder.find_spec(top) is not None
        if not known and PathFinder.find_spec(top, [here]) is not None:
            sys.path.append(here)


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


def _is_plain(kind: Any) -> bool:
    """Whether values of a type are numbers and text, never objects to be imported."""
    origin, inside = get_origin(kind), [k for k in get_args(kind) if k is not Ellipsis]
    if origin is None or origin is Literal:
        return origin is Literal or kind in PLAIN
    holds = origin in (Union, UnionType) or isinstance(origin, type) and origin is not Callable
    return bool(holds and inside) and all(_is_plain(each) for each in inside)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | Sequence):
        for inside in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inside)
