"""The pieces that the package has for recipes, room by room, and aliases of compositions."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from tssd.yaml_text import load_yaml

# Rooms in the order of a composed name, each with what is in it.
ROOMS = {
    "data": "data set",
    "nets": "network",
    "scales": "scale",
    "parts": "part",
    "methods": "method",
}
# Methods under the names that they had: recipes and run folders called by them go on working, but
# lists do not have them twice.
FORMER = {"tssd_literal": "tssd_euclidean"}
# What all compositions start from.
BASE = "base"


class Aliases(NamedTuple):
    """Names that differ in a method only.

    Args:
        name: with `*` for the method.
        means: the composition that the method is added to.
        methods: those that a name has.
    """

    name: str
    means: str
    methods: list[str]

    def each(self) -> Iterator[tuple[str, str]]:
        """Every name, with the composition that it stands for."""
        for method in self.methods:
            yield self.name.replace("*", method), f"{self.means}+{method}"

    def former(self) -> Iterator[tuple[str, str]]:
        """The same of names from before a method was renamed."""
        for old, method in FORMER.items():
            if method in self.methods:
                yield self.name.replace("*", old), f"{self.means}+{method}"


@cache
def rooms() -> dict[str, list[str]]:
    """The names of the pieces in each room, sorted.

    Files that start with an underscore only serve to be extended, and `A+B.yaml` is what the pieces
    A and B need together.
    """
    return {room: sorted(n for n in _names(room) if n[0] != "_" and "+" not in n) for room in ROOMS}


@cache
def combinations() -> dict[frozenset[str], str]:
    """The files for pieces that stand together, by those pieces."""
    return {
        frozenset(name.split("+")): f"{room}/{name}"
        for room in ROOMS
        for name in _names(room)
        if "+" in name
    }


def room_of(name: str) -> str | None:
    """Where the package has a piece, by its name or its former one; None: nowhere."""
    name = FORMER.get(name, name)
    return next((room for room, names in rooms().items() if name in names), None)


def path_of(name: str) -> str | None:
    """A piece by its path in the package, such as `nets/vgg9`."""
    room = room_of(name)
    return room and f"{room}/{FORMER.get(name, name)}"


@cache
def alias_groups() -> list[Aliases]:
    """The aliases as they are listed."""
    listed = load_yaml((folder() / "aliases.yaml").read_text(encoding="utf-8"))
    return [Aliases(**group) for group in listed]


@cache
def aliases() -> dict[str, str]:
    """What each alias stands for; those with the former name of a method come last."""
    groups = alias_groups()
    now = dict(pair for group in groups for pair in group.each())
    return now | dict(pair for group in groups for pair in group.former())


def recipe_names() -> list[str]:
    """Names of whole recipes inside the package, such as `digits/tssd`; no former ones."""
    return sorted(name for group in alias_groups() for name, _ in group.each())


def folder() -> Traversable:
    """Where the package has its recipes."""
    return files("tssd") / "recipes"


def _names(room: str) -> list[str]:
    return [entry.name.removesuffix(".yaml") for entry in (folder() / room).iterdir()]
