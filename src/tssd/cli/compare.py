"""`tssd compare`: methods side by side over several seeds; trains what is missing."""

import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tssd.cli.loading import load_training
from tssd.cli.parser import (
    MOST_EVALUATED,
    MOST_SEED,
    CommandParser,
    Override,
    at_least,
    not_empty,
    whole_numbers,
)
from tssd.config.compose import canonical, matching
from tssd.config.default_folder import run_folder
from tssd.config.quick_names import check_names
from tssd.errors import TssdError, UsageError
from tssd.report.method_labels import method_named
from tssd.runs.folder import OUTPUT
from tssd.runs.folder_place import refuse_name

if TYPE_CHECKING:
    from tssd.many_runs import Failure, PlannedRun
    from tssd.runs.evaluation import PerT
    from tssd.runs.results import Epoch, Results

EPILOG = """What is trained already is not trained again; an interrupted run continues. Runs are in
OUTPUT/RECIPE/seedN, where `tssd train` has them, too, and the table is OUTPUT/comparison.*.

examples:
  tssd compare digits+vgg9+vanilla_ts digits+vgg9+tssd
  tssd compare digits+vgg9+vanilla_tt digits+vgg9+tssd --recalibrate
  tssd compare 'digits+vgg9+*' --seeds 0,1,2,3,4 --timesteps 1,2,4 --jobs 2 --trainer.epochs 5"""


def run(words: list[str]) -> int:
    """Train, collect, print and write the table."""
    parser = _parser()
    args, overrides = parser.parse_with_recipe(words)
    recipes = expand(args.recipes)
    for recipe in recipes:
        with naming(recipe):
            check_names(recipe, overrides)
    if args.help:
        parser.print_help()
        if recipes:
            from tssd.cli.option_list import print_options

            print_options(recipes[0], overrides)
        return 0
    if not recipes:
        raise UsageError("compare: no recipe given; `tssd recipes` lists them")
    if any(name == "seed" for name, _ in overrides):
        raise UsageError("--seed: a comparison has several; give --seeds 0,1,2")
    seeds = whole_numbers("seeds", args.seeds, least=0, most=MOST_SEED)
    timesteps: list[int] = []
    if args.timesteps is not None:
        timesteps = whole_numbers("timesteps", args.timesteps, least=1, most=MOST_EVALUATED)
    against = args.against
    if against is not None:
        against = method_named(canonical(against), recipes, "against")
    output = Path(args.output)
    refuse_name(output)
    load_training(overrides)

    # Imported only now: torch takes seconds, and a mistake in a name is told before.
    from tssd.cli.differences_table import print_differences
    from tssd.cli.many_runs import train_and_tell
    from tssd.cli.tables import print_comparison
    from tssd.many_runs.alike import refuse_unlike
    from tssd.report import Comparison, Differences, write_comparison
    from tssd.report.comparison_files import content
    from tssd.runs.processors import processors

    planned = {recipe: plan(recipe, seeds, output, overrides) for recipe in recipes}
    runs = [run for group in planned.values() for run in group]
    refuse_unlike(
        runs,
        longest=max(timesteps, default=1),
        recalibrates=args.recalibrate,
        tell=logging.getLogger("tssd").info,
    )
    with redirect_stdout(sys.stderr if args.json else sys.stdout):
        outcomes = train_and_tell(runs, args.jobs, failed=_stop)
        recalibrated = _recalibrated(planned, overrides, args.epoch) if args.recalibrate else {}
    results = cast("dict[PlannedRun, Results]", outcomes)
    by_recipe = {recipe: [results[run] for run in runs] for recipe, runs in planned.items()}
    comparison = Comparison.of(
        by_recipe,
        timesteps,
        epoch=args.epoch,
        recalibrated=recalibrated,
        processors=processors(run.folder for run in runs),
    )
    differences = Differences.of(comparison, against)
    write_comparison(differences, output)
    if args.json:
        print(json.dumps(content(differences), indent=2))
    else:
        print_comparison(comparison)
        print_differences(differences)
        print(f"written: {output}/comparison.{{csv,json,md,png,svg}}, comparison-differences.csv")
    return 0


