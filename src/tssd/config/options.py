"""Which options a recipe has, from the signatures and docstrings of what it names."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import yaml
from docstring_parser import parse as parse_docstring

from tssd.config.paths import check_texts, load_object
from tssd.config.recipe import Config
from tssd.config.schema import SECTIONS
from tssd.config.sections import UNUSED
from tssd.config.suggest import nearest
from tssd.config.types import (
    MISSING,
    as_node,
    check_class,
    entries,
    fits,
    in_words,
    is_settings,
    wanted,
)
from tssd.errors import UsageError


class Slot(NamedTuple):
    """A place for a value: its type, what stands there if nothing is given, and what it means."""

    kind: Any
    default: Any = MISSING
    meaning: str = ""


class Option(NamedTuple):
    """A place in a recipe: dotted name, value now (MISSING if it must be given), and its slot."""

    name: str
    value: Any
    slot: Slot


class Problem(NamedTuple):
    """What is wrong with an option; empty text if there is no such option."""

    option: str
    text: str = ""


def top_slots(only: Iterable[str] = tuple(SECTIONS)) -> dict[str, Slot]:
    """The sections, or those of some names, whose types alone are imported."""
    return {
        name: Slot(SECTIONS[name][0], deepcopy(UNUSED.get(name, MISSING)), SECTIONS[name][1])
        for name in SECTIONS
        if name in only
    }


def slots_below(kind: Any, node: Any) -> Mapping[str, Slot] | None:
    """What may stand below a node; None below a plain value. Raises: UsageError: no such class."""
    if get_origin(kind) is dict:
        entry = Slot(get_args(kind)[1])
        return dict.fromkeys(node, entry) if isinstance(node, dict) else None
    if is_settings(kind):
        return parameters(kind) if isinstance(node, dict) or node is MISSING else None
    want = wanted(kind)
    if want is None or not isinstance(node, dict) or "class_path" not in node:
        return None
    return dict(list(parameters(load_object(node["class_path"])).items())[want.given or 0 :])


def content(node: Any) -> dict[str, Any]:
    """The values below a node."""
    if isinstance(node, dict):
        return (node.get("init_args") or {}) if "class_path" in node else node
    return {}


def parts(config: Config) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What network and exits are made of: option, import path and given arguments.

    What is inside another comes before it.
    """
    for section in ("net", "exits"):
        yield from _parts(section, config.get(section))


def _parts(option: str, node: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, value in content(node).items():
        yield from _parts(f"{option}.{name}", value)
    if isinstance(node, dict) and isinstance(path := node.get("class_path"), str):
        yield option, path, content(node)


def walk(config: Config) -> Iterator[Option]:
    """Every option of a recipe, with the defaults of those that are not given."""
    yield from _walk(config, top_slots())


def problems(config: Config) -> Iterator[Problem]:
    """Options that do not exist, and values that do not fit."""
    yield from _problems(config, top_slots(config))


def accepts(path: str, name: str) -> bool:
    """Whether the class or function at an import path has a parameter."""
    return name in parameters(load_object(path))


def problems_at(value: Any, kind: Any, option: str) -> Iterator[Problem]:
    """The same of one value and what is below it. Raises: UsageError: a wrong import path."""
    node = as_node(kind, value)
    if entries(kind) is not None and isinstance(node, list):
        for each in node:
            yield from _problems_of_entry(each, entries(kind), option)
        return
    below = slots_below(kind, node)
    if below is None:
        check_texts(kind, node)
        if wanted(kind) and isinstance(node, str):  # a function that makes
            check_class(kind, node)
        if wanted(kind) and isinstance(node, dict):
            yield Problem(option, f"it has no class_path, expected {in_words(kind)}")
        elif not fits(kind, node):
            yield Problem(option, f"got {in_yaml(value)}, expected {in_words(kind)}")
        return
    if "class_path" in node:
        check_class(kind, node["class_path"])
        for key in node:
            if key not in ("class_path", "init_args"):
                yield Problem(f"{option}.{key}", "expected below init_args, not beside it")
    inside = content(node)
    if isinstance(inside, dict):
        yield from _problems(inside, below, f"{option}.")
    else:
        yield Problem(option, f"got init_args {in_yaml(inside)}, expected a mapping")


def _problems_of_entry(node: Any, kind: Any, option: str) -> Iterator[Problem]:
    """The same of one object of a list, which has no dotted name of its own."""
    for found, text in problems_at(node, kind, option):
        if found == option:
            yield Problem(option, text)
            continue
        path = node["class_path"]
        name = found.removeprefix(f"{option}.")
        text = text or f"no such option; {nearest(name, list(slots_below(kind, node) or ()))}"
        yield Problem(option, f"{path.rpartition('.')[2]}.{name}: {text}")


def summary(path: str) -> str:
    """The first line of the docstring of a class or function."""
    return (inspect.getdoc(load_object(path)) or "").partition("\n")[0]


def in_yaml(value: Any) -> str:
    """A value as it would stand in a recipe, on one line."""
    try:
        text = yaml.safe_dump(value, default_flow_style=True, width=1_000_000, sort_keys=False)
    except yaml.YAMLError:  # a default that only code can give
        return str(value)
    return text.removesuffix("...\n").strip()


@cache
def parameters(thing: Any) -> Mapping[str, Slot]:
    """The parameters of a class or function by name, `self` not among them."""
    try:
        hints = get_type_hints(thing.__init__ if isinstance(thing, type) else thing)
    except Exception:  # names that exist for type checkers only, and worse
        hints = {}
    # What a class says of an option counts before what its bases say.
    above = reversed(thing.__mro__) if isinstance(thing, type) else (thing,)
    documented = [p for each in above for p in parse_docstring(each.__doc__ or "").params]
    meanings = {p.arg_name: " ".join((p.description or "").split()) for p in documented}
    return {
        p.name: Slot(hints.get(p.name, Any), p.default, meanings.get(p.name, ""))
        for p in inspect.signature(thing).parameters.values()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    }


def _walk(
    values: Mapping[str, Any], slots: Mapping[str, Slot], above: str = ""
) -> Iterator[Option]:
    for name, slot in slots.items():
        node = as_node(slot.kind, values.get(name, slot.default))
        below = slots_below(slot.kind, node)
        if below is None or node == {} == slot.default:
            yield Option(f"{above}{name}", node, slot)
            continue
        if "class_path" in (node if isinstance(node, dict) else ()):
            yield Option(f"{above}{name}", node["class_path"], slot)
        yield from _walk(content(node), below, f"{above}{name}.")


def _problems(
    values: Mapping[str, Any], slots: Mapping[str, Slot], above: str = ""
) -> Iterator[Problem]:
    for name, value in values.items():
        option = f"{above}{name}"
        if not isinstance(name, str):
            yield Problem(option, "a name has to be text; write it in quotes")
            continue
        if name not in slots:
            yield Problem(option)
            continue
        try:
            yield from problems_at(value, slots[name].kind, option)
        except UsageError as error:
            yield Problem(option, str(error))
