"""`tssd predict`: the class of images, and how sure the network is at each T."""

import argparse
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageOps
from rich.table import Table
from torch import Tensor

from tssd.cli.overrides import refuse_leftovers
from tssd.cli.show import console
from tssd.config.runs import load, read_model
from tssd.data.decoding import decode
from tssd.errors import DataError, UsageError
from tssd.time import repeat_in_time, running_mean
from tssd.training.run_folder import RunFolder

SUMMARY = "classify images with a run: class and confidence at each timestep"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder")
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="image files")
    parser.add_argument(
        "--timesteps", type=int, help="longest T (default: the teacher's timesteps)"
    )


def run(args: argparse.Namespace, rest: list[str]) -> int:
    """Print a row an image, a column a T."""
    if args.help:
        args.parser.print_help()
        return 0
    refuse_leftovers(rest, args.parser)
    if args.run is None or not args.images:
        raise UsageError("predict: expected a run folder and at least one image")
    net = load(args.run)
    model = read_model(RunFolder.open(args.run))
    timesteps = args.timesteps or model["timesteps"]["teacher"]
    x = torch.stack([read_image(Path(image), model) for image in args.images])
    with torch.inference_mode():
        confidence = running_mean(net(repeat_in_time(x, timesteps)).logits).softmax(-1)
    table = Table()
    table.add_column("image")
    for t in range(1, timesteps + 1):
        table.add_column(f"T={t}" + ("*" if t == model["timesteps"]["student"] else ""))
    for index, image in enumerate(args.images):
        best = confidence[:, index].max(-1)
        names = [model["class_names"][k] for k in best.indices.tolist()]
        cells = [f"{n} {100 * p:.0f} %" for n, p in zip(names, best.values.tolist(), strict=True)]
        table.add_row(image, *cells)
    console().print(table)
    print("* the timesteps the network is meant for")
    return 0


def read_image(path: Path, model: dict[str, Any]) -> Tensor:
    """An image as the network saw them in training, normalised.

    Shapes: [C, H, W].
    Raises: DataError: missing or unreadable.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such image")
    channels, size, _ = model["sample_shape"]
    pixels = torch.from_numpy(decode(path, size).copy())
    if channels == 1:
        grey = ImageOps.grayscale(Image.fromarray(pixels.permute(1, 2, 0).numpy()))
        pixels = torch.frombuffer(bytearray(grey.tobytes()), dtype=torch.uint8)
        pixels = pixels.view(1, size, size)
    mean, std = (torch.tensor(model[key]).view(-1, 1, 1) for key in ("mean", "std"))
    return (pixels / 255 - mean) / std
