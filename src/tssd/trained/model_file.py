"""model.json: what a run's network is, and what it takes for granted about its data."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from tssd.errors import DataError, UsageError
from tssd.objectives import Timesteps
from tssd.reading import RESTORE, read_json
from tssd.runs.typed_json import plain
from tssd.trained.net import LONGEST

# Pixels of a side, and channels: far above what a network here takes.
LARGEST_SIDE = 1 << 14
# Pixels of a camera's side, which frames need not keep.
LARGEST_CAMERA = 1 << 16
# Whole numbers of JSON have no end.
LARGEST = sys.float_info.max

AsGiven = Literal["image", "frames"]


@dataclass(frozen=True)
class Model:
    """What a run's network is, and what belongs to it.

    Args:
        net: section of the configuration that builds it.
        timesteps: that it was trained for.
        class_names: of the K classes, in the order of its outputs.
        sample_shape: (C, H, W) of one sample.
        mean: of each channel that samples are normalised with.
        std: of each channel.
        split_hash: of the samples chosen in training; None = not noted.
        content_hash: of what they hold; None = not noted.
        crop_share: share of the largest part of its shape that is kept of an image file.
        as_given: what the samples of a Dataset of the user's own are, which the network takes as
            they come: image or frames; None = they are of a data module of ours.
        weights: section of the configuration that says what its convolutions compute with; None =
            the weights that are trained.
        sensor: (rows, columns) of the camera, of a folder of the user's own recordings; None = the
            data is another, or it was not noted.
    """

    net: dict[str, Any]
    timesteps: Timesteps
    class_names: tuple[str, ...]
    sample_shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    split_hash: str | None = None
    content_hash: str | None = None
    crop_share: float = 1.0
    as_given: AsGiven | None = None
    weights: dict[str, Any] | None = None
    sensor: tuple[int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Content of model.json."""
        content = plain(self)
        for name in ("as_given", "weights", "sensor"):
            if content[name] is None:
                del content[name]
        return content

    @property
    def is_of_events(self) -> bool:
        """Whether it takes frames of our events or spike trains: counts, never normalised."""
        events, trains = self.sample_shape[0] == 2, self.sample_shape[1:] == (1, 1)
        as_they_are = {*self.mean} == {0.0} and {*self.std} == {1.0}
        return self.as_given is None and (events or trains) and as_they_are


def read_model(path: Path) -> Model:
    """Content of a model.json. Raises: FileNotFoundError: none. DataError: damaged."""
    content = read_json(path)
    try:
        return _model(content)
    except (ValueError, UsageError) as error:
        raise DataError(f"{path}: damaged ({error}); {RESTORE}") from None


def _model(content: dict[str, Any]) -> Model:
    for key in ("net", "timesteps", "class_names", "sample_shape", "mean", "std"):
        if key not in content:
            raise ValueError(f"it has no {key}")
    net, steps, shape = content["net"], content["timesteps"], content["sample_shape"]
    _expect(isinstance(net, dict), "net", net, "a mapping with class_path")
    right = isinstance(steps, dict) and steps.keys() == {"student", "teacher"}
    right = right and all(type(n) is int and 1 <= n <= LONGEST for n in steps.values())
    _expect(right, "timesteps", steps, f"student and teacher, each 1 to {LONGEST}")
    weights = content.get("weights")
    right = weights is None or isinstance(weights, dict)
    _expect(right, "weights", weights, "a mapping with class_path, or nothing")
    names = content["class_names"]
    right = isinstance(names, list) and len(names) > 0 and all(isinstance(n, str) for n in names)
    _expect(right, "class_names", names, "a list of names")
    _expect(len({*names}) == len(names), "class_names", names, "every name once")
    right = isinstance(shape, list) and len(shape) == 3
    right = right and all(type(n) is int and 1 <= n <= LARGEST_SIDE for n in shape)
    _expect(right, "sample_shape", shape, f"channels, height and width, each 1 to {LARGEST_SIDE}")
    for key in ("mean", "std"):
        values = content[key]
        right = isinstance(values, list) and len(values) == shape[0]
        right = right and all(type(v) in (int, float) and abs(v) <= LARGEST for v in values)
        right = right and (key == "mean" or all(v > 0 for v in values))
        _expect(right, key, values, f"{shape[0]} finite numbers" + " > 0" * (key == "std"))
    crop = content.get("crop_share", 1.0)  # earlier versions did not crop
    _expect(type(crop) in (int, float) and 0 < crop <= 1, "crop_share", crop, "above 0, at most 1")
    given = content.get("as_given")
    _expect(given in (None, *get_args(AsGiven)), "as_given", given, "image, frames or nothing")
    sensor = content.get("sensor")
    sides = sensor if isinstance(sensor, list) else ()
    right = len(sides) == 2 and all(type(n) is int and 1 <= n <= LARGEST_CAMERA for n in sides)
    told = f"rows and columns, each 1 to {LARGEST_CAMERA}, or nothing"
    _expect(sensor is None or right, "sensor", sensor, told)
    return Model(
        net=net,
        timesteps=Timesteps(**steps),
        class_names=tuple(names),
        sample_shape=(shape[0], shape[1], shape[2]),
        mean=tuple(map(float, content["mean"])),
        std=tuple(map(float, content["std"])),
        split_hash=_text(content.get("split_hash")),
        content_hash=_text(content.get("content_hash")),
        crop_share=float(crop),
        as_given=given,
        weights=weights,
        sensor=None if sensor is None else (sensor[0], sensor[1]),
    )


def _expect(right: bool, key: str, got: object, expected: str) -> None:
    if not right:
        shown = repr(got)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        raise ValueError(f"{key} is {shown}, expected {expected}")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
