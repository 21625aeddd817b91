"""`tssd recipes`: the pieces that recipes are composed of, or one recipe."""

import json
from fnmatch import fnmatch

import yaml
from rich.table import Table
from rich.text import Text

from tssd.cli.console import console
from tssd.cli.parser import CommandParser
from tssd.config.compose import layers, matching, words_of
from tssd.config.piece import Piece
from tssd.config.pieces import alias_groups, aliases, path_of, recipe_names, rooms
from tssd.config.recipe import Config, merge, recipe_text
from tssd.config.sections import MEANINGS
from tssd.errors import UsageError

EPILOG = """A recipe is data, network and method, and where wanted a scale and parts, in any order,
with `+` between them. A piece may also be a YAML file.

examples:
  tssd recipes
  tssd recipes 'cifar10*'
  tssd recipes digits+vgg9+tssd > my_recipe.yaml
  tssd train digits+vgg9+atan+tssd"""


def run(words: list[str]) -> int:
    """Print the list, one piece, or one recipe as YAML."""
    parser = CommandParser("recipes", usage="[RECIPE] [--complete] [--json]", epilog=EPILOG)
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help="show this recipe or piece; with a *, list those that fit",
    )
    parser.add_argument(
        "--complete", action="store_true", help="show a file with what it extends merged in"
    )
    parser.add_argument("--json", action="store_true", help="print as JSON")
    args = parser.parse(words)
    if args.help:
        parser.print_help()
    elif args.recipe is None:
        _list_all(as_json=args.json)
    elif "*" in args.recipe:
        _list_some(args.recipe, as_json=args.json)
    else:
        _show(args.recipe, complete=args.complete, as_json=args.json)
    return 0


def _list_all(*, as_json: bool) -> None:
    found = {room: {name: summary(name) for name in names} for room, names in rooms().items()}
    if as_json:
        print(json.dumps({**found, "aliases": aliases()}, indent=2))
        return
    table = Table("", "piece", "what it is")
    for room, pieces in found.items():
        for place, (name, text) in enumerate(pieces.items()):
            table.add_row(room if place == 0 else "", Text(name), Text(text))
        table.add_section()
    console().print(table)
    print("`tssd train DATA+NET+METHOD` trains a recipe, `tssd recipes DATA+NET+METHOD` shows it.")
    print("Older names of compositions, `*` being a method:")
    for group in alias_groups():
        print(f"  {group.name} = {group.means}+*")


def _list_some(pattern: str, *, as_json: bool) -> None:
    pieces = {name: summary(name) for names in rooms().values() for name in names}
    pieces |= {name: aliases()[name] for name in recipe_names()}
    found = {name: text for name, text in pieces.items() if fnmatch(name, pattern)}
    if "+" in pattern:
        found |= {name: merge(layers(name))["description"] for name in matching(pattern)}
    if not found:
        raise UsageError(f"recipe: {pattern!r} fits none; `tssd recipes` lists all")
    if as_json:
        print(json.dumps(found, indent=2))
        return
    table = Table("name", "what it is")
    for name, text in found.items():
        table.add_row(Text(name), Text(text))
    console().print(table)


def _show(name: str, *, complete: bool, as_json: bool) -> None:
    path = path_of(name)
    words = words_of(name)
    if as_json:
        config = _merged(name) if path is None else Piece.packaged(path).config
        print(json.dumps(config, indent=2, default=str))
    elif path is not None:
        print(recipe_text(path), end="")
    elif words is not None:
        config = _merged(name)
        print(f"{_header(name, words)}{yaml.safe_dump(config, sort_keys=False)}", end="")
    elif complete:
        print(yaml.safe_dump(_merged(name), sort_keys=False), end="")
    else:
        print(recipe_text(name), end="")


def summary(piece: str) -> str:
    """What the file of a piece says about it in its first line."""
    return _comment(piece)[0]


def _comment(piece: str) -> list[str]:
    """The lines at the beginning of a piece's file, without the sign that makes them a comment."""
    lines = []
    for line in recipe_text(path_of(piece) or piece).splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return lines


def _merged(name: str) -> Config:
    config = merge(layers(name))
    return {section: config[section] for section in [*MEANINGS, *config] if section in config}


def _header(name: str, words: list[str]) -> str:
    """What the pieces say about themselves, and what the paper reports."""
    from tssd.reproduce.expected import expected

    lines = [name]
    for word in words:
        first, *rest = _comment(word) or [""]
        lines += [f"{word}: {first}", *(f"  {line}" for line in rest)] if first else []
    lines += [f"The paper reports {text}; not run at full scale yet." for text in expected(name)]
    return "".join(f"# {line}\n" for line in lines)
