"""What a recipe's data looks like, whether its files are there or not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tssd.config import build_data
from tssd.config.options import content
from tssd.config.recipe import Config
from tssd.data import DataModule
from tssd.data.events import EventData
from tssd.errors import TssdError

# Training and test samples of the data sets as published, by class name.
PUBLISHED: Mapping[str, tuple[int, int]] = {
    "CIFAR10": (50_000, 10_000),
    "CIFAR100": (50_000, 10_000),
    "FashionMNIST": (60_000, 10_000),
    "CIFAR10DVS": (9_000, 1_000),
    "DVSGesture": (1_176, 288),
    "NMNIST": (60_000, 10_000),
}
# Side of an image where neither the recipe nor a file tells.
USUAL_SIZE = 32


@dataclass(frozen=True)
class DataShape:
    """Shape and number of samples.

    Args:
        channels: of a sample.
        size: side in pixels.
        classes: K.
        events: whether a sample is a sequence.
        sizes: samples in train, val and test; None = unknown.
        absent: why the data cannot be read here; empty = it can.
    """

    channels: int
    size: int
    classes: int
    events: bool
    sizes: Mapping[str, int] | None
    absent: str = ""


def data_shape(config: Config) -> DataShape:
    """Look at the data of a recipe; falls back on what is known of the data set.

    Raises: UsageError: an option of the data that is wrong.
    """
    data = build_data(config)
    try:
        sizes, absent = data.split_sizes, ""
    except (TssdError, OSError) as error:
        sizes, absent = _published(data), " ".join(str(error).split())
    try:
        channels, size, _ = data.sample_shape
        classes = data.num_classes
    except (TssdError, OSError):
        channels, classes = 3, 10
        size = content(config["data"]).get("image_size") or USUAL_SIZE
    return DataShape(channels, size, classes, isinstance(data, EventData), sizes, absent)


def stand_in_options(shape: DataShape) -> list[tuple[str, str]]:
    """Overrides that put random data of a shape in place of a recipe's."""
    return [
        ("data", "tssd.dry_run.stand_in.StandIn"),
        ("data.channels", str(shape.channels)),
        ("data.size", str(shape.size)),
        ("data.classes", str(shape.classes)),
        ("data.events", json.dumps(shape.events)),
    ]


def work_key(config: Config, shape: DataShape) -> str:
    """Equal for recipes whose optimisation steps do the same work: weights do not count."""
    trainer: dict[str, Any] = {**config["trainer"]}
    for name in ("epochs", "progress", "gradient_clip"):
        trainer.pop(name, None)
    terms = {
        name: term["class_path"] if isinstance(term, dict) else term
        for name, term in config["objectives"].items()
    }
    spans = [content(term).get("span") for term in config["objectives"].values()]
    parts = (
        config["net"], config["timesteps"], terms, spans, config["exits"], config["optimizer"],
        content(config["data"]).get("batch_size"), trainer,
        (shape.channels, shape.size, shape.classes, shape.events),
    )  # fmt: skip
    return json.dumps(parts, sort_keys=True, default=str)


def _published(data: DataModule) -> Mapping[str, int] | None:
    known = PUBLISHED.get(type(data).__name__)
    if known is None:
        return None
    train, test = known
    val = round(train * data.val_share)
    return {"train": data.train_samples or train - val, "val": val, "test": test}
