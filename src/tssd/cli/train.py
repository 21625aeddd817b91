"""`tssd train`: one recipe into one run folder."""

from pathlib import Path

from tssd.cli.option_list import print_options
from tssd.cli.parser import CommandParser
from tssd.cli.tables import print_accuracy
from tssd.config import build, load_recipe
from tssd.errors import UsageError
from tssd.training.fit import fit

EPILOG = """`tssd train RECIPE --help` lists every option of that recipe.

examples:
  tssd train digits/tssd
  tssd train digits/tssd --trainer.epochs 5 --objectives.temporal.weight 0.5
  tssd train my_recipe.yaml --seed 1 --output runs/mine"""


def run(words: list[str]) -> int:
    """Train, and print the accuracy at every T."""
    parser = CommandParser(
        "train", usage="RECIPE [--output FOLDER] [--resume] [--OPTION VALUE ...]", epilog=EPILOG
    )
    parser.add_argument(
        "recipe", nargs="?", metavar="RECIPE", help="a name, a file or a run folder"
    )
    parser.add_argument(
        "--output", metavar="FOLDER", help="the run folder (default: runs/RECIPE/seedSEED)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="continue the run from its last finished epoch"
    )
    args, overrides = parser.parse_with_recipe(words)
    if args.help:
        parser.print_help()
        if args.recipe is not None:
            print_options(load_recipe(args.recipe, overrides), title=args.recipe)
        return 0
    if args.recipe is None:
        raise UsageError("train: no recipe given; `tssd recipes` lists them")
    parts = build(load_recipe(args.recipe, overrides))
    folder = args.output or default_folder(args.recipe, parts.seed)
    # Only when asked for: the recipe of a run that was given other epochs would change them.
    relength = any(name == "trainer.epochs" for name, _ in overrides)
    results = fit(parts, folder, resume=args.resume, relength=relength)
    print_accuracy(results, title=results["description"] or args.recipe)
    print(f"run folder: {folder}")
    return 0


def default_folder(recipe: str, seed: int) -> Path:
    """Where a recipe's run goes; a run folder given as the recipe is its own place."""
    path = Path(recipe)
    if (path / "config.yaml").exists():
        return path
    name = path.stem if path.is_file() else recipe
    return Path("runs") / name / f"seed{seed}"
