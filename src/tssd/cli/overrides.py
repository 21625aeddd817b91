"""Options of the recipe on the command line: `--a.b value`, `--a.b=value`, `--flag`."""

import argparse
from collections.abc import Iterable, Sequence

from tssd.config.schema import SECTIONS
from tssd.config.suggest import nearest
from tssd.errors import UsageError

Override = tuple[str, str]


def parse_overrides(rest: Sequence[str]) -> list[Override]:
    """Pairs of option and YAML value; an option without a value is true.

    Raises: UsageError: a word that belongs to no option.
    """
    found: list[Override] = []
    words = list(rest)
    while words:
        word = words.pop(0)
        if not word.startswith("--") or word == "--":
            raise UsageError(f"{word!r}: unexpected, expected an option such as --trainer.epochs 5")
        name, equals, value = word.removeprefix("--").partition("=")
        if not equals:
            value = words.pop(0) if words and not words[0].startswith("--") else "true"
        found.append((name, value))
    return found


def refuse_leftovers(rest: Sequence[str], parser: argparse.ArgumentParser) -> None:
    """For commands without recipe options: whatever is left over is a mistake."""
    if not rest:
        return
    word = rest[0].partition("=")[0]
    raise UsageError(f"{word}: no such option; {nearest(word, option_names(parser))}")


def option_names(parser: argparse.ArgumentParser) -> Iterable[str]:
    """The command's own long options."""
    return [o for action in parser._actions for o in action.option_strings if o.startswith("--")]


def check_near_own(overrides: Sequence[Override], parser: argparse.ArgumentParser) -> None:
    """A misspelt option of the command itself is not an option of the recipe."""
    own = [name.removeprefix("--") for name in option_names(parser)]
    for name, _ in overrides:
        if "." in name or name in SECTIONS:
            continue
        if (near := nearest(name, own)).startswith("did you mean"):
            raise UsageError(f"--{name}: no such option; {near.replace('mean ', 'mean --')}")
