"""Every option of a recipe as one would write it on the command line, and what it means."""

import re
import shlex
import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import Any, get_args, get_origin

from tssd.cli.console import console
from tssd.cli.parser import Override
from tssd.config import load_recipe
from tssd.config.options import Option, content, in_yaml, summary, walk
from tssd.config.recipe import Config
from tssd.config.schema import SECTIONS
from tssd.config.types import MISSING, choices, wanted

# What a run fills in where the recipe says nothing.
FILLED_IN = {
    "data.seed": "SEED",
    "net.in_channels": "FROM_DATA",
    "net.num_classes": "FROM_DATA",
    "net.image_size": "FROM_DATA",
    "logger.save_dir": "RUN_FOLDER",
}
# Characters of a meaning that is shown in full.
SHORT = 200
# Columns of a whole line, and of option and value in a wide and in a narrow terminal.
LONGEST, WIDE, NARROW = 120, 50, 38


def print_options(recipe: str, overrides: Sequence[Override]) -> None:
    """Print all options of a recipe, section by section."""
    config, out = load_recipe(recipe, overrides), console()
    width = min(out.width, LONGEST)
    out.print(f"\noptions of {recipe} and their values", markup=False, soft_wrap=True)
    for section, found in groupby(walk(config), lambda option: option.name.split(".")[0]):
        options = list(found)
        kind, text = SECTIONS[section]
        # A section with a row of its own says there what it is.
        about = "" if options[0].name == section else f": {text}{_listed(kind)}"
        heading = textwrap.fill(f"{section}{about}", width)
        out.print(f"\n{heading}", style="bold", markup=False, soft_wrap=True)
        for option in options:
            text = lines(option.name, value(option, config), meaning(option), width)
            out.print(text, markup=False, soft_wrap=True)


def value(option: Option, config: Config) -> str:
    """The value as it would be written on a command line."""
    section, _, name = option.name.partition(".")
    if option.name in FILLED_IN and name not in content(config.get(section)):
        return FILLED_IN[option.name]
    return "REQUIRED" if option.value is MISSING else shlex.quote(in_yaml(option.value))


def meaning(option: Option) -> str:
    """What an option means, and what there is to choose from."""
    kind, _, text = option.slot
    if not text and wanted(kind):  # one of a mapping's objects is what its class is
        return summary(option.value).rstrip(".")
    text = re.sub(r" ?\(default: [^)]*\)", "", text).replace("None", "null")
    if len(text) > SHORT:  # other people's docstrings can be a page
        text = text.split(". ")[0]
    # One style for docstrings that write sentences and those that don't.
    if text[1:2].islower():
        text = text[0].lower() + text[1:]
    return text.rstrip(".") + _listed(kind)


def lines(name: str, value: str, meaning: str, width: int) -> str:
    """Option and value on the left, the meaning on the right; below if the left is too long."""
    column = WIDE if width >= 100 else NARROW
    left = f"  --{name} {value}"
    right = textwrap.wrap(meaning, width - column, break_on_hyphens=False) or [""]
    if len(left) > column - 2:
        right = ["", *right]
    heads = [left.ljust(column), *[" " * column] * (len(right) - 1)]
    return "\n".join((head + tail).rstrip() for head, tail in zip(heads, right, strict=True))


def _listed(kind: Any) -> str:
    """The choices that a type has, in brackets."""
    inner = get_args(kind)[1] if get_origin(kind) is dict else kind
    found = choices(inner)
    return f" (one of {', '.join(found)})" if found else ""
