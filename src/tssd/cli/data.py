"""`tssd data`: prepare, inspect, draw and simulate data sets."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from rich.table import Table
from rich.text import Text

from tssd.atomic import remove_leftovers, replacing
from tssd.cli.console import console
from tssd.cli.parser import CommandParser, at_least, not_empty
from tssd.cli.simulate import simulate
from tssd.config import build_data, load_recipe
from tssd.config.suggest import nearest
from tssd.data import DataModule
from tssd.data.event_folder import EventFolder
from tssd.data.events import EventData
from tssd.data.image_folder import ImageFolder
from tssd.data.summary import (
    PARTS,
    Spread,
    Summary,
    balance,
    summarise,
    summarise_events,
    summarise_images,
)
from tssd.errors import UsageError, printable
from tssd.report.frames import plot_frames

# Recordings with problems that are printed; all are in the cache's meta.json.
SHOWN = 20

EPILOG = """actions:
  prepare RECIPE     build the cache of frames that training with the recipe will use
  info RECIPE        samples a class, durations, event rates, saturation, problems found
  show RECIPE        draw one recording: its frames, and all its events in one picture
  simulate KIND OUT  make recordings in the original file formats; `tssd data simulate --help`

examples:
  tssd data prepare nmnist/vgg9_tssd
  tssd data info nmnist/vgg9_tssd --data.root my_data
  tssd data show cifar10dvs/vgg9_tssd --sample 12 --output frog.png"""


def run(words: list[str]) -> int:
    """One action."""
    if words[:1] == ["simulate"]:
        return simulate(words[1:])
    parser = CommandParser(
        "data",
        usage="ACTION RECIPE [--sample N] [--set SET] [--output FILE] [--data.OPTION VALUE ...]",
        epilog=EPILOG,
    )
    parser.add_argument("action", nargs="?", metavar="ACTION", help="what to do; see below")
    parser.add_argument(
        "recipe", nargs="?", metavar="RECIPE", help="a recipe, a file or a run folder"
    )
    parser.add_argument(
        "--sample", type=at_least(0), metavar="N", help="which one to draw (default: 0)"
    )
    parser.add_argument("--set", choices=PARTS, help="of which set (default: train)")
    parser.add_argument(
        "--output",
        type=not_empty,
        metavar="FILE",
        help="the picture, .png, .svg or .pdf (default: sample.png)",
    )
    args, overrides = parser.parse_with_recipe(words)
    if args.help or args.action is None:
        parser.print_help()
        return 0
    if args.action not in ACTIONS:
        near = nearest(args.action, [*ACTIONS, "simulate"])
        raise UsageError(f"{args.action}: no such action; {near}")
    if args.recipe is None:
        raise UsageError(
            f"data {args.action}: no recipe given, such as nmnist/vgg9_tssd; `tssd recipes` lists "
            "them"
        )
    if args.action != "show":
        for name in ("sample", "set", "output"):
            if getattr(args, name) is not None:
                raise UsageError(f"--{name}: not an option of data {args.action}; leave it out")
    data = build_data(load_recipe(args.recipe, overrides))
    if args.action == "show":
        return _show(data, args.set or "train", args.sample or 0, Path(args.output or "sample.png"))
    return ACTIONS[args.action](data)


def _prepare(data: DataModule) -> int:
    if not isinstance(data, EventData):
        print(f"{data.dataset_name}: images need no preparation")
        return 0
    cache = data.cache
    frames = cache.frames
    shape = "x".join(map(str, frames.shape[1:]))
    print(f"{data.dataset_name}: {len(frames)} recordings of {shape} counts ({frames.dtype})")
    print(f"cache: {cache.path} ({cache.nbytes / 1e6:.1f} MB)")
    _print_problems(cache.notes)
    return 0


def _info(data: DataModule) -> int:
    summary = summarise(data)
    # As texts, since brackets in a name would be taken for markup.
    table = Table("class", *PARTS, title=Text(printable(summary.name)), title_justify="left")
    for name in data.class_names:
        counts = [str(summary.counts[part][name]) for part in PARTS]
        table.add_row(Text(printable(name)), *counts)
    unknown = summary.unknown
    if any(unknown.values()):
        table.add_row("(not told)", *[str(unknown[part]) for part in PARTS])
    numbers = [sum(summary.counts[part].values()) + unknown[part] for part in PARTS]
    table.add_row("all", *map(str, numbers))
    console().print(table)
    _print_balance(summary)
    shape = "x".join(map(str, summary.sample_shape))
    print(f"split {summary.split_hash}; samples of {shape} (channels, height, width)")
    print(f"content {data.content_hash}")
    if isinstance(data, EventData):
        _print_events(data)
    elif isinstance(data, ImageFolder):
        _print_images(data)
    return 0


def _print_balance(summary: Summary) -> None:
    if not any(summary.counts["train"].values()):
        return
    found = balance(summary)
    if found.is_even:
        print(f"classes are even: {found.least} to {found.most} training samples")
        return
    print(
        printable(
            f"classes are uneven: {found.least} training samples of {found.smallest}, "
            f"{found.most} of {found.largest}, {found.ratio:.3g} times as many; always to answer "
            f"{found.largest} is right for {100 * found.always_largest:.1f} % of the test samples"
        )
    )
    print(
        "so that every class counts as much as any other: --objectives.task.class_weights "
        "balanced, and of an exit --objectives.exit_task.class_weights balanced"
    )


def _print_images(data: ImageFolder) -> None:
    found = summarise_images(data)
    print(f"left out: {found.skipped}")
    for note, count in found.notes.items():
        print(f"{count} images: {note}")
    for sentence in found.shared or ["no file is in two sets or in two classes"]:
        print(printable(sentence))


def _print_events(data: EventData) -> None:
    if isinstance(data, EventFolder):
        print(f"left out: {data.listing.skipped}")
    found = summarise_events(data)
    table = Table("recordings, as far as they are read", "least", "median", "most")
    table.add_row("events a recording", *_cells(found.events, "{:.0f}"))
    table.add_row("duration, ms", *_cells(found.duration, "{:.1f}"))
    table.add_row("events a ms", *_cells(found.rate, "{:.1f}"))
    console().print(table)
    print(
        f"{found.no_events} recordings without events; {100 * found.empty:.2f} % of the timesteps "
        f"are empty; {found.saturated} cells hit the largest count, {found.largest}"
    )
    print(f"cache: {data.cache.path} ({data.cache.nbytes / 1e6:.1f} MB)")
    _print_problems(found.problems)


def _print_problems(found: Mapping[str, Sequence[str]]) -> None:
    print(f"problems found: {len(found) or 'none'}")
    for clauses in list(found.values())[:SHOWN]:  # which name the file
        print(f"  {printable('; '.join(clauses))}")
    if len(found) > SHOWN:
        print(f"  ... and {len(found) - SHOWN} more, in the cache's meta.json")


def _show(data: DataModule, name: str, sample: int, path: Path) -> int:
    if not isinstance(data, EventData):
        raise UsageError(
            f"data show: {data.dataset_name} has no events, expected an event data set"
        )
    suffix = path.suffix.lstrip(".").lower()
    if suffix not in ("png", "svg", "pdf"):
        raise UsageError(f"--output: got {path}, expected a name that ends in .png, .svg or .pdf")
    part, index = data.part(name)
    if sample >= len(index):
        raise UsageError(f"--sample: got {sample}, but set {name} has {len(index)} samples")
    frames = data.samples(name)[torch.tensor([sample])].numpy()[0]
    label = data.class_names[part.labels[index[sample]]]
    title = f"{data.dataset_name.rpartition(' ')[0]}, {name} {sample}: {label}"
    remove_leftovers(path.parent, path.name)
    with replacing(path) as file:
        plot_frames(frames, file, title=title, format=suffix)
    print(f"{title}; {int(frames.sum())} events in {len(frames)} timesteps\nwritten: {path}")
    return 0


def _cells(spread: Spread, form: str) -> list[str]:
    return [form.format(value) for value in (spread.least, spread.median, spread.most)]


ACTIONS = {"prepare": _prepare, "info": _info, "show": _show}
