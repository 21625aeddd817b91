"""JSON to dataclasses and back: the annotations of the fields say what a file may hold.

What is missing or null takes the default of its field, as files of earlier versions want; what is
not known is of a later version and left out. All else that does not fit is refused by its name.
"""

import dataclasses
import functools
import math
import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from tssd.errors import UsageError

T = TypeVar("T")
Parse = Callable[[Any], Any]

# What is larger is no measurement, and overflows where it is squared; infinity and NaN may be.
HUGE = 1e30
NUMERIC = {int, float}


class MisfitError(ValueError):
    """A value that is not what its field holds.

    Args:
        told: what is wrong with it, after its name; None = it is missing.
        name: of the value.
    """

    def __init__(self, told: str | None, name: str = "") -> None:
        super().__init__(told, name)
        self.told, self.name = told, name

    def below(self, step: str) -> "MisfitError":
        """The same, seen from one level further up."""
        return type(self)(self.told, f"{step}{self.name}")

    def __str__(self) -> str:
        """In one line."""
        name = self.name.lstrip(".")
        return f"it has no {name}" if self.told is None else f"{name or 'it'}{self.told}"


def read_as(kind: type[T], content: object) -> T:
    """An instance of a dataclass from what JSON holds.

    >>> @dataclasses.dataclass
    ... class Point:
    ...     x: float
    ...     names: tuple[str, ...] = ()
    >>> read_as(Point, {"x": 1.5, "names": ["a"], "of_a_later_version": 3})
    Point(x=1.5, names=('a',))

    Args:
        kind: whose fields are int (at least 0), float, bool, str, Literal of texts, dataclasses,
            tuples and mappings of these, or None besides; Annotated with a function: what that
            makes of it. A name that Python keeps for itself ends in "_" there, and not in JSON.
        content: of the file.
    Raises: ValueError: in one line, the first value that does not fit, what it is, and what it
        should be; or which is missing.
    """
    return _parser(kind)(content)


def plain(value: Any) -> Any:
    """Numbers, text, lists and dicts only, for JSON.

    >>> plain({"a": (1, None)})
    {'a': [1, None]}
    """
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {f.name.rstrip("_"): plain(getattr(value, f.name)) for f in fields}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def shown(value: object) -> str:
    """A value for a message; a whole number may have thousands of digits."""
    if type(value) in NUMERIC and HUGE <= abs(value) < math.inf:  # type: ignore[arg-type]
        return "a huge number"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def wrong(value: object, expected: str) -> MisfitError:
    """What to raise for a value that is something else than expected."""
    return MisfitError(f" is {shown(value)}, expected {expected}")


@functools.cache
def _parser(kind: Any) -> Parse:
    """What makes a value of a kind. Names are put together only where something is wrong."""
    if dataclasses.is_dataclass(kind):
        return _of_dataclass(kind)
    if kind in SCALARS:
        return SCALARS[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return next(extra for extra in kind.__metadata__ if callable(extra))
    if origin is Literal:
        return _one_of(args)
    if origin in (Union, types.UnionType):
        (inner,) = (arg for arg in args if arg is not type(None))
        return _parser(inner)  # None is the field's own business
    if origin is tuple and args[0] in (int, float, float | None):
        return _numbers(args[0])
    if origin is tuple:
        return _several(_parser(args[0]))
    if origin is dict:
        return _mapping(_parser(args[1]))
    raise TypeError(f"{kind} cannot be read from JSON")


def _of_dataclass(kind: Any) -> Parse:
    hints = get_type_hints(kind, include_extras=True)
    fields = [
        (field.name, field.name.rstrip("_"), _parser(hints[field.name]), _is_required(field))
        for field in dataclasses.fields(kind)
    ]

    def parse(value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong(value, "a mapping")
        found = {}
        for name, key, parse_field, required in fields:
            item = value.get(key)
            if item is not None:
                try:
                    found[name] = parse_field(item)
                except MisfitError as misfit:
                    raise misfit.below(f".{key}") from None
            elif required:
                raise MisfitError(None, f".{key}")
        try:
            return kind(**found)
        except UsageError as error:
            raise MisfitError(f": {error}") from None

    return parse


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _numbers(kind: Any) -> Parse:
    """Lists of numbers: most of a file, and nearly always all is well."""
    scalar = _parser(kind)
    nothing = None if kind == float | None else math.nan

    def parse(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise wrong(value, "a list")
        found = {*map(type, value)}
        if found <= ({int} if kind is int else NUMERIC) and _is_small(value, kind):
            return tuple(value)
        return _each(lambda item: nothing if item is None else scalar(item), value)

    return parse


def _is_small(values: list[Any], kind: Any) -> bool:
    least = min(values, default=0) if kind is int else 0
    return max(map(abs, values), default=0) < HUGE and least >= 0


def _several(parse_one: Parse) -> Parse:
    def parse(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise wrong(value, "a list")
        return _each(parse_one, value)

    return parse


def _each(parse_one: Parse, values: list[Any]) -> tuple[Any, ...]:
    found = []
    for index, item in enumerate(values):
        try:
            found.append(parse_one(item))
        except MisfitError as misfit:
            raise misfit.below(f"[{index}]") from None
    return tuple(found)


def _mapping(parse_one: Parse) -> Parse:
    def parse(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong(value, "a mapping")
        found = {}
        for key, item in value.items():
            try:
                found[key] = parse_one(item)
            except MisfitError as misfit:
                raise misfit.below(f".{key}") from None
        return found

    return parse


def _one_of(words: tuple[Any, ...]) -> Parse:
    expected = " or ".join(map(repr, words))

    def parse(value: Any) -> Any:
        if not isinstance(value, str) or value not in words:
            raise wrong(value, expected)
        return value

    return parse


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < HUGE:
        raise wrong(value, "a whole number, at least 0")
    return value


def _number(value: Any) -> float:
    if type(value) not in NUMERIC or HUGE <= abs(value) < math.inf:
        raise wrong(value, "a number")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong(value, "true or false")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong(value, "text")
    return value


SCALARS: dict[Any, Parse] = {int: _whole, float: _number, str: _text, bool: _truth}
