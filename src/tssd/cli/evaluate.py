"""`tssd evaluate`: a run at every T, with its costs."""

import argparse
from typing import cast

from tssd.cli.overrides import check_near_own, parse_overrides
from tssd.cli.show import print_evaluation
from tssd.config.runs import load_parts
from tssd.errors import UsageError
from tssd.evaluation import evaluate
from tssd.models.base import SpikingNet
from tssd.training.run_folder import RunFolder, write_json

SUMMARY = "evaluate a run at every timestep in one pass: accuracy, calibration, spikes, energy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder")
    parser.add_argument(
        "--timesteps", type=int, help="longest T (default: as in training, at least 4)"
    )


def run(args: argparse.Namespace, rest: list[str]) -> int:
    """Evaluate on the test images, print tables, write evaluation.json into the run folder."""
    if args.help or args.run is None:
        args.parser.print_help()
        print("\nThe run's data and trainer options can be overridden: --data.root FOLDER")
        if args.help:
            return 0
        raise UsageError("evaluate: no run folder given")
    if args.timesteps is not None and args.timesteps < 1:
        raise UsageError(f"--timesteps: got {args.timesteps}, expected >= 1")
    overrides = parse_overrides(rest)
    check_near_own(overrides, args.parser)
    for name, _ in overrides:
        if name.split(".")[0] not in ("data", "trainer"):
            raise UsageError(f"--{name}: a trained run keeps it; only data and trainer can change")
    parts = load_parts(args.run, overrides)
    timesteps = args.timesteps or parts.evaluate_timesteps
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
