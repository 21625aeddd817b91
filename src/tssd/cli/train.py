"""`tssd train`: one recipe into one run folder."""

import argparse
from pathlib import Path

from tssd.cli.overrides import check_near_own, parse_overrides
from tssd.cli.show import print_accuracy, print_options
from tssd.config import build, load_recipe
from tssd.errors import UsageError
from tssd.training.fit import fit

SUMMARY = "train a recipe into a run folder, then evaluate it at every timestep"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("recipe", nargs="?", help="a recipe's name, a YAML file or a run folder")
    parser.add_argument("--output", help="run folder (default: runs/RECIPE/seedSEED)")
    parser.add_argument(
        "--resume", action="store_true", help="continue the run from its last finished epoch"
    )


def run(args: argparse.Namespace, rest: list[str]) -> int:
    """Train, and print the accuracy at every T."""
    if args.recipe is None:
        if args.help:
            args.parser.print_help()
            print("\n`tssd train RECIPE --help` lists every option of that recipe.")
            return 0
        raise UsageError("train: no recipe given; `tssd recipes` lists them")
    overrides = parse_overrides(rest)
    check_near_own(overrides, args.parser)
    config = load_recipe(args.recipe, overrides)
    if args.help:
        args.parser.print_help()
        print_options(config)
        return 0
    parts = build(config)
    folder = args.output or default_folder(args.recipe, parts.seed)
    results = fit(parts, folder, resume=args.resume)
    print_accuracy(results, title=results["description"] or args.recipe)
    print(f"run folder: {folder}")
    return 0


def default_folder(recipe: str, seed: int) -> Path:
    """Where a recipe's run goes; a run folder given as the recipe is its own place."""
    path = Path(recipe)
    if (path / "config.yaml").exists():
        return path
    if path.suffix in (".yaml", ".yml"):
        recipe = path.stem
    return Path("runs") / recipe / f"seed{seed}"
