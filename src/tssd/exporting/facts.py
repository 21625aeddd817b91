"""What an exported network says of itself: plain JSON, the same in every file of it."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tssd.exporting.request import Weights
from tssd.hub.name import is_hub_name
from tssd.trained.model_file import Model


def facts_of(
    model: Model, *, run: str, epoch: int | None, name: str, weights: Weights
) -> dict[str, Any]:
    """What is known before anything is measured.

    Args:
        model: of the run.
        run: its folder, of which the last part is kept, or hub:NAME.
        epoch: whose weights, counted from 1; None = not known.
        name: of the format.
        weights: as what they are written.
    """
    return {
        "format": name,
        "tssd": _version(),
        "run": run if is_hub_name(run) else Path(run).resolve().name,
        "epoch": epoch,
        "weights": weights,
        # Of an image, one input is shown at every timestep; of frames, one each.
        "input": "frames" if model.is_of_events or model.as_given == "frames" else "image",
        "sample_shape": list(model.sample_shape),
        "mean": list(model.mean),
        "std": list(model.std),
        "crop_share": model.crop_share,
        "class_names": list(model.class_names),
        "trained_timesteps": {
            "student": model.timesteps.student,
            "teacher": model.timesteps.teacher,
        },
        "split_hash": model.split_hash,
        "content_hash": model.content_hash,
    }


def _version() -> str:
    try:
        return version("tssd")
    except PackageNotFoundError:  # a checkout that is not installed
        return "unknown"
