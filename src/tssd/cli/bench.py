"""`tssd bench`: a run in every runtime that is installed, beside what it is worth there."""

import argparse
import json
import logging
import math

from tssd.cli.bench_table import print_bench
from tssd.cli.parser import MOST_TIMESTEPS, CommandParser, at_least, whole_numbers
from tssd.config.trust import trusted
from tssd.errors import UsageError
from tssd.hub.locate import located
from tssd.hub.name import is_hub_name
from tssd.runs.folder import RunFolder, write_json

MOST_BATCH = 4096

EPILOG = """In one process and in turns, on the CPU, with test samples of the run. Accuracy is each
runtime's own; energy is an estimate from the run's counted operations, of no machine. All numbers
are written to RUN/bench.json (of hub:NAME they are only printed). What is not installed is named.

examples:
  tssd bench runs/digits/tssd/seed0
  tssd bench hub:digits-vgg9 --timesteps 1,4 --batch 1,16 --threads 2
  tssd bench runs/digits/tssd/seed0 --runtimes pytorch,engine-int8 --no-memory --json"""


def run(words: list[str]) -> int:
    """Measure, print tables, write what was found into the run folder."""
    parser = _parser()
    args, overrides = parser.parse_with_recipe(words)
    if args.help:
        parser.print_help()
        return 0
    if args.run is None:
        raise UsageError("bench: no run folder given, such as runs/digits/tssd/seed0")
    parser.refuse_fixed(overrides, changeable=("data",))
    batches = _up_to("batch", args.batch, MOST_BATCH)
    timesteps = (
        _up_to("timesteps", args.timesteps, MOST_TIMESTEPS) if args.timesteps is not None else []
    )

    folder = RunFolder.open(located(args.run))

    # Imported only now: torch takes seconds, and a mistake in a number is told before.
    from tssd.bench.measure import Plan, measure
    from tssd.bench.runtimes import RUNTIMES, Opening, runtime
    from tssd.reopened.open_run import model_of, open_run

    every = [each.name for each in RUNTIMES]
    names = every if args.runtimes is None else args.runtimes.split(",")
    runtimes = [runtime(name) for name in dict.fromkeys(name.strip() for name in names)]
    timesteps = sorted(timesteps or range(1, model_of(folder).timesteps.teacher + 1))
    # As an option of the run, so that event data is cut into as many slices; on the CPU.
    options = [("trainer.evaluate_timesteps", str(timesteps[-1])), ("trainer.accelerator", "cpu")]
    opened = open_run(folder.path, [*overrides, *options], epoch=args.epoch)
    if opened.saved.unfinished and not args.json:
        print(f"unfinished: {opened.saved.unfinished}; weights of epoch {opened.saved.epoch}")
    found = measure(
        opened,
        Opening(str(folder.path), args.epoch, trusted(), folder.path, args.threads),
        Plan(timesteps, batches, runtimes, args.seconds, args.samples, not args.no_memory),
        tell=logging.getLogger("tssd").info,
    )
    if args.json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        print_bench(found, title=args.run)
    if is_hub_name(args.run):
        return 0  # its folder is not the user's
    write_json(folder.bench, found.to_dict())
    if not args.json:
        print(f"all numbers: {folder.bench}")
    return 0


def _up_to(option: str, text: str, most: int) -> list[int]:
    """Numbers of a list, each once. Raises: UsageError: others than 1 to `most`."""
    found = whole_numbers(option, text, least=1)
    if max(found) > most:
        raise UsageError(f"--{option}: got {max(found)}, expected 1 to {most}")
    return found


def _seconds(text: str) -> float:
    """A type for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected seconds from 0 to 3600")
    return value


def _parser() -> CommandParser:
    parser = CommandParser(
        "bench",
        usage="RUN [--timesteps T,...] [--batch N,...] [--runtimes NAME,...] [--threads N]\n"
        "                  [--seconds S] [--samples N] [--no-memory] [--epoch best|last] [--json]\n"
        "                  [--data.OPTION VALUE ...]",
        epilog=EPILOG,
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder, or hub:NAME")
    parser.add_argument(
        "--timesteps", metavar="T,...", help="such as 1,2,4 (default: 1 to the teacher's)"
    )
    parser.add_argument(
        "--batch", default="1,16", metavar="N,...", help="samples at a time (default: 1,16)"
    )
    parser.add_argument("--runtimes", metavar="NAME,...", help="some of them (default: all)")
    parser.add_argument(
        "--threads", type=at_least(1), default=1, metavar="N", help="of each runtime (default: 1)"
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=5.0,
        metavar="S",
        help="about how long to time one T and batch; at least 5 rounds are run (default: 5)",
    )
    parser.add_argument(
        "--samples",
        type=at_least(1),
        default=1000,
        metavar="N",
        help="test samples for the accuracy, evenly spread (default: 1000, or all)",
    )
    parser.add_argument(
        "--no-memory", action="store_true", help="start no processes to measure memory in"
    )
    parser.add_argument(
        "--epoch",
        choices=("best", "last"),
        help="whose weights (default: those that count in the run's results)",
    )
    parser.add_argument("--json", action="store_true", help="print bench.json, not tables")
    return parser
