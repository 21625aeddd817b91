"""A class that takes the place of a default one begins with its own defaults.

jsonargparse gives it those arguments of the default class that it has as well: a neuron whose
membrane resets to 0 would get the soft reset of LIF, unless it is told otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tssd.config.options import Slot, content, slots_below
from tssd.config.paths import load_object
from tssd.config.recipe import Config
from tssd.config.schema import SECTIONS
from tssd.config.types import MISSING, as_list, as_node, entries


def with_own_defaults(config: Config, sections: Sequence[str]) -> Config:
    """These sections of a recipe, with such arguments written out where they are not given."""
    return {name: _filled(Slot(SECTIONS[name][0]), config[name]) for name in sections}


def _filled(slot: Slot, value: Any) -> Any:
    if (inner := entries(slot.kind)) is not None:
        listed = as_list(value)
        return [_filled(Slot(inner), v) for v in listed] if isinstance(listed, list) else value
    node = as_node(slot.kind, value)
    slots = slots_below(slot.kind, node)
    if slots is None or not isinstance(node, dict):
        return value
    inside = {n: _filled(slots[n], v) if n in slots else v for n, v in content(node).items()}
    if "class_path" not in node:
        return inside
    inside |= {n: v for n, v in _own(slot, node, slots).items() if n not in inside}
    return node | ({"init_args": inside} if inside else {})


def _own(slot: Slot, node: Config, slots: Mapping[str, Slot]) -> Config:
    """The defaults of a node's class for what the default class of its slot has too."""
    replaced = as_node(slot.kind, slot.default)
    if not isinstance(replaced, dict) or "class_path" not in replaced:
        return {}
    if load_object(replaced["class_path"]) is load_object(node["class_path"]):
        return {}
    shared = slots.keys() & (slots_below(slot.kind, replaced) or {}).keys()
    return {name: _written(slots[name]) for name in shared if slots[name].default is not MISSING}


def _written(slot: Slot) -> Any:
    """A default as it stands in a recipe."""
    default = as_node(slot.kind, slot.default)
    return list(default) if isinstance(default, tuple) else default
