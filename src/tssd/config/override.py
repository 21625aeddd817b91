"""One value of a recipe set by its dotted name, as on the command line."""

from dataclasses import is_dataclass
from typing import Any, NamedTuple, get_args, get_origin

import yaml

from tssd.config.kinds import MISSING, as_node, choices, fits, wanted
from tssd.config.options import Slot, accepts, content, problems_at, slots_below, top_slots, walk
from tssd.config.recipe import Config
from tssd.config.suggest import nearest
from tssd.errors import UsageError


class Place(NamedTuple):
    """Where an option stands: `values[name]`, and what may stand there."""

    values: dict[str, Any]
    name: str
    slot: Slot
    removable: bool


def override(config: Config, option: str, text: str) -> None:
    """Set one value in place.

    `objectives.temporal.weight` means `objectives.temporal.init_args.weight`. A class path
    replaces a class and keeps the options that both have. null removes an objective.

    Args:
        config: the recipe.
        option: dotted name.
        text: the value in YAML.
    Raises: UsageError: an unknown option, or a value that does not fit.
    """
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise UsageError(f"--{option}: {text!r} is not a YAML value") from None
    try:
        place = _find(config, option)
        if value is None and place.removable:
            place.values.pop(place.name, None)
            return
        kind = place.slot.kind
        if wanted(kind) and isinstance(value, str):
            value = _keep_shared(place.values.get(place.name), as_node(kind, value))
        elif is_dataclass(kind) and not isinstance(value, dict):
            own = [f"--{option}.{name}" for name in slots_below(kind, MISSING) or ()]
            raise UsageError(f"it takes no value but has options: {', '.join(own)}")
        elif not fits(kind, value) and fits(kind, text):
            value = text  # a name that looks like a number
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


def no_such_option(config: Config, option: str, prefix: str = "--") -> str:
    """The message that there is no such option, with the nearest."""
    valid = dict.fromkeys([*top_slots(), *(found.name for found in walk(config))])
    return f"no such option; {nearest(option, valid, prefix=prefix)}"


def _find(config: Config, option: str) -> Place:
    """The place of an option; makes the mappings above it."""
    # Whoever knows jsonargparse may write out the YAML's class_path and init_args.
    *above, last = [part for part in option.split(".") if part not in ("class_path", "init_args")]
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
    return Place(values, last, entry or slots[last], removable=entry is not None)


def _keep_shared(old: Any, new: Any) -> Any:
    """The new class with the options of the old one that it has, too."""
    if not (isinstance(new, dict) and isinstance(old, dict) and "class_path" in old):
        return new
    shared = {k: v for k, v in content(old).items() if accepts(new["class_path"], k)}
    return new | {"init_args": shared}
