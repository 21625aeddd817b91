"""`tssd compare`: methods side by side over several seeds; trains what is missing."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from rich.progress import Progress

from tssd.cli.overrides import Override, check_near_own, parse_overrides
from tssd.cli.show import print_comparison, print_options
from tssd.config import build, load_recipe, recipe_names
from tssd.errors import DataError, UsageError
from tssd.report import Comparison, plot_comparison
from tssd.training.checkpoint import write_atomically
from tssd.training.fit import fit
from tssd.training.run_folder import RunFolder, write_json, write_text

SUMMARY = "train recipes over several seeds (what is missing), and print one table"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument(
        "recipes", nargs="*", metavar="RECIPE", help="names, YAML files, or 'digits/*' for many"
    )
    parser.add_argument("--seeds", default="0,1,2", help="seeds (default: 0,1,2)")
    parser.add_argument("--timesteps", help="columns of the table, such as 1,2,4 (default: all)")
    parser.add_argument("--output", default="runs/compare", help="folder of the runs and the table")
    parser.add_argument(
        "--jobs", type=int, default=1, help="runs to train side by side, each a process"
    )


def run(args: argparse.Namespace, rest: list[str]) -> int:
    """Train, collect, print and write the table."""
    recipes = expand(args.recipes)
    overrides = parse_overrides(rest)
    check_near_own(overrides, args.parser)
    if args.help:
        args.parser.print_help()
        for recipe in recipes[:1]:
            print_options(load_recipe(recipe, overrides))
        return 0
    if not recipes:
        raise UsageError("compare: no recipe given; `tssd recipes` lists them")
    seeds = whole_numbers("seeds", args.seeds)
    timesteps = whole_numbers("timesteps", args.timesteps) if args.timesteps else []
    if args.jobs < 1:
        raise UsageError(f"--jobs: got {args.jobs}, expected >= 1")
    for recipe in recipes:  # mistakes surface before hours of training
        load_recipe(recipe, overrides)

    output = Path(args.output)
    pairs = [(recipe, seed) for seed in seeds for recipe in recipes]
    if args.jobs == 1:
        found = [_in_process(output, *pair, overrides) for pair in pairs]
    else:
        found = _side_by_side(output, pairs, overrides, args.jobs)
    by_pair = dict(zip(pairs, found, strict=True))
    runs = {recipe: [by_pair[recipe, seed] for seed in seeds] for recipe in recipes}
    comparison = Comparison.of(runs, timesteps)
    print_comparison(comparison)
    write(comparison, output)
    return 0


def write(comparison: Comparison, output: Path) -> None:
    """comparison.csv, .json, .md and .png beside the runs."""
    write_text(output / "comparison.csv", comparison.to_csv())
    write_json(output / "comparison.json", comparison.to_dict())
    write_text(output / "comparison.md", comparison.to_markdown())
    for suffix in ("png", "svg"):
        write_atomically(
            output / f"comparison.{suffix}",
            lambda path, suffix=suffix: plot_comparison(comparison, path, format=suffix),
        )
    print(f"written: {output}/comparison.{{csv,json,md,png,svg}}")


def expand(patterns: Sequence[str]) -> list[str]:
    """Recipes by name, `*` standing for any part of it; in the order given, each once.

    Raises: UsageError: a pattern that fits nothing.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        names = [name for name in recipe_names() if fnmatch(name, pattern)]
        if "*" in pattern and not names:
            raise UsageError(f"recipe: {pattern!r} fits none; `tssd recipes` lists them")
        found.update(dict.fromkeys(names or [pattern]))
    return list(found)


def whole_numbers(option: str, text: str) -> list[int]:
    """Whole numbers >= 0 separated by commas. Raises: UsageError: anything else."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"--{option}: got {text!r}, expected whole numbers such as 0,1,2")
    return list(dict.fromkeys(int(part) for part in parts))


def _folder(output: Path, recipe: str, seed: int) -> Path:
    name = Path(recipe).stem if recipe.endswith((".yaml", ".yml")) else recipe
    return output / name / f"seed{seed}"


def _in_process(
    output: Path, recipe: str, seed: int, overrides: Sequence[Override]
) -> dict[str, Any]:
    folder = _folder(output, recipe, seed)
    print(f"{recipe}, seed {seed} -> {folder}")
    parts = build(load_recipe(recipe, [*overrides, ("seed", str(seed))]))
    return fit(parts, folder, resume=True)


def _side_by_side(
    output: Path, pairs: Sequence[tuple[str, int]], overrides: Sequence[Override], jobs: int
) -> list[dict[str, Any]]:
    options = [f"--{name}={value}" for name, value in overrides]

    def train(recipe: str, seed: int) -> dict[str, Any]:
        folder = _folder(output, recipe, seed)
        command = [sys.executable, "-m", "tssd", "train", recipe, f"--output={folder}", "--resume"]
        command += [*options, f"--seed={seed}", "--trainer.progress=false"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 130:
            raise KeyboardInterrupt
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
            kind = UsageError if done.returncode == 2 else DataError
            raise kind(f"{folder}: {reason[0].removeprefix('tssd: ')}")
        progress.advance(task)
        return RunFolder(folder).read_results()

    with Progress(transient=True) as progress:
        task = progress.add_task(f"{len(pairs)} runs, {jobs} side by side", total=len(pairs))
        pool = ThreadPoolExecutor(jobs)
        try:
            return list(pool.map(lambda pair: train(*pair), pairs))
        finally:
            # After a mistake or Ctrl-C, what has not begun does not begin.
            pool.shutdown(cancel_futures=True)
