"""`tssd predict`: the class of images or recordings, and how sure the network is at each T."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tssd.cli.console import console
from tssd.cli.parser import CommandParser, timesteps_of
from tssd.errors import UsageError
from tssd.hub.locate import located
from tssd.report.shown_names import printable
from tssd.runs.folder import RunFolder

if TYPE_CHECKING:
    from tssd.trained import TrainedNet
    from tssd.trained.decided import Decided
    from tssd.trained.files import Files

EPILOG = """Files are images, or for a run on event data recordings (.aedat, .bin,
.npz, .npy, .csv, .raw, .dat, .h5). Of a folder, all such files in it and below it.

examples:
  tssd predict runs/digits/tssd/seed0 three.png seven.png
  tssd predict hub:digits-vgg9 three.png
  tssd predict runs/digits/tssd/seed0 my_images/ --json > predictions.json
  tssd predict runs/nmnist/small/tssd/seed0 NMNIST/Test/7/00001.bin"""


def run(words: list[str]) -> int:
    """Print a row an image, a column a T."""
    parser = CommandParser(
        "predict",
        usage="RUN FILE|FOLDER... [--timesteps T] [--epoch best|last] [--json]",
        epilog=EPILOG,
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder, or hub:NAME")
    parser.add_argument(
        "files", nargs="*", metavar="FILE|FOLDER", help="images or recordings, or folders of them"
    )
    parser.add_argument(
        "--timesteps",
        type=timesteps_of,
        metavar="T",
        help="the longest T (default: the teacher's timesteps)",
    )
    parser.add_argument(
        "--epoch",
        choices=("best", "last"),
        help="whose weights (default: those that count in the run's results)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse(words)
    if args.help:
        parser.print_help()
        return 0
    if args.run is None or not args.files:
        raise UsageError("predict: expected a run folder and at least one file")
    folder = RunFolder.open(located(args.run))

    # Imported only now: torch takes seconds, and a mistake in a name is told before.
    from tssd.reopened.load import load
    from tssd.trained.decided import decide, suffixes
    from tssd.trained.files import collect_files

    net = load(folder.path, epoch=args.epoch)
    timesteps = args.timesteps or net.timesteps.teacher
    files = collect_files(args.files, suffixes(net))
    decided = list(decide(net, files, timesteps))
    if args.json:
        print(json.dumps(to_dict(net, args.run, decided, files), indent=2, allow_nan=False))
        return 0
    _print(net, decided, timesteps)
    if net.unfinished:
        print(f"unfinished: {net.unfinished}; weights of epoch {net.epoch or 'unknown'}")
    if files.skipped:
        print(f"skipped in folders: {files.skipped_in_words()}")
    return 0


def to_dict(
    net: "TrainedNet", run: str, decided: "Sequence[Decided]", files: "Files"
) -> dict[str, Any]:
    """What --json prints."""
    return {
        "run": run,
        "unfinished": net.unfinished,
        "epoch": net.epoch,
        "class_names": net.class_names,
        "timesteps": {"student": net.timesteps.student, "teacher": net.timesteps.teacher},
        "predictions": [
            {"file": str(d.file), "classes": d.classes, "confidences": d.confidences}
            for d in decided
        ],
        "skipped": dict(files.skipped),
    }


def _print(net: "TrainedNet", decided: "Sequence[Decided]", timesteps: int) -> None:
    table = Table()
    table.add_column("file", overflow="fold")  # its end is what tells it from its neighbours
    for t in range(1, timesteps + 1):
        table.add_column(f"T={t}" + ("*" if t == net.timesteps.student else ""))
    for file, classes, confidences in decided:
        cells = [f"{n} {100 * p:.0f} %" for n, p in zip(classes, confidences, strict=True)]
        # Names are neither markup nor commands to the terminal.
        table.add_row(*[Text(printable(cell)) for cell in (str(file), *cells)])
    console().print(table)
    print("* the timesteps the network is meant for")
