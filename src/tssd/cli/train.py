"""`tssd train`: one recipe into one run folder."""

import json
import logging
import os
from pathlib import Path

from tssd.cli.loading import load_training
from tssd.cli.parser import CommandParser, Override, not_empty
from tssd.config.compose import layers
from tssd.config.default_folder import run_folder
from tssd.config.quick_names import check_names
from tssd.config.recipe import merge
from tssd.config.sections import with_defaults
from tssd.errors import UsageError
from tssd.runs.folder import RunFolder
from tssd.runs.folder_place import refuse_name

EPILOG = """`tssd train RECIPE --help` lists every option of that recipe.

Runs are in runs/RECIPE/seedSEED, where `tssd compare` looks for them, too.

examples:
  tssd train digits+vgg9+tssd
  tssd train digits+vgg9+tssd --trainer.epochs 5 --net.neuron.tau 3
  tssd train cifar10+vgg9+tssd --dry-run
  tssd train my_recipe.yaml --optimizer AdamW --optimizer.lr 0.001"""


def run(words: list[str]) -> int:
    """Train, and print the accuracy at every T."""
    parser = _parser()
    args, overrides = parser.parse_with_recipe(words)
    recipe: str | None = args.recipe
    if recipe is not None:
        check_names(recipe, overrides)
    if args.help:
        parser.print_help()
        if recipe is not None:
            from tssd.cli.option_list import print_options

            print_options(recipe, overrides)
        return 0
    if recipe is None:
        raise UsageError("train: no recipe given; `tssd recipes` lists them")
    if args.json and not args.dry_run:
        raise UsageError("--json: a dry run has it; what a run finds is in its results.json")
    if args.output is not None:
        refuse_name(Path(args.output))
    # Of several processes the first has begun it when another looks; it tells when all have met.
    if not (args.resume or args.dry_run or "RANK" in os.environ):
        _refuse_begun(recipe, overrides, args.output)
    load_training(overrides)
    if args.dry_run:
        return _dry_run(recipe, overrides, as_json=args.json)
    return _train(recipe, overrides, output=args.output, resume=args.resume)


def default_folder(recipe: str, seed: int) -> Path:
    """Where a recipe's run goes; a run folder given as the recipe is its own place."""
    path = Path(recipe)
    return path if (path / "config.yaml").exists() else run_folder(recipe, seed)


def _refuse_begun(recipe: str, overrides: list[Override], output: str | None) -> None:
    """Refuse a folder that holds a run; one of a seed that is no number is left to who reads it."""
    seed = dict(overrides).get("seed") or str(with_defaults(merge(layers(recipe)))["seed"])
    if output is not None or seed.isdecimal():
        RunFolder(Path(output or default_folder(recipe, int(seed)))).refuse_begun()


# What follows imports torch, which takes seconds: a mistake in a name is told before.


def _train(recipe: str, overrides: list[Override], *, output: str | None, resume: bool) -> int:
    from tssd.cli.tables import print_accuracy
    from tssd.config import build, load_recipe
    from tssd.taught import prepared
    from tssd.training.fit import fit

    config = load_recipe(recipe, overrides, tell=logging.getLogger("tssd").info)
    parts = build(config)
    folder = output or default_folder(recipe, parts.seed)
    # Only when asked for: the recipe of a run that was given other epochs would change them.
    relength = any(name == "trainer.epochs" for name, _ in overrides)
    parts = prepared(config, parts, folder, resume=resume, relength=relength)
    results = fit(parts, folder, resume=resume, relength=relength)
    print_accuracy(results, title=results.description or recipe)
    print(f"run folder: {folder}")
    return 0


def _dry_run(recipe: str, overrides: list[Override], *, as_json: bool) -> int:
    from tssd.cli.needs import print_needs
    from tssd.config import load_recipe
    from tssd.dry_run.needs import needs_of

    needs = needs_of(load_recipe(recipe, overrides, tell=logging.getLogger("tssd").info))
    if as_json:
        print(json.dumps(needs.to_dict(), indent=2))
    else:
        print_needs(needs, title=recipe)
    return 0


def _parser() -> CommandParser:
    parser = CommandParser(
        "train",
        usage="RECIPE [--output FOLDER] [--resume] [--dry-run [--json]]\n"
        "                  [--OPTION VALUE ...]",
        epilog=EPILOG,
    )
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help="pieces with + between them, a file or a run folder",
    )
    parser.add_argument(
        "--output",
        type=not_empty,
        metavar="FOLDER",
        help="the run folder (default: runs/RECIPE/seedSEED)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="continue the run from its last finished epoch"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="measure some steps, say what time and memory training takes, and write nothing",
    )
    parser.add_argument("--json", action="store_true", help="what a dry run finds, as JSON")
    return parser
