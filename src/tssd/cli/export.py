"""`tssd export`: a trained network as files for another runtime."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from tssd.cli.console import console
from tssd.cli.parser import CommandParser, at_least, epoch_of, not_empty, timesteps_of
from tssd.errors import UsageError
from tssd.exporting.formats import FORMATS, format_of
from tssd.hub.locate import located
from tssd.hub.name import is_hub_name
from tssd.runs.folder import RunFolder

if TYPE_CHECKING:
    from tssd.exporting.export import Exported

# What may differ from training: where the data lies, and the machine.
CHANGEABLE = ("data", "trainer")

EPILOG = """formats:
{formats}

What was written is run by its own runtime on test samples and compared with the network, spike by
spike where the runtime shows them: faithful (no spike differs, logits within 1e-4) or approximate
(by how much). Then its accuracy at every T is measured on all test samples. All of it is kept in
the files and in export.json. A network that the format can't say is refused by its layer's name.

examples:
  tssd export runs/digits/tssd/seed0 --format engine
  tssd export runs/digits/tssd/seed0 --format onnx --timesteps 2 --output for_phones
  tssd export runs/digits/tssd/seed0 --format nir --soft-reset recorded
  tssd export hub:digits-vgg9 --format torch --output digits
  tssd export runs/mine --format engine --weights int7 --exits --data.root other_images"""


def run(words: list[str]) -> int:
    """Write the files, compare, measure, and print what came out."""
    parser = _parser()
    args, overrides = parser.parse_with_recipe(words)
    if args.help:
        parser.print_help()
        return 0
    if args.run is None:
        raise UsageError("export: no run folder given, such as runs/digits/tssd/seed0")
    if args.format is None:
        raise UsageError(f"export: no --format given, expected one of {', '.join(FORMATS)}")
    parser.refuse_fixed(overrides, changeable=CHANGEABLE)
    if args.soft_reset != "refused" and args.format != "nir":
        raise UsageError(
            f"--soft-reset: is of --format nir; {args.format} says a soft reset itself"
        )
    format_of(args.format)  # whose libraries may be missing, before what takes long
    output = args.output or _beside(args.run, args.format)
    RunFolder.open(located(args.run))

    # Imported only now: torch takes seconds, and a mistake in a name is told before.
    from tssd.exporting.export import export

    if args.timesteps:
        overrides = [*overrides, ("trainer.evaluate_timesteps", str(args.timesteps))]
    made = export(
        args.run,
        args.format,
        Path(output),
        overrides,
        epoch=args.epoch,
        weights=args.weights,
        exits=args.exits,
        samples=args.samples,
        soft_reset=args.soft_reset,
    )
    _print(made, args.format)
    total = sum(made.files.values())
    print(f"written: {output} ({', '.join(made.files)}; {total / 1e6:.2f} MB)")
    return 0


def _beside(run: str, name: str) -> Path:
    if is_hub_name(run):
        raise UsageError(f"export: {run} is not yours to write to; give --output FOLDER")
    return Path(run) / "exported" / name


def _print(made: "Exported", name: str) -> None:
    measured = made.measured
    table = Table("test accuracy, %", title=f"{measured.samples} test samples")
    table.title_justify = "left"
    for t in range(1, len(measured.accuracy) + 1):
        table.add_column(f"T={t}", justify="right")
    rows = {name: measured.accuracy, "the network": measured.accuracy_of_network}
    for label, accuracy in rows.items():
        table.add_row(label, *(f"{100 * a:.2f}" for a in accuracy))
    table.add_row("answers that differ", *map(str, measured.answers_differing))
    console().print(table)
    print(made.comparison.in_words())
    for layer, differing in made.comparison.spikes_differing.items():
        print(f"  {layer}: {differing} spikes")
    if made.comparison.not_compared:
        print(f"not compared, since not shown: {', '.join(made.comparison.not_compared)}")


def _parser() -> CommandParser:
    formats = "\n".join(f"  {name:<8} {entry.summary}" for name, entry in FORMATS.items())
    parser = CommandParser(
        "export",
        usage="RUN --format NAME [--output FOLDER] [--timesteps T] [--weights KIND] [--exits]\n"
        "                   [--epoch best|last|N] [--samples N] [--soft-reset recorded]\n"
        "                   [--data.OPTION VALUE ...]",
        epilog=EPILOG.format(formats=formats),
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a finished run, or hub:NAME")
    parser.add_argument("--format", metavar="NAME", help=f"one of {', '.join(FORMATS)}")
    parser.add_argument(
        "--output",
        type=not_empty,
        metavar="FOLDER",
        help="a new folder (default: RUN/exported/NAME)",
    )
    parser.add_argument(
        "--timesteps",
        type=timesteps_of,
        metavar="T",
        help="of what is written for one T, and the longest that is measured (default: as "
        "`tssd evaluate`)",
    )
    parser.add_argument(
        "--weights",
        choices=sorted({kind for entry in FORMATS.values() for kind in entry.weights}),
        metavar="KIND",
        help="float32 (default), or int8 and int7 of the engine",
    )
    parser.add_argument(
        "--exits", action="store_true", help="keep the auxiliary heads, for early exit"
    )
    parser.add_argument(
        "--epoch",
        type=epoch_of,
        metavar="best|last|N",
        help="whose weights (default: those that count in the run's results)",
    )
    parser.add_argument(
        "--samples",
        type=at_least(1),
        default=100,
        metavar="N",
        help="test samples whose every spike is compared (default: 100)",
    )
    parser.add_argument(
        "--soft-reset",
        choices=("refused", "recorded"),
        default="refused",
        help="nir, which knows none: in the metadata alone (default: refused)",
    )
    return parser
