"""`tssd recipes`: what can be trained by name."""

import argparse

import yaml
from rich.table import Table

from tssd.cli.overrides import refuse_leftovers
from tssd.cli.show import console
from tssd.config import load_recipe, recipe_names
from tssd.config.recipe import recipe_text

SUMMARY = "list the recipes, or show one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("recipe", nargs="?", metavar="RECIPE", help="show this one")
    parser.add_argument(
        "--complete", action="store_true", help="show it with what it extends merged in"
    )


def run(args: argparse.Namespace, rest: list[str]) -> int:
    """Print the list, or one recipe as YAML."""
    if args.help:
        args.parser.print_help()
        return 0
    refuse_leftovers(rest, args.parser)
    if args.recipe is None:
        table = Table()
        table.add_column("recipe")
        table.add_column("what it trains")
        for name in recipe_names():
            table.add_row(name, load_recipe(name).get("description", ""))
        console().print(table)
        print("`tssd train RECIPE` trains one; `tssd train RECIPE --help` lists its options.")
    elif args.complete:
        print(yaml.safe_dump(load_recipe(args.recipe), sort_keys=False), end="")
    else:
        print(recipe_text(args.recipe), end="")
    return 0
