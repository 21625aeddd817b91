"""What a recipe's data looks like, whether its files are there or not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tssd.config import build_data
from tssd.config.options import content
from tssd.config.recipe import Config
from tssd.data import DataModule
from tssd.data.events import EventData
from tssd.errors import TssdError
from tssd.image_size import ImageSize, as_option

# Training and test samples of the data sets as published, by class name.
PUBLISHED: Mapping[str, tuple[int, int]] = {
    "CIFAR10": (50_000, 10_000),
    "CIFAR100": (50_000, 10_000),
    "FashionMNIST": (60_000, 10_000),
    "CIFAR10DVS": (9_000, 1_000),
    "DVSGesture": (1_176, 288),
    "NMNIST": (60_000, 10_000),
    "SHD": (8_156, 2_264),
    "SSC": (75_466, 20_382),
    "ImageNet": (1_281_167, 50_000),
}
# And of a validation part of their own, which a share of the training samples is for else.
PUBLISHED_VALIDATION: Mapping[str, int] = {"SSC": 9_981}
# Of the sets whose files alone name their classes.
PUBLISHED_CLASSES: Mapping[str, int] = {"SHD": 20, "SSC": 35, "NCaltech101": 101}
# What is taken where neither the recipe nor a file tells: colour images, and as many classes.
USUAL_CHANNELS, USUAL_SIZE, USUAL_CLASSES = 3, 32, 10


@dataclass(frozen=True)
class DataShape:
    """Shape and number of samples.

    Args:
        channels: of a sample.
        size: side in pixels, or height and width.
        classes: K.
        events: whether a sample is a sequence.
        sizes: samples in train, val and test; None = unknown.
        batch_size: samples a batch.
        absent: why the data cannot be read here; empty = it can.
        guessed: whether channels, size and classes are what is usual, since nothing tells.
    """

    channels: int
    size: ImageSize
    classes: int
    events: bool
    sizes: Mapping[str, int] | None
    batch_size: int
    absent: str = ""
    guessed: bool = False


def data_shape(config: Config) -> DataShape:
    """Look at the data of a recipe; falls back on what is known of the data set.

    Raises: UsageError: an option of the data that is wrong.
    """
    data = build_data(config)
    try:
        sizes, absent = data.split_sizes, ""
    except (TssdError, OSError) as error:
        sizes, absent = _published(data), " ".join(str(error).split())
    guessed = False
    try:
        channels, *sides = data.sample_shape
        size = as_option(*sides)
    except (TssdError, OSError):
        guessed = True
        channels = USUAL_CHANNELS
        size = content(config["data"]).get("image_size") or USUAL_SIZE
        size = size if isinstance(size, int) else tuple(size)
    try:
        classes = data.num_classes
    except (TssdError, OSError):
        guessed |= type(data).__name__ not in PUBLISHED_CLASSES
        classes = PUBLISHED_CLASSES.get(type(data).__name__, USUAL_CLASSES)
    events = isinstance(data, EventData) if absent else _gives_sequences(data)
    return DataShape(channels, size, classes, events, sizes, data.batch_size, absent, guessed)


def with_stand_in(config: Config, shape: DataShape) -> Config:
    """A recipe with random data of a shape in place of its own, and without a progress bar.

    Of several devices, it is what one of them does; its first epoch is validated, to be timed.
    """
    alone = {"progress": False, "devices": 1, "nodes": 1, "check_val_every_n_epoch": 1}
    trainer = {**config["trainer"], **alone}
    options = {
        "batch_size": math.ceil(shape.batch_size / devices_of(config)),
        "channels": shape.channels,
        "size": shape.size if isinstance(shape.size, int) else [*shape.size],
        "classes": shape.classes,
        "events": shape.events,
        "samples": None if shape.sizes is None else [*shape.sizes.values()],
    }
    data = {"class_path": "tssd.dry_run.stand_in.StandIn", "init_args": options}
    return {**config, "data": data, "trainer": trainer}


def devices_of(config: Config) -> int:
    """How many devices a recipe is trained on."""
    trainer = config["trainer"]
    return trainer.get("devices", 1) * trainer.get("nodes", 1)


def _gives_sequences(data: DataModule) -> bool:
    """Whether samples are sequences [T, C, H, W]: asked of data modules of the user's own."""
    if type(data).__module__.startswith("tssd."):
        return isinstance(data, EventData)
    x, _ = next(iter(data.train_dataloader()))
    return x.dim() == 5


def _published(data: DataModule) -> Mapping[str, int] | None:
    known = PUBLISHED.get(type(data).__name__)
    if known is None:
        return None
    train, test = known
    val = held = round(train * data.val_share)
    if (stored := PUBLISHED_VALIDATION.get(type(data).__name__)) is not None:
        val, held = stored, 0
    return {"train": data.train_samples or train - held, "val": val, "test": test}
