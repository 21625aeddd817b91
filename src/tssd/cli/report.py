"""`tssd report`: a run, or the runs of a folder, as one HTML file."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from tssd.atomic import write_atomically
from tssd.cli.parser import CommandParser, Override, at_least, not_empty
from tssd.errors import DataError, TssdError, UsageError
from tssd.hub.locate import located
from tssd.hub.name import HubName, is_hub_name
from tssd.report.collection import collect
from tssd.report.html import Methods, Samples, comparison_page, run_page
from tssd.report.shown_names import printable
from tssd.runs.files import continued, read_run
from tssd.runs.results import Epoch
from tssd.runs.sound_metrics import metrics_or_none
from tssd.runs.state import FinishedRun

# Samples of a comparison, which shows a network of each method.
COMPARED = 4
# Of the samples of one run.
SAMPLES = 8

EPILOG = """The page needs no network and no script: open it, send it, print it. RUN gives all about
one run; FOLDER compares the runs below it, whose seeds are the folders METHOD/seed0, seed1, ...

examples:
  tssd report runs/digits/tssd/seed0
  tssd report runs/digits --reference vanilla_ts --output comparison.html
  tssd report runs/mine --data.root my_data --samples 20"""


def run(words: list[str]) -> int:
    """Write the page."""
    parser = _parser()
    args, overrides = parser.parse_with_recipe(words)
    if args.help:
        parser.print_help()
        return 0
    if args.folder is None:
        raise UsageError("report: no folder given, such as runs/digits/tssd/seed0")
    if args.no_samples and args.samples:
        raise UsageError("--samples: --no-samples shows none; leave one of them out")
    parser.refuse_fixed(overrides, changeable=("data",))
    folder, beside = located(args.folder), None
    if is_hub_name(args.folder):
        beside = Path(f"{HubName.parse(args.folder).name}.html")  # its folder is not the user's
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected what `tssd train` makes")
    output = Path(args.output) if args.output else beside or folder / "report.html"
    if output.is_dir():
        raise UsageError(f"--output: {output} is a folder, expected the name of a file")
    command = shlex.join(["tssd", "report", *words])
    damaged = False
    if (folder / "config.yaml").is_file():
        for option in ("reference", "epoch"):
            if getattr(args, option):
                raise UsageError(f"--{option}: {folder} is a single run, expected a folder of runs")
        name = args.folder if beside else ""
        samples = 0 if args.no_samples else args.samples or SAMPLES
        text = _run(folder, overrides, samples, command, name)
    else:
        samples = 0 if args.no_samples else args.samples or COMPARED
        text, damaged = _comparison(
            folder, overrides, samples, (args.reference, args.epoch), command
        )
    write_atomically(output, lambda path: path.write_text(text, encoding="utf-8"))
    print(f"written: {output} ({len(text.encode()) / 1e3:.0f} kB)")
    return 1 if damaged else 0


def _run(folder: Path, overrides: list[Override], samples: int, command: str, name: str) -> str:
    files = read_run(folder, name=name)
    if files.results is None:
        print(f"{folder}: this run is not finished; the page shows how far it went")
        return run_page(files, "The run is not finished.", command=command)
    if (reason := continued(files.results, files.config)) is not None:
        print(printable(f"{folder}: {reason}"))
    found = _samples({"": folder}, overrides, samples)
    return run_page(files, found if isinstance(found, str) else found[""], command=command)


def _comparison(
    folder: Path,
    overrides: list[Override],
    samples: int,
    choice: tuple[str | None, Epoch | None],
    command: str,
) -> tuple[str, bool]:
    """The page, and whether there is a damaged run among those that it is about."""
    reference, epoch = choice
    collection = collect(folder)
    methods = Methods.of(collection, reference=reference, epoch=epoch)
    for run in collection.left_out[:10]:
        print(printable(f"not counted: {run.name} ({run.state}: {run.reason})"))
    if len(collection.left_out) > 10:
        print(f"... and {len(collection.left_out) - 10} more, listed in the page")
    metrics = {name: [_metrics(run) for run in methods.runs(name)] for name in methods.drawn}
    print(printable(methods.differences.answered()))
    # One network a method, of its first seed.
    networks = {methods.labels[name]: methods.runs(name)[0].path for name in methods.drawn}
    found = _samples(networks, overrides, samples, at=methods.answer.at)
    title = folder.resolve().name
    damaged = any(run.state == "damaged" for run in collection.left_out)
    return comparison_page(methods, metrics, found, title=title, command=command), damaged


def _metrics(run: FinishedRun) -> list[dict[str, float]]:
    lacks = "is no learning curve of this run"
    return metrics_or_none(run.path / "metrics.csv", epochs=run.results.epochs, lacks=lacks)


def _samples(
    runs: Mapping[str, Path], overrides: list[Override], count: int, *, at: int | None = None
) -> dict[str, Samples | str] | str:
    """What the networks do with samples, or why it is not known."""
    if not count:
        return "--no-samples was given."
    # Imported when it is needed: torch takes seconds.
    from tssd.reopened.samples import show_samples

    try:
        found = show_samples(runs, overrides, count=count, at=at)
    except TssdError as error:
        if overrides:  # then the data were asked for
            raise
        print(printable(f"no samples: {error}"))
        return str(error)
    for reason in found.values():
        if isinstance(reason, str):
            print(printable(f"no samples: {reason}"))
    return found


def _parser() -> CommandParser:
    parser = CommandParser(
        "report",
        usage="RUN|FOLDER [--output FILE] [--samples N | --no-samples] [--reference METHOD]\n"
        "                   [--epoch best|last] [--data.OPTION VALUE ...]",
        epilog=EPILOG,
    )
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="RUN|FOLDER",
        help="a run folder or hub:NAME, or one that holds runs",
    )
    parser.add_argument(
        "--output",
        type=not_empty,
        metavar="FILE",
        help="the page (default: report.html in that folder; of hub:NAME NAME.html here)",
    )
    parser.add_argument(
        "--samples",
        type=at_least(1),
        metavar="N",
        help="test samples that are shown (default: 8, beside each other 4)",
    )
    parser.add_argument(
        "--no-samples", action="store_true", help="read neither network nor data; fast"
    )
    parser.add_argument(
        "--reference",
        type=not_empty,
        metavar="METHOD",
        help="what the others are compared with (default: the best that was trained at the same T)",
    )
    parser.add_argument(
        "--epoch",
        choices=("best", "last"),
        help="whose weights a comparison is about (default: those that count by the recipe)",
    )
    return parser
