"""`tssd predict`: the class of images, and how sure the network is at each T."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.table import Table
from torch import Tensor

from tssd.cli.console import console
from tssd.cli.parser import CommandParser, at_least
from tssd.config.runs import load, read_model
from tssd.data.decoding import decode
from tssd.errors import DataError, UsageError
from tssd.time import repeat_in_time, running_mean
from tssd.training.run_folder import RunFolder

# Images at a time, which bounds the memory.
BATCH = 64

EPILOG = """example:
  tssd predict runs/digits/tssd/seed0 three.png seven.png"""


def run(words: list[str]) -> int:
    """Print a row an image, a column a T."""
    parser = CommandParser("predict", usage="RUN IMAGE... [--timesteps T]", epilog=EPILOG)
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder")
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="image files")
    parser.add_argument(
        "--timesteps",
        type=at_least(1),
        metavar="T",
        help="the longest T (default: the teacher's timesteps)",
    )
    args = parser.parse(words)
    if args.help:
        parser.print_help()
        return 0
    if args.run is None or not args.images:
        raise UsageError("predict: expected a run folder and at least one image")
    net = load(args.run)
    model = read_model(RunFolder.open(args.run))
    timesteps = args.timesteps or model["timesteps"]["teacher"]
    table = Table("image")
    for t in range(1, timesteps + 1):
        table.add_column(f"T={t}" + ("*" if t == model["timesteps"]["student"] else ""))
    for start in range(0, len(args.images), BATCH):
        images = args.images[start : start + BATCH]
        x = torch.stack([read_image(Path(image), model) for image in images])
        for image, best in zip(images, classify(net, x, timesteps), strict=True):
            names = [model["class_names"][k] for k in best.indices.tolist()]
            shares = best.values.tolist()
            table.add_row(
                image, *[f"{n} {100 * p:.0f} %" for n, p in zip(names, shares, strict=True)]
            )
    console().print(table)
    print("* the timesteps the network is meant for")
    return 0


def classify(net: torch.nn.Module, x: Tensor, timesteps: int) -> list[torch.return_types.max]:
    """Confidence and class of each image at T = 1 to `timesteps`.

    Shapes: x [N, C, H, W] -> N times values [T] and indices [T].
    """
    with torch.inference_mode():
        confidence = running_mean(net(repeat_in_time(x, timesteps)).logits).softmax(-1)
    return [image.max(-1) for image in confidence.unbind(1)]


def read_image(path: Path, model: dict[str, Any]) -> Tensor:
    """An image as the network saw them in training, normalised.

    Shapes: [C, H, W].
    Raises: DataError: missing or unreadable.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such image")
    channels, size, _ = model["sample_shape"]
    try:
        image = decode(path, size)
    except DataError as error:
        # Its advice is for data sets.
        raise DataError(f"{path}: not a readable image ({error.__cause__})") from error
    if channels == 1:
        grey = Image.fromarray(image.transpose(1, 2, 0)).convert("L")
        image = np.asarray(grey)[None]
    mean, std = (torch.tensor(model[key]).view(-1, 1, 1) for key in ("mean", "std"))
    return (torch.from_numpy(image.copy()) / 255 - mean) / std
