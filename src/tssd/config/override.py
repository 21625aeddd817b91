"""Values of a recipe set by their dotted names, as on the command line."""

from collections.abc import Sequence
from typing import Any, NamedTuple, get_args, get_origin

from tssd.config.options import Slot, content, problems_at, slots_below, top_slots, walk
from tssd.config.own_data import wrapped
from tssd.config.paths import load_object
from tssd.config.recipe import Config, Replaced, merge_value
from tssd.config.sections import AS_OURS, UNUSED, option_parts
from tssd.config.short_names import named_in_full, spelled_out
from tssd.config.suggest import nearest
from tssd.config.types import (
    MISSING,
    as_node,
    choices,
    entries,
    fits,
    is_settings,
    takes_text,
    wanted,
)
from tssd.errors import UsageError
from tssd.yaml_text import load_yaml

# How YAML writes null, and what a text may stand in.
NULLS = ("", "~", "null", "Null", "NULL")
QUOTES = ("'", '"')


class Place(NamedTuple):
    """Where an option stands: `values[name]`, and what may stand there."""

    values: dict[str, Any]
    name: str
    slot: Slot
    removable: bool


def in_order(overrides: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Overrides as they are applied: what a section is, then what is in it.

    So `--optimizer.lr 0.1 --optimizer torch.optim.Adam` gives Adam this rate, in either order. Of
    an option that is given twice the last counts.
    """
    return sorted(overrides, key=lambda given: len(option_parts(given[0])))


def override(
    config: Config, option: str, text: str, replaced: list[Replaced] | None = None
) -> None:
    """Set one value in place.

    `objectives.temporal.weight` means `objectives.temporal.init_args.weight`. A value comes over
    the old one as that of a file over those of the files that it extends: see `merge_value`. null
    removes an objective, or a section that a recipe need not have.

    Args:
        config: the recipe.
        option: dotted name.
        text: the value in YAML.
        replaced: receives the classes whose arguments are dropped.
    Raises: UsageError: an unknown option, or a value that does not fit.
    """
    try:
        place = _find(config, option)
        value = _read(place.slot.kind, text)
        if value is None and place.removable:
            place.values.pop(place.name, None)
            return
        kind = place.slot.kind
        if is_settings(kind) and not isinstance(value, dict):
            own = [f"--{option}.{name}" for name in slots_below(kind, MISSING) or ()]
            raise UsageError(f"it takes no value but has options: {', '.join(own)}")
        value = named_in_full(kind, value)
        told: list[Replaced] = []
        name = ".".join(option_parts(option))
        before = as_node(kind, place.values.get(place.name))
        value = wrapped(value) if option == "data" else value
        value = as_node(kind, spelled_out(kind, value))
        value = merge_value(before, _as_named(value, before), told, option=name)
        if problem := next(problems_at(value, kind, option), None):
            text = problem.text or no_such_option(config, problem.option)
            raise UsageError(text if problem.option == option else f"{problem.option}: {text}")
    except UsageError as error:
        raise UsageError(f"--{option}: {error}") from None
    data = content(config.get("data"))
    if option == "seed" and "seed" in data and data["seed"] == config.get("seed"):
        # A saved configuration has it twice; the one of the data follows.
        del data["seed"]
    place.values[place.name] = value
    if replaced is not None:
        replaced += told


def no_such_option(config: Config, option: str, prefix: str = "--") -> str:
    """The message that there is no such option, with the nearest."""
    valid = dict.fromkeys([*top_slots(), *(found.name for found in walk(config))])
    name = ".".join(option_parts(option))
    return f"no such option; {nearest(AS_OURS.get(name, name), valid, prefix=prefix)}"


def _find(config: Config, option: str) -> Place:
    """The place of an option; makes the mappings above it."""
    *above, last = option_parts(option)
    values, slots, entry = config, top_slots(), None
    for depth, name in enumerate(above):
        if name not in slots:
            raise UsageError(no_such_option(config, option))
        kind = slots[name].kind
        node: Any = as_node(kind, values.get(name, slots[name].default))
        if node is MISSING and not wanted(kind):
            node = {}
        below = slots_below(kind, node)
        if below is None:
            path = ".".join(above[: depth + 1])
            if wanted(kind):
                named = f"one of {', '.join(found)}" if (found := choices(kind)) else "a class"
                raise UsageError(f"{path} is null and has no options; first set it to {named}")
            raise UsageError(no_such_option(config, option))
        values[name] = node
        inside = content(node)
        if "class_path" in node:
            node["init_args"] = inside
        values, slots = inside, dict(below)
        entry = Slot(get_args(kind)[1]) if get_origin(kind) is dict else None
    if entry is None and last not in slots:
        raise UsageError(no_such_option(config, option))
    is_unused = not above and UNUSED.get(last, MISSING) is None
    return Place(values, last, entry or slots[last], removable=entry is not None or is_unused)


def _read(kind: Any, text: str) -> Any:
    """What a text stands for: itself, where YAML reads it as nothing that fits, or not whole.

    Raises: UsageError: it is not YAML where no text may stand.
    """
    try:
        value = load_yaml(text)
    except ValueError as error:
        if takes_text(kind):
            return text  # such as *.norm, or a folder called [old]
        raise UsageError(f"{_short(text)!r} is not a YAML value ({error})") from None
    is_plain = wanted(kind) is None and entries(kind) is None
    if is_plain and not fits(kind, value) and fits(kind, text):
        return text  # a name that looks like a number
    return text if takes_text(kind) and _is_cut(value, text.strip()) else value


def _is_cut(value: Any, text: str) -> bool:
    """Whether YAML has left out a part of a text, such as a comment: its # is one of a name."""
    if value is None:
        return text not in NULLS
    return isinstance(value, str) and text[0] not in QUOTES and value != text


def _as_named(node: Any, before: Any) -> Any:
    """The same class by the path that it has had so far: `tssd.vgg9` is `tssd.models.vgg9`."""
    if not (isinstance(node, dict) and isinstance(before, dict)):
        return node
    new, old = node.get("class_path"), before.get("class_path")
    if isinstance(new, str) and isinstance(old, str) and load_object(new) is load_object(old):
        return node | {"class_path": old}
    return node


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
