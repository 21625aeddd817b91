"""Words with which a command line may go on, as shells ask at every press of a key.

Options are read off the source of the commands and of what a recipe names: to import either takes
seconds.
"""

import ast
import re
from collections.abc import Sequence
from contextlib import suppress
from importlib.resources import files

from tssd.cli.parser import OF_A_TRAINED, SUMMARIES
from tssd.config.compose import layers, words_of
from tssd.config.pieces import ROOMS, recipe_names, room_of, rooms
from tssd.config.quick_names import names
from tssd.config.recipe import merge
from tssd.config.sections import with_defaults
from tssd.errors import TssdError
from tssd.hub.shipped import shipped

# First words of commands that have others below them.
ACTIONS = {
    "data": ("prepare", "info", "show", "simulate"),
    "completion": ("bash", "zsh", "fish"),
}
# Commands that take a recipe or a run, and the sections whose options they take; None = all.
SECTIONS: dict[str, tuple[str, ...] | None] = {
    "train": None,
    "compare": None,
    "data": ("data",),
    "evaluate": ("data", "trainer"),
    "bench": ("data",),
    "report": ("data",),
}
# Those that take a recipe by its name.
TAKES_RECIPE = ("train", "compare", "data", "recipes")
# Of these rooms a recipe has one piece.
SINGLE = [room for room in ROOMS if room != "parts"]
# An option where a parser gets it, and no sentence about one.
OPTION = re.compile(r"--[a-z][\w.-]*")


def candidates(words: Sequence[str]) -> list[str]:
    """What the last word may become; none where it may be a file.

    Args:
        words: of the command line up to the cursor, the program left out. The last is the one to be
            completed, and may be empty.
    """
    *before, word = words or [""]
    if not before:
        return _starting(word, [*SUMMARIES, "--help", "--version"])
    command, *given = before
    if command not in SUMMARIES:
        return []
    if word.startswith("-"):
        return _starting(word, [*own_options(command, given), *_options_of_recipe(command, given)])
    plain = [each for each in given if not each.startswith("-")]
    if command in ACTIONS and not plain:
        return _starting(word, ACTIONS[command])
    if command == "hub" and not plain:
        return _starting(word, [*shipped()])
    # Another plain word than the first may belong to an option.
    begun = len(plain) - (command == "data")
    if command in TAKES_RECIPE and plain[:1] != ["simulate"] and (begun == 0 or "+" in word):
        return recipes(word)
    return []


def own_options(command: str, given: Sequence[str] = ()) -> list[str]:
    """The options of a command itself, as its source adds them to its parser.

    Args:
        command: its name.
        given: words that follow it: `data simulate` has options of its own.
    """
    module = "simulate" if [command, *given[:1]] == ["data", "simulate"] else command
    found: list[str] = []
    for name in ("parser", module):
        tree = ast.parse((files("tssd.cli") / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            given_to = node.args if isinstance(node, ast.Call) else []
            words = [arg.value for arg in given_to if isinstance(arg, ast.Constant)]
            found += [word for word in words if isinstance(word, str) and OPTION.fullmatch(word)]
    return found


def recipes(word: str) -> list[str]:
    """Names of recipes that begin with a word, or longer by the piece that it ends in.

    >>> recipes("digits+vgg9+vanilla")
    ['digits+vgg9+vanilla_ts', 'digits+vgg9+vanilla_tt']
    """
    *pieces, last = word.split("+")
    filled = {room_of(each) for piece in pieces for each in words_of(piece) or [piece]}
    free = [room for room in ROOMS if room not in SINGLE or room not in filled]
    known = [name for room in free for name in rooms()[room] if name not in pieces]
    if not pieces:
        return _starting(word, [*known, *recipe_names()])
    return ["+".join([*pieces, name]) for name in _starting(last, known)]


def _options_of_recipe(command: str, given: Sequence[str]) -> list[str]:
    sections = SECTIONS.get(command, ())
    for word in given:
        with suppress(TssdError, OSError):
            config = with_defaults(merge(layers(word)))
            return [
                f"--{name}"
                for name in names(config)
                if sections is None or (name.partition(".")[0] in sections and _takes(name))
            ]
    return []


def _takes(name: str) -> bool:
    """Whether a command on a trained run takes an option of the sections that it takes."""
    section, _, own = name.partition(".")
    return section != "trainer" or own in OF_A_TRAINED


def _starting(word: str, known: Sequence[str]) -> list[str]:
    return [name for name in known if name.startswith(word)]
