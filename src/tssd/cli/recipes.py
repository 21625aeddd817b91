"""`tssd recipes`: what can be trained by name."""

import json
from fnmatch import fnmatch

import yaml
from rich.table import Table
from rich.text import Text

from tssd.cli.console import console
from tssd.cli.parser import CommandParser
from tssd.config.recipe import layers, merge, recipe_names, recipe_text
from tssd.errors import UsageError

EPILOG = """examples:
  tssd recipes
  tssd recipes 'cifar10*'
  tssd recipes digits/tssd --complete > my_recipe.yaml"""


def run(words: list[str]) -> int:
    """Print the list, or one recipe as YAML."""
    parser = CommandParser("recipes", usage="[RECIPE] [--complete] [--json]", epilog=EPILOG)
    parser.add_argument(
        "recipe", nargs="?", metavar="RECIPE", help="show this one; with a *, list those that fit"
    )
    parser.add_argument(
        "--complete", action="store_true", help="show it with what it extends merged in"
    )
    parser.add_argument("--json", action="store_true", help="print as JSON")
    args = parser.parse(words)
    if args.help:
        parser.print_help()
    elif args.recipe is None or "*" in args.recipe:
        _list(args.recipe or "*", as_json=args.json)
    elif args.json:
        print(json.dumps(merge(layers(args.recipe)), indent=2, default=str))
    elif args.complete:
        print(yaml.safe_dump(merge(layers(args.recipe)), sort_keys=False), end="")
    else:
        print(recipe_text(args.recipe), end="")
    return 0


def _list(pattern: str, *, as_json: bool) -> None:
    names = [name for name in recipe_names() if fnmatch(name, pattern)]
    if not names:
        raise UsageError(f"recipe: {pattern!r} fits none; `tssd recipes` lists all")
    found = {name: merge(layers(name)).get("description", "") for name in names}
    if as_json:
        print(json.dumps(found, indent=2))
        return
    table = Table("recipe", "what it trains")
    for name, description in found.items():
        table.add_row(Text(name), Text(description))
    console().print(table)
    print("`tssd train RECIPE` trains one, `tssd train RECIPE --help` lists its options.")
