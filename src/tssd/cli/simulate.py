"""`tssd data simulate`: recordings in the original file formats, made without a camera."""

import argparse
from pathlib import Path

from tssd.cli.parser import CommandParser, at_least
from tssd.config.suggest import nearest
from tssd.errors import UsageError
from tssd.simulate import FULL_DURATION
from tssd.simulate.datasets import write_dvsgesture
from tssd.simulate.datasets.cifar10_images import PER_CLASS, simulate_cifar10dvs
from tssd.simulate.datasets.gesture_trial import GestureStyle

KINDS = ("cifar10dvs", "dvsgesture")

EPILOG = """kinds:
  cifar10dvs   images of CIFAR-10, moved before a simulated DVS128 as the data set was recorded;
               needs --images, a folder with train/<class>/<image>
  dvsgesture   hands that move in eleven ways, in the layout of DVS-Gesture

The recordings are simulated, and every result on them says so: a note lies beside them.

examples:
  tssd data simulate cifar10dvs my_data/CIFAR10DVS --images my_data/cifar10-jpeg --per_class 100
  tssd data simulate dvsgesture my_data/DVSGesture --seconds 1 --rate 20000"""


def simulate(words: list[str]) -> int:
    """Write a data set in its original layout; the same call continues one that was interrupted."""
    parser = CommandParser("data", usage="simulate KIND FOLDER [--OPTION VALUE ...]", epilog=EPILOG)
    parser.prog = "tssd data simulate"
    parser.description = "write simulated recordings in the original file formats"
    parser.add_argument("kind", nargs="?", metavar="KIND", help="cifar10dvs or dvsgesture")
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="where to; new or begun before")
    parser.add_argument("--images", metavar="FOLDER", help="cifar10dvs: the images")
    parser.add_argument(
        "--per_class",
        type=at_least(1),
        metavar="N",
        help=f"cifar10dvs: a class ({PER_CLASS})",
    )
    parser.add_argument(
        "--duration", type=float, metavar="MS", help=f"cifar10dvs: of each ({FULL_DURATION:g})"
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="dvsgesture: of each gesture, about (6)"
    )
    parser.add_argument(
        "--rate", type=float, metavar="HZ", help="dvsgesture: events a second (30000)"
    )
    parser.add_argument("--seed", type=at_least(0), metavar="N", help="of the data set (0)")
    parser.add_argument(
        "--archive", action="store_true", help="write archives, packed as the originals are"
    )
    parser.add_argument(
        "--processes", type=at_least(1), metavar="N", help="at once (one a processor)"
    )
    args = parser.parse(words)
    if args.help or args.kind is None:
        parser.print_help()
        return 0
    if args.kind not in KINDS:
        raise UsageError(f"{args.kind}: cannot be simulated; {nearest(args.kind, KINDS)}")
    if args.folder is None:
        raise UsageError(f"data simulate {args.kind}: no folder given to write into")
    make = _cifar10dvs if args.kind == "cifar10dvs" else _dvsgesture
    written = make(args, Path(args.folder))
    print(f"{written} simulated recordings written into {args.folder}")
    return 0


def _cifar10dvs(args: argparse.Namespace, folder: Path) -> int:
    _refuse(args, ("seconds", "rate"))
    if args.images is None:
        raise UsageError("--images: missing, expected a folder of images as train/<class>/<image>")
    return simulate_cifar10dvs(
        Path(args.images),
        folder,
        per_class=args.per_class or PER_CLASS,
        duration=FULL_DURATION if args.duration is None else args.duration,
        seed=args.seed or 0,
        zipped=args.archive,
        processes=args.processes,
    )


def _dvsgesture(args: argparse.Namespace, folder: Path) -> int:
    _refuse(args, ("images", "per_class", "duration"))
    sizes = {name: getattr(args, name) for name in ("seconds", "rate", "seed")}
    style = GestureStyle(**{name: value for name, value in sizes.items() if value is not None})
    return write_dvsgesture(folder, style=style, archive=args.archive, processes=args.processes)


def _refuse(args: argparse.Namespace, names: tuple[str, ...]) -> None:
    for name in names:
        if getattr(args, name) is not None:
            raise UsageError(f"--{name}: not an option of {args.kind}; leave it out")
