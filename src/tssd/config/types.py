"""Types of options: whether a value fits one, and what one is in words."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from jsonargparse import ArgumentParser

from tssd.config.paths import known_classes, load_object, path_of
from tssd.errors import UsageError

# Stands where a value must be given and is not.
MISSING: Any = inspect.Parameter.empty

PLAIN = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    NoneType: "null",
}


NANS = (".nan", "+.nan", "-.nan")


class Wanted(NamedTuple):
    """What an import path must lead to: a class or a function that makes an object of `base`.

    `given` is None where the object is wanted, and where its maker is wanted the number of
    arguments that the maker will be called with, which are no options. `other` is a wider base that
    classes from elsewhere may have instead, such as torch.nn.ReLU for a neuron.
    """

    base: type
    given: int | None = None
    other: type | None = None


@cache
def wanted(kind: Any) -> Wanted | None:
    """What an import path given for a type must lead to; None for a type with plain values."""
    others = [member for member in _members(kind) if member is not NoneType]
    if len(others) != 1:
        return None
    (other,) = others
    if get_origin(other) is Callable:
        # Of a bare one, such as a transform of torchvision, nothing is known.
        arguments, result = get_args(other) or (Ellipsis, Any)
        if not isinstance(arguments, list):
            return None
        base, *wider = _members(result)
        known = isinstance(base, type) and len(wider) < 2
        return Wanted(base, len(arguments), *wider) if known else None
    return Wanted(other) if isinstance(other, type) and not _has_values(other) else None


@cache
def entries(kind: Any) -> Any:
    """Type of the objects of a list whose objects are given by import paths; None for others."""
    others = [member for member in _members(kind) if member is not NoneType]
    if len(others) != 1 or get_origin(others[0]) is not list:
        return None
    (inner,) = get_args(others[0])
    return inner if wanted(inner) else None


def as_list(value: Any) -> Any:
    """A list of objects as it stands in a recipe, where one may stand without its list."""
    return [value] if isinstance(value, str | dict) else value


def as_node(kind: Any, value: Any) -> Any:
    """A class given by its path, or by itself as a default, as {class_path: ...}.

    A function stays a path where a maker is wanted, since it makes without options. So with each
    class of a list.

    Raises: UsageError: nothing can be imported from the path.
    """
    if (inner := entries(kind)) is not None:
        listed = as_list(value)
        return [as_node(inner, each) for each in listed] if isinstance(listed, list) else value
    want = wanted(kind)
    if want is None or value is MISSING:
        return value
    if isinstance(value, type) or inspect.isroutine(value):
        path = path_of(value)
        if "<" in path:  # a lambda or local class, which only code can give
            return value
        value = path
    if isinstance(value, str) and (want.given is None or isinstance(load_object(value), type)):
        return {"class_path": value}
    return value


def is_settings(kind: Any) -> bool:
    """Whether a type is written out in YAML as a mapping: a dataclass, and so are all its bases.

    A data module is a dataclass too, but below a class of Lightning's, and given by its path.
    """
    return isinstance(kind, type) and all(map(is_dataclass, kind.__mro__[:-1]))


def check_class(kind: Any, path: str) -> None:
    """Refuse what makes objects of another class. Raises: UsageError: lists the right ones."""
    want, thing = wanted(kind), load_object(path)
    if want is None:
        return
    made = thing if isinstance(thing, type) else _annotated_result(thing)
    # What tssd defines is of the right kind itself, or wrong here: a network is no neuron.
    is_ours = (getattr(thing, "__module__", None) or "").startswith("tssd.")
    bases = (want.base,) if want.other is None or is_ours else (want.base, want.other)
    if isinstance(thing, bases):
        its = type(thing).__name__
        raise UsageError(f"{path} is an object, expected what makes one, such as its class {its}")
    if made is MISSING:
        # It would have to be called to find out, and then it is too late.
        raise UsageError(
            f"{path} does not say what it makes, expected {in_words(kind)}; write "
            f"`-> {want.base.__name__}` behind its arguments"
        )
    results = get_args(made) if get_origin(made) in (Union, UnionType) else (made,)
    if not all(isinstance(each, type) and issubclass(each, bases) for each in results):
        raise UsageError(f"got {path}, expected {in_words(kind)}")
    if want and thing is want.base and known_classes(thing):
        raise UsageError(f"got {path}, which is only their base, expected {in_words(kind)}")


def fits(kind: Any, value: Any) -> bool:
    """Whether a plain value has a type. Nothing is meant to be "not a number"."""
    if value is None:
        return kind is Any or NoneType in _members(kind)
    if _has_nan(value) and not takes_text(kind):
        return False
    if is_settings(kind):
        return isinstance(value, dict)
    try:
        _checker(kind).parse_object({"value": value})
    except Exception:  # jsonargparse lets the errors of imported code through
        return False
    return True


def takes_text(kind: Any) -> bool:
    """Whether any text has a type."""
    return str in _members(kind)


def in_words(kind: Any) -> str:
    """What is expected of a value, for a message."""
    return " or ".join(_word(member, by_path=bool(wanted(kind))) for member in _members(kind))


def choices(kind: Any) -> list[str]:
    """All values of a type that is a list of words, or the known classes of one that is a class."""
    literals = [c for k in _members(kind) if get_origin(k) is Literal for c in get_args(k)]
    members = [member.name for k in _members(kind) if _is_enum(k) for member in k]
    want = wanted(kind)
    return [str(c) for c in literals] + members or (known_classes(want.base) if want else [])


def _annotated_result(function: Any) -> Any:
    """What a function says that it returns; MISSING if it does not."""
    try:
        made = inspect.signature(function).return_annotation
        # The arguments' types are left alone: some may exist for type checkers only.
        if isinstance(made, str):
            holder = SimpleNamespace(__annotations__={"return": made})
            return get_type_hints(holder, function.__globals__)["return"]
        return made
    except Exception:  # such a type, or a function without a signature
        return MISSING


def _has_values(kind: Any) -> bool:
    """Whether a type is written out in YAML: numbers, words, lists, mappings, dataclasses."""
    if kind in PLAIN or kind is Any or get_origin(kind) is not None:
        return True
    return is_settings(kind) or _is_enum(kind)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _has_nan(value: Any) -> bool:
    if isinstance(value, list | dict):
        return any(map(_has_nan, value.values() if isinstance(value, dict) else value))
    # jsonargparse reads text once more where a number is expected.
    return value != value if isinstance(value, float) else str(value).lower() in NANS


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _word(kind: Any, *, by_path: bool) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind]
    want = wanted(kind)
    if listed := choices(kind):
        other = want.other.__name__ if want and want.other else ""
        wider = f", or the import path of a {other}" if other else ""
        return f"one of {', '.join(listed)}{wider}"
    if by_path and want:
        return f"the import path of a {want.base.__name__}"
    if is_settings(kind) or isinstance(origin, type) and issubclass(origin, Mapping):
        return "a mapping"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return "a list" + (f", each {in_words(arguments[0])}" if arguments else "")
    return getattr(kind, "__name__", str(kind))


@cache
def _checker(kind: Any) -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--value", type=kind)
    return parser
