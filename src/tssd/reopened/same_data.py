"""Whether a run sees the data that it was trained on."""

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from tssd.config.recipe import Config
from tssd.config.unwritten import UNWRITTEN
from tssd.data import EventFolder
from tssd.data.evaluated import Evaluated
from tssd.reopened.open_run import OpenRun, Override
from tssd.runs.folder import RunFolder
from tssd.runs.later_evaluation import Fingerprints

log = logging.getLogger("tssd")

# Options of the data that leave the samples what they are.
SAME_DATA = ("data.batch_size", "data.num_workers")

# Options of the data that leave the inputs of its test samples what they are, or that are compared
# by what they lead to: the split, its content, the size.
SAME_INPUT = (
    *("root", "folder", "batch_size", "num_workers", "seed", "augment", "val_share"),
    *("train_samples", "allow_incomplete", "slices", "image_size", "size"),
)


class ComparedData(NamedTuple):
    """The data of a run now, beside that of its training.

    Args:
        now: its fingerprints; the content's only where the split is the same.
        trained_on: those of training.
        same: whether it is the same, made in the same way; None = not known.
    """

    now: Fingerprints
    trained_on: Fingerprints
    same: bool | None


def compare_data(run: str, opened: OpenRun, overrides: Sequence[Override]) -> ComparedData:
    """Compare; that the samples are others, or made in another way, is told as a warning.

    Args:
        run: the run folder, for the message.
        opened: the run with its data.
        overrides: options of the data, which may be meant to be others.
    """
    data, model = opened.parts.data, opened.model
    noted = {"split_hash": model.split_hash, "content_hash": model.content_hash}
    now = {"split_hash": data.split_hash}
    if noted["content_hash"] is not None and now["split_hash"] == noted["split_hash"]:
        now["content_hash"] = data.content_hash  # which reads all samples
    name = next((name for name, found in now.items() if noted[name] not in (None, found)), None)
    if name is not None:
        meant = any(o.startswith("data") and o not in SAME_DATA for o, _ in overrides)
        what = "evaluated on other data than the run was trained on"
        if not meant:
            what = "the data has changed since the run was trained"
        log.warning("%s: %s: %s was %s, now it is %s", run, what, name, noted[name], now[name])
    otherwise = made_otherwise(
        RunFolder.open(run).read_config()["data"], opened.parts.config["data"]
    )
    for option, (was, found) in otherwise.items():
        log.warning(
            "%s: samples are made in another way than in training: data.%s was %s, now it is %s",
            run, option, was, found,
        )  # fmt: skip
    if sensors := _other_sensor(opened):
        log.warning(
            "%s: evaluated on recordings of another sensor than in training, %dx%d pixels in "
            "place of %dx%d, so that a cell of a frame holds others",
            run, *sensors,
        )  # fmt: skip
    same = None if noted["split_hash"] is None else name is None and not (otherwise or sensors)
    return ComparedData(Fingerprints(**now), Fingerprints(**noted), same)


def _other_sensor(opened: OpenRun) -> tuple[int, ...]:
    """Columns and rows of the recordings' sensor and of that in training, if they are others."""
    data = opened.parts.data
    own = data.data if isinstance(data, Evaluated) else data
    sensor = opened.model.sensor
    if not isinstance(own, EventFolder) or sensor is None or sensor == own.camera:
        return ()
    return *own.camera[::-1], *sensor[::-1]


def made_otherwise(before: Config, now: Config) -> dict[str, tuple[Any, Any]]:
    """Options of the data that make other inputs of the same samples: what they were and are.

    Args:
        before: the run's configuration of its data.
        now: the same with what is given for evaluation.
    """
    if before["class_path"] != now["class_path"]:
        return {}  # other data altogether
    old, new = before.get("init_args", {}), now.get("init_args", {})
    # Null options are not written down; others that are missing came with a later version.
    compared = [n for n in {**new, **old} if n in UNWRITTEN or (n in new and n in old)]
    return {
        name: (old.get(name), new.get(name))
        for name in compared
        if name not in SAME_INPUT and old.get(name) != new.get(name)
    }
