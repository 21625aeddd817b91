"""`tssd evaluate`: a run at every T, with its costs."""

from typing import cast

import torch

from tssd.cli.parser import CommandParser, at_least
from tssd.cli.tables import print_evaluation
from tssd.config.runs import load_parts
from tssd.errors import UsageError
from tssd.evaluation import evaluate
from tssd.models.base import SpikingNet
from tssd.training.run_folder import RunFolder, write_json

# What may differ from training: where the data lies, and the machine.
CHANGEABLE = ("data", "trainer")

EPILOG = """All numbers are written to RUN/evaluation.json.

examples:
  tssd evaluate runs/digits/tssd/seed0
  tssd evaluate runs/digits/tssd/seed0 --timesteps 8 --data.batch_size 500"""


def run(words: list[str]) -> int:
    """Evaluate on the test samples, print tables, write evaluation.json into the run folder."""
    parser = CommandParser(
        "evaluate",
        usage="RUN [--timesteps T] [--data.OPTION VALUE ...] [--trainer.OPTION VALUE ...]",
        epilog=EPILOG,
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder")
    parser.add_argument(
        "--timesteps",
        type=at_least(1),
        metavar="T",
        help="the longest T (default: as in training, at least 4)",
    )
    args, overrides = parser.parse_with_recipe(words)
    if args.help:
        parser.print_help()
        return 0
    if args.run is None:
        raise UsageError("evaluate: no run folder given, such as runs/digits/tssd/seed0")
    for name, _ in overrides:
        if name.split(".")[0] not in CHANGEABLE:
            raise UsageError(f"--{name}: a trained run keeps it; only data and trainer can change")
    if args.timesteps:
        # As an option of the run, so that event data is cut into as many slices.
        overrides = [*overrides, ("trainer.evaluate_timesteps", str(args.timesteps))]
    parts = load_parts(args.run, overrides)
    if parts.trainer.threads:
        torch.set_num_threads(parts.trainer.threads)
    timesteps = parts.evaluate_timesteps
    evaluation = evaluate(
        cast(SpikingNet, parts.net),
        parts.data.test_dataloader(),
        timesteps,
        criterion=parts.criterion,
        report_at=min(parts.criterion.timesteps.student, timesteps),
        progress=parts.trainer.progress,
    )
    print_evaluation(evaluation, title=args.run)
    path = RunFolder.open(args.run).path / "evaluation.json"
    write_json(path, {"split_hash": parts.data.split_hash, **evaluation.to_dict()})
    print(f"all numbers: {path}")
    return 0
