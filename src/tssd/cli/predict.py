"""`tssd predict`: the class of images or recordings, and how sure the network is at each T."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.table import Table
from torch import Tensor

from tssd.cli.console import console
from tssd.cli.parser import CommandParser, at_least
from tssd.config import build_data, load_recipe
from tssd.config.runs import load, read_model
from tssd.data.decoding import decode
from tssd.data.events import EventData
from tssd.errors import DataError, UsageError
from tssd.time import repeat_in_time, running_mean
from tssd.training.run_folder import RunFolder

# Files at a time, which bounds the memory.
BATCH = 64

EPILOG = """Files are images, or for a run on event data recordings (.aedat, .bin, .npz).

examples:
  tssd predict runs/digits/tssd/seed0 three.png seven.png
  tssd predict runs/nmnist/small/tssd/seed0 NMNIST/Test/7/00001.bin"""


def run(words: list[str]) -> int:
    """Print a row an image, a column a T."""
    parser = CommandParser("predict", usage="RUN FILE... [--timesteps T]", epilog=EPILOG)
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder")
    parser.add_argument("files", nargs="*", metavar="FILE", help="images or recordings")
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
    if args.run is None or not args.files:
        raise UsageError("predict: expected a run folder and at least one file")
    net = load(args.run)
    model = read_model(RunFolder.open(args.run))
    timesteps = args.timesteps or model["timesteps"]["teacher"]
    read = reader(args.run, model, timesteps)
    table = Table("file")
    for t in range(1, timesteps + 1):
        table.add_column(f"T={t}" + ("*" if t == model["timesteps"]["student"] else ""))
    for start in range(0, len(args.files), BATCH):
        files = args.files[start : start + BATCH]
        x = torch.stack([read(Path(file)) for file in files], dim=1)
        for file, best in zip(files, classify(net, x), strict=True):
            names = [model["class_names"][k] for k in best.indices.tolist()]
            shares = best.values.tolist()
            table.add_row(
                file, *[f"{n} {100 * p:.0f} %" for n, p in zip(names, shares, strict=True)]
            )
    console().print(table)
    print("* the timesteps the network is meant for")
    return 0


def reader(run: str, model: dict[str, Any], timesteps: int) -> Callable[[Path], Tensor]:
    """What turns a file into the network's input, [T, C, H, W]."""
    steps = ("trainer.evaluate_timesteps", str(timesteps))
    # The data set itself need not be there: only its options count.
    data = build_data(load_recipe(run, [steps]))
    if isinstance(data, EventData):
        return lambda path: data.frames(data.read_file(path))[:timesteps]
    return lambda path: repeat_in_time(read_image(path, model), timesteps)


def classify(net: torch.nn.Module, x: Tensor) -> list[torch.return_types.max]:
    """Confidence and class of each sample at T = 1, 2, ...

    Shapes: x [T, N, C, H, W] -> N times values [T] and indices [T].
    """
    with torch.inference_mode():
        confidence = running_mean(net(x).logits).softmax(-1)
    return [sample.max(-1) for sample in confidence.unbind(1)]


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