def _recalibrated(
    planned: "Mapping[str, Sequence[PlannedRun]]",
    overrides: Sequence[Override],
    epoch: "Epoch | None",
) -> "dict[str, list[PerT]]":
    """Accuracy of every run with batch norm recalibrated at each T; measures what is missing."""
    from tssd.cli.many_runs import recalibrate_and_tell

    runs = [run.folder for group in planned.values() for run in group]
    found = recalibrate_and_tell(runs, overrides, epoch=epoch)
    return {
        recipe: [found[run.folder].accuracy for run in group] for recipe, group in planned.items()
    }


def expand(patterns: Sequence[str]) -> list[str]:
    """Recipes by name, in the order given, each once.

    `*` stands for any part of an alias, or for methods as a piece of a composition.

    Raises: UsageError: a pattern that fits nothing.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        names = matching(pattern) if "*" in pattern else [canonical(pattern)]
        if not names:
            raise UsageError(f"recipe: {pattern!r} fits none; `tssd recipes` lists them")
        found.update(dict.fromkeys(names))
    return list(found)


def plan(
    recipe: str, seeds: Sequence[int], output: Path, overrides: Sequence[Override] = ()
) -> "list[PlannedRun]":
    """The runs of a recipe."""
    from tssd.many_runs import PlannedRun

    options = tuple(overrides)
    return [PlannedRun(recipe, n, run_folder(recipe, n, output), options) for n in seeds]


def _stop(failure: "Failure") -> None:
    from tssd.many_runs import RunFailedError

    raise RunFailedError(failure)


@contextmanager
def naming(recipe: str) -> Iterator[None]:
    """Mistakes inside say which recipe they are about."""
    try:
        yield
    except TssdError as error:
        # A composition that contradicts itself is named already.
        text = str(error).removeprefix(f"{recipe}: ")
        raise type(error)(f"{recipe}: {text}") from error


def _parser() -> CommandParser:
    parser = CommandParser(
        "compare",
        usage="RECIPE... [--seeds N,...] [--timesteps T,...] [--against RECIPE]\n"
        "                    [--epoch best|last] [--recalibrate] [--jobs N] [--output FOLDER]\n"
        "                    [--json] [--OPTION VALUE ...]",
        epilog=EPILOG,
    )
    parser.add_argument(
        "recipes",
        nargs="*",
        metavar="RECIPE",
        help="names, YAML files, or 'digits+vgg9+*' for all methods",
    )
    parser.add_argument(
        "--seeds", default="0,1,2", metavar="N,...", help="seeds of the runs (default: 0,1,2)"
    )
    parser.add_argument(
        "--timesteps", metavar="T,...", help="columns of the table, such as 1,2,4 (default: all)"
    )
    parser.add_argument(
        "--jobs", type=at_least(1), default=1, metavar="N", help="runs side by side (default: 1)"
    )
    parser.add_argument(
        "--output",
        type=not_empty,
        default=OUTPUT,
        metavar="FOLDER",
        help=f"folder of the runs and the table (default: {OUTPUT})",
    )
    parser.add_argument("--json", action="store_true", help="print comparison.json, nothing else")
    parser.add_argument(
        "--epoch",
        choices=("best", "last"),
        help="whose weights: best on the validation samples, or last (default: see the recipe)",
    )
    parser.add_argument(
        "--against",
        metavar="RECIPE",
        help="the baseline of the differences, a recipe of these or the end of its name (default: "
        "the control; without one the best that was trained at the T of the first method with a "
        "teacher)",
    )
    parser.add_argument(
        "--recalibrate",
        action="store_true",
        help="a second row for each, with batch norm's statistics measured anew at each T",
    )
    return parser
