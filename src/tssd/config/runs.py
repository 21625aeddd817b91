"""Trained runs, read back."""

import json
from pathlib import Path
from typing import Any, Literal

from torch import nn

from tssd.config.assemble import build, build_net
from tssd.config.load import load_recipe
from tssd.errors import DataError, UsageError
from tssd.training.checkpoint import restore
from tssd.training.parts import Parts
from tssd.training.run_folder import RunFolder, load_weights

MODEL_KEYS = ("net", "timesteps", "class_names", "sample_shape", "mean", "std")


def load(path: str | Path) -> nn.Module:
    """The trained network of a run folder, in eval mode; needs neither data nor objectives.

    Raises: DataError: not a finished run, or damaged.
    """
    run = RunFolder.open(path)
    try:
        net = build_net(read_model(run)["net"])
    except UsageError as error:
        raise DataError(f"{run.model}: {error}") from error
    load_weights(run.weights, net)
    return net.eval()


def load_parts(
    path: str | Path,
    overrides: list[tuple[str, str]],
    *,
    epoch: Literal["best", "last"] = "best",
) -> Parts:
    """Everything of a run folder with its weights, data and weak classifiers included.

    Args:
        path: of the run folder.
        overrides: options that differ here, such as where the data is.
        epoch: whose weights: the best, as exported, or the last, from its checkpoint.
    Raises: DataError: not a finished run, or damaged.
    """
    run = RunFolder.open(path)
    read_model(run)
    run.read_config()
    parts = build(load_recipe(str(run.path), overrides))
    if epoch == "last":
        restore(run.last, parts.module())
    else:
        load_weights(run.weights, parts.net)
        if parts.criterion.taps:
            load_weights(run.exits, parts.criterion)
    parts.net.to(parts.device)
    parts.criterion.to(parts.device)
    return parts


def read_model(run: RunFolder) -> dict[str, Any]:
    """Content of model.json. Raises: DataError: it is not there or damaged."""
    try:
        model = json.loads(run.model.read_text(encoding="utf-8"))
        missing = [key for key in MODEL_KEYS if key not in model]
    except FileNotFoundError:
        raise DataError(
            f"{run.path}: no trained network in it yet; finish the run with "
            f"`tssd train {run.path} --resume`"
        ) from None
    except (ValueError, TypeError) as error:
        raise _damaged(run.model, error) from None
    if missing:
        raise _damaged(run.model, f"it has no {missing[0]}")
    return model


def _damaged(path: Path, reason: object) -> DataError:
    return DataError(
        f"{path}: damaged ({' '.join(str(reason).split())}); restore it or train again into "
        "another folder"
    )
