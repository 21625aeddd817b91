"""`tssd evaluate`: a run at every T, with its costs."""

import json
import math
from typing import Any

from tssd.cli.parser import CommandParser, at_least, epoch_of, timesteps_of
from tssd.cli.tables import print_evaluation
from tssd.errors import UsageError
from tssd.hub.locate import located
from tssd.hub.name import is_hub_name
from tssd.runs.folder import RunFolder, write_json
from tssd.runs.recalibration import SAMPLES

# What may differ from training: where the data lies, and the machine.
CHANGEABLE = ("data", "trainer")

EPILOG = """What belongs to the network is the run's, whatever data it is given: class names, the
training images' mean, std and size. A folder of images needs no train/. All numbers are written
to RUN/evaluation.json (of hub:NAME they are only printed).

--recalibrate evaluates once more at each T, with batch norm's statistics measured on training
samples at that T; no label is used and no weight changed. Kept in RUN/recalibrated.json.

examples:
  tssd evaluate runs/digits/tssd/seed0
  tssd evaluate runs/digits/tssd/seed0 --timesteps 8 --data.batch_size 500
  tssd evaluate runs/digits/vanilla_tt/seed0 --recalibrate
  tssd evaluate hub:digits-vgg9
  tssd evaluate runs/mine --data.root other_images --trainer.accelerator cpu --json"""


def run(words: list[str]) -> int:
    """Evaluate on the test samples, print tables, write what was found into the run folder."""
    parser = _parser()
    args, overrides = parser.parse_with_recipe(words)
    if args.help:
        parser.print_help()
        return 0
    if args.run is None:
        raise UsageError("evaluate: no run folder given, such as runs/digits/tssd/seed0")
    parser.refuse_fixed(overrides, changeable=CHANGEABLE)
    if args.timesteps and any(name == "trainer.evaluate_timesteps" for name, _ in overrides):
        raise UsageError("--timesteps: is --trainer.evaluate_timesteps; leave one of them out")
    if args.samples and not args.recalibrate:
        raise UsageError("--samples: counts those of --recalibrate, which is not given; add it")
    folder = str(located(args.run))
    run_folder = RunFolder.open(folder)

    # Imported only now: torch takes seconds, and a mistake in a name is told before.
    from tssd.reopened.evaluate import evaluate_run
    from tssd.reopened.open_run import open_run
    from tssd.reopened.recalibration import keep, recalibrate_run
    from tssd.reopened.same_data import compare_data

    if args.timesteps:
        # As an option of the run, so that event data is cut into as many slices.
        overrides = [*overrides, ("trainer.evaluate_timesteps", str(args.timesteps))]
    opened = open_run(folder, overrides, epoch=args.epoch)
    compared = compare_data(folder, opened, overrides)
    saved = opened.saved
    if saved.unfinished and not args.json:
        print(f"unfinished: {saved.unfinished}; weights of epoch {saved.epoch or 'unknown'}")
    found, recalibrated = evaluate_run(opened, compared), None
    if args.recalibrate:
        recalibrated = recalibrate_run(opened, compared, samples=args.samples or SAMPLES)
    if args.json:
        also = {} if recalibrated is None else {"recalibrated": recalibrated.to_dict()}
        print(json.dumps(_finite(found.to_dict() | also), indent=2))
    else:
        print_evaluation(found, title=args.run, recalibrated=recalibrated)
    if is_hub_name(args.run):
        return 0  # its folder is not the user's
    # Last, so that the numbers are seen where the folder cannot be written to.
    write_json(run_folder.evaluation, found.to_dict())
    kept = str(run_folder.evaluation)
    # Test samples are never augmented; those that statistics are of are.
    augmented = any("augment" in name.split(".") for name, _ in overrides)
    if recalibrated is not None and compared.same is not False and not augmented:
        keep(run_folder, recalibrated)
        kept += f" and {run_folder.recalibrated}"
    if not args.json:
        print(f"all numbers: {kept}")
    return 0


def _finite(value: Any) -> Any:
    """The same with null for what is no number, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inside) for inside in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _parser() -> CommandParser:
    parser = CommandParser(
        "evaluate",
        usage="RUN [--timesteps T] [--epoch best|last|N] [--recalibrate] [--samples N] [--json]\n"
        "                     [--data.OPTION VALUE ...] [--trainer.OPTION VALUE ...]",
        epilog=EPILOG,
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder, or hub:NAME")
    parser.add_argument(
        "--timesteps",
        type=timesteps_of,
        metavar="T",
        help="the longest T (default: as in training, at least 4)",
    )
    parser.add_argument(
        "--epoch",
        type=epoch_of,
        metavar="best|last|N",
        help="whose weights; N = of an epoch that trainer.checkpoint_every_n_epochs has kept "
        "(default: those that count in the run's results)",
    )
    parser.add_argument(
        "--recalibrate",
        action="store_true",
        help="also with batch norm's statistics measured anew at each T",
    )
    parser.add_argument(
        "--samples",
        type=at_least(2),
        metavar="N",
        help=f"training samples to recalibrate with (default: {SAMPLES}, or all)",
    )
    parser.add_argument("--json", action="store_true", help="print evaluation.json, not tables")
    return parser
