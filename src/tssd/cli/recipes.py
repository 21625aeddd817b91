"""`tssd recipes`: what can be trained by name."""

import yaml
from rich.table import Table

from tssd.cli.console import console
from tssd.cli.parser import CommandParser
from tssd.config.recipe import layers, merge, recipe_names, recipe_text

EPILOG = """examples:
  tssd recipes
  tssd recipes digits/tssd --complete > my_recipe.yaml"""


def run(words: list[str]) -> int:
    """Print the list, or one recipe as YAML."""
    parser = CommandParser("recipes", usage="[RECIPE] [--complete]", epilog=EPILOG)
    parser.add_argument("recipe", nargs="?", metavar="RECIPE", help="show this one")
    parser.add_argument(
        "--complete", action="store_true", help="show it with what it extends merged in"
    )
    args = parser.parse(words)
    if args.help:
        parser.print_help()
    elif args.recipe is None:
        table = Table("recipe", "what it trains")
        for name in recipe_names():
            table.add_row(name, merge(layers(name)).get("description", ""))
        console().print(table)
        print("`tssd train RECIPE` trains one, `tssd train RECIPE --help` lists its options.")
    elif args.complete:
        print(yaml.safe_dump(merge(layers(args.recipe)), sort_keys=False), end="")
    else:
        print(recipe_text(args.recipe), end="")
    return 0
