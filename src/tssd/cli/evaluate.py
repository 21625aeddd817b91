"""`tssd evaluate`: a run at every T, with its costs."""

import json
import logging
import math
from collections.abc import Sequence
from typing import Any

import torch

from tssd.cli.parser import CommandParser, Override, at_least
from tssd.cli.tables import print_evaluation
from tssd.config.recipe import Config
from tssd.config.runs import OpenRun, open_run
from tssd.config.sections import MEANINGS
from tssd.data.loading import one_line_failures
from tssd.errors import UsageError
from tssd.runs.folder import RunFolder, write_json
from tssd.trained import LONGEST
from tssd.training.evaluating import evaluate_parts
from tssd.training.step_errors import in_one_line

log = logging.getLogger("tssd")

# What may differ from training: where the data lies, and the machine.
CHANGEABLE = ("data", "trainer")
# Options of the data that leave the samples what they are.
SAME_DATA = ("data.batch_size", "data.num_workers")

# Options of the data that leave the inputs of its test samples what they are, or that are compared
# by what they lead to: the split, its content, the size.
SAME_INPUT = (
    *("root", "folder", "batch_size", "num_workers", "seed", "augment", "val_share"),
    *("train_samples", "allow_incomplete", "slices", "image_size", "size"),
)

EPILOG = """What belongs to the network is the run's, whatever data it is given: class names, the
training images' mean, std and size. A folder of images needs no train/. All numbers are written
to RUN/evaluation.json.

examples:
  tssd evaluate runs/digits/tssd/seed0
  tssd evaluate runs/digits/tssd/seed0 --timesteps 8 --data.batch_size 500
  tssd evaluate runs/mine --data.root other_images --trainer.accelerator cpu --json"""


def run(words: list[str]) -> int:
    """Evaluate on the test samples, print tables, write evaluation.json into the run folder."""
    parser = CommandParser(
        "evaluate",
        usage="RUN [--timesteps T] [--epoch best|last] [--json] [--data.OPTION VALUE ...]\n"
        "                     [--trainer.OPTION VALUE ...]",
        epilog=EPILOG,
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder")
    parser.add_argument(
        "--timesteps",
        type=at_least(1),
        metavar="T",
        help="the longest T (default: as in training, at least 4)",
    )
    parser.add_argument(
        "--epoch",
        choices=("best", "last"),
        help="whose weights (default: those that count in the run's results)",
    )
    parser.add_argument("--json", action="store_true", help="print evaluation.json, not tables")
    args, overrides = parser.parse_with_recipe(words)
    if args.help:
        parser.print_help()
        return 0
    if args.run is None:
        raise UsageError("evaluate: no run folder given, such as runs/digits/tssd/seed0")
    for name, _ in overrides:
        if "." not in name and name not in MEANINGS:
            raise UsageError(f"--{name}: no such option; {parser.nearest(name)}")
        if name.split(".")[0] not in CHANGEABLE:
            raise UsageError(f"--{name}: a trained run keeps it; only data and trainer can change")
    if args.timesteps:
        if args.timesteps > LONGEST:
            raise UsageError(f"--timesteps: got {args.timesteps}, expected 1 to {LONGEST}")
        # As an option of the run, so that event data is cut into as many slices.
        overrides = [*overrides, ("trainer.evaluate_timesteps", str(args.timesteps))]
    opened = open_run(args.run, overrides, epoch=args.epoch)
    parts, saved = opened.parts, opened.saved
    if parts.trainer.threads:
        torch.set_num_threads(parts.trainer.threads)
    compared = compare_data(args.run, opened, overrides)
    if saved.unfinished and not args.json:
        print(f"unfinished: {saved.unfinished}; weights of epoch {saved.epoch or 'unknown'}")
    parts.data.setup("test")
    with one_line_failures():
        try:
            evaluation = evaluate_parts(parts)
        except (MemoryError, RuntimeError) as error:
            if (told := in_one_line(error, parts)) is None:
                raise
            raise told from error
    found = {
        **compared,
        "epoch": None if saved.epoch is None else saved.epoch - 1,
        "unfinished": saved.unfinished,
        **evaluation.to_dict(),
    }
    if args.json:
        print(json.dumps(_finite(found), indent=2))
    else:
        print_evaluation(evaluation, title=args.run)
    # Last, so that the numbers are seen where the folder cannot be written to.
    path = RunFolder.open(args.run).path / "evaluation.json"
    write_json(path, found)
    if not args.json:
        print(f"all numbers: {path}")
    return 0


def compare_data(run: str, opened: OpenRun, overrides: Sequence[Override]) -> dict[str, Any]:
    """Whether the samples are those of training, for evaluation.json; that they are not is told.

    Args:
        run: the run folder, for the message.
        opened: the run with its data.
        overrides: options of the data, which may be meant to be others.
    """
    data, model = opened.parts.data, opened.model
    noted = {"split_hash": model.split_hash, "content_hash": model.content_hash}
    now = {"split_hash": data.split_hash}
    if noted["content_hash"] is not None and now["split_hash"] == noted["split_hash"]:
        now["content_hash"] = data.content_hash  # which reads all samples
    name = next((name for name, found in now.items() if noted[name] not in (None, found)), None)
    if name is not None:
        meant = any(o.startswith("data") and o not in SAME_DATA for o, _ in overrides)
        what = "evaluated on other data than the run was trained on"
        if not meant:
            what = "the data has changed since the run was trained"
        log.warning("%s: %s: %s was %s, now it is %s", run, what, name, noted[name], now[name])
    otherwise = made_otherwise(
        RunFolder.open(run).read_config()["data"], opened.parts.config["data"]
    )
    for option, (was, found) in otherwise.items():
        log.warning(
            "%s: samples are made in another way than in training: data.%s was %s, now it is %s",
            run, option, was, found,
        )  # fmt: skip
    same = None if noted["split_hash"] is None else name is None and not otherwise
    return {**now, "data_of_training": same, "trained_on": noted}


def made_otherwise(before: Config, now: Config) -> dict[str, tuple[Any, Any]]:
    """Options of the data that make other inputs of the same samples: what they were and are.

    Args:
        before: the run's configuration of its data.
        now: the same with what is given for evaluation.
    """
    if before["class_path"] != now["class_path"]:
        return {}  # other data altogether
    old, new = before.get("init_args", {}), now.get("init_args", {})
    return {
        name: (old.get(name), new[name])
        for name in new
        if name not in SAME_INPUT and name in old and old[name] != new[name]
    }


def _finite(value: Any) -> Any:
    """The same with null for what is no number, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inside) for inside in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
